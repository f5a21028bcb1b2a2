"""The wall of one subject for the page."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.task import LV_WALL, MASK_CODES
from medgraft.samples import codes_of_task
from medgraft.workspace import Project
from medgraft.workspace.curves.subjects import Shown
from medgraft.workspace.curves.walls import bulls_eye, surfaces
from medgraft.workspace.stacks.volumes import StackVolume


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


def test_slices_that_lie_aside_make_the_surface_of_those_over_each_other(project: Project) -> None:
    """A stack as with a tilted gantry: each slice lies two columns further aside."""
    with project.cohort() as cohort:
        entry = cohort.entries()[0]
        room = 2 * entry.shape[1]
        drawn = np.pad(np.array(cohort.mask(entry))[0], [(0, 0), (0, 0), (room, room)])
    affines = entry.affine_stack.copy()
    steps = np.arange(len(drawn))
    affines[:, :3, 3] -= 2 * steps[:, None] * affines[0, :3, 0]
    tilted = replace(entry, affines=tuple(map(tuple, affines.reshape(-1, 16).tolist())))
    moved = np.stack([np.roll(part, 2 * z, axis=1) for z, part in zip(steps, drawn, strict=True)])
    as_stored = StackVolume(names=("", "", ""), ends=None, positions=None, turned=(False, False, False), masks={})
    (one,), (two,) = (surfaces(shown(*pair), as_stored, "none") for pair in ((entry, drawn), (tilted, moved)))
    np.testing.assert_allclose(np.ptp(two.vertices, axis=0), np.ptp(one.vertices, axis=0), rtol=1e-5)
    np.testing.assert_allclose(np.nanmedian(two.thickness), np.nanmedian(one.thickness), rtol=1e-5)


def shown(entry: StackEntry, drawn: NDArray[np.uint8]) -> Shown:
    return Shown(
        entry=entry, phase="ed", image=drawn, drawn=drawn.copy(), reference=codes_of_task(drawn, LV_WALL), seen={}
    )
