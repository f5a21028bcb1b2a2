"""4D heart CT in the ways scanners send it: one stack with all phases, in order, whatever says the phase."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from medgraft.core.cohort import ImportNote
from medgraft.core.stack import FoundStack, Stack
from medgraft.images import read_dicom_tree, write_dicom_ct
from medgraft.phantoms import ct_heart

SILENT = ("TriggerTime", "NominalPercentageOfCardiacPhase")


@pytest.fixture(scope="module")
def heart() -> Stack:
    """Sixteen slices of sixteen pixels a side at four phases."""
    return ct_heart(subject=3, size=16, n_phases=4).stack


def read(
    folder: Path, heart: Stack, *, series_per_phase: bool, without: Sequence[str]
) -> tuple[list[FoundStack], set[str]]:
    """Write the heart, take attributes away, and read the files in reverse order: stacks, and codes of notes."""
    identity = {"patient_id": "P", "series_description": "CorCTA 0.75 Bv40", "manufacturer": "m", "seed": 1}
    files = write_dicom_ct(folder, heart, **identity, series_per_phase=series_per_phase)
    for file in files if without else []:
        dataset = dcmread(file)
        for keyword in without:
            delattr(dataset, keyword)
        dataset.save_as(file)
    notes: list[ImportNote] = []
    return list(read_dicom_tree(files[::-1], folder, notes.append)), {note.code for note in notes}


@pytest.mark.parametrize(
    ("series_per_phase", "without", "codes"),
    [
        (False, (), {"ed-from-trigger"}),
        (True, (), {"ed-from-trigger", "split-series", "duplicate-instance"}),
        (False, ("TriggerTime",), set()),
        (True, ("TriggerTime",), {"split-series", "duplicate-instance"}),
        # The percentage in the name of the series is all that is left.
        (True, SILENT, {"split-series", "duplicate-instance"}),
        (False, SILENT, {"phase-order"}),
    ],
)
def test_all_phases_are_one_stack_in_order(
    tmp_path: Path, heart: Stack, series_per_phase: bool, without: tuple[str, ...], codes: set[str]
) -> None:
    found, noted = read(tmp_path, heart, series_per_phase=series_per_phase, without=without)
    (stack,) = [item.stack for item in found]
    np.testing.assert_array_equal(stack.pixels, heart.pixels)
    np.testing.assert_allclose(stack.affines, heart.affines, atol=1e-6)
    np.testing.assert_allclose(stack.spacing, heart.spacing, rtol=1e-6)
    assert (stack.times is None) == bool(without)
    assert noted == codes
