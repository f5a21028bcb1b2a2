"""The wall of one subject for the page."""

import numpy as np
from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.task import LV_WALL, MASK_CODES
from medgraft.samples import codes_of_task
from medgraft.workspace import Project
from medgraft.workspace.curves.subjects import Shown
from medgraft.workspace.curves.walls import bulls_eye


def test_a_right_ventricle_away_from_the_wall_tells_no_septum_and_stops_nothing(project: Project) -> None:
    with project.cohort() as cohort:
        entry = cohort.entries()[0]
        drawn = np.array(cohort.mask(entry))[0]
    drawn[drawn == MASK_CODES["rv"]] = MASK_CODES["background"]
    without = shown(entry, drawn)
    drawn[:, :2, :2] = MASK_CODES["rv"]
    (first,), (second,) = bulls_eye(without), bulls_eye(shown(entry, drawn))
    np.testing.assert_array_equal(first.by_source["reference"], second.by_source["reference"])
    assert np.isfinite(first.by_source["reference"]).sum() >= 12


def shown(entry: StackEntry, drawn: NDArray[np.uint8]) -> Shown:
    return Shown(
        entry=entry, phase="ed", image=drawn, drawn=drawn.copy(), reference=codes_of_task(drawn, LV_WALL), seen={}
    )
