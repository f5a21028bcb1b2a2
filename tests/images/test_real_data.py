"""Real studies beside the repository; skipped where they are absent."""

from pathlib import Path

import numpy as np
import pytest

from medgraft.images import read_nifti


@pytest.mark.slow
def test_brain_series_are_told_apart_by_contrast(real_data: Path, read_tree) -> None:
    found, notes = read_tree(real_data / "brain_dicom")
    shapes = {(item.series, item.stack.facts.get("b-value")): item.stack.pixels.shape[:2] for item in found}
    assert shapes == {
        ("sT2/TSE/T", None): (1, 22),
        ("T1/SE/extrp", None): (1, 22),
        ("sT2W/FLAIR", None): (1, 22),
        ("FLAIR_ROI", None): (1, 22),
        ("dti_ax", "0"): (1, 40),
        ("dti_ax", "2000"): (16, 40),
    }
    assert {note.code for note in notes} == {"phase-order"}


@pytest.mark.slow
def test_prostate_study_has_three_planes_of_t2(real_data: Path, read_tree) -> None:
    found, _ = read_tree(real_data / "prostatex")
    planes = {item.series: item.stack.pixels.shape[1] for item in found if item.series.startswith("t2_tse")}
    assert planes == {"t2_tse_tra": 19, "t2_tse_sag": 19, "t2_tse_cor": 15}
    b_values = {item.stack.facts.get("b-value") for item in found if item.series == "ep2d_diff_tra_DYNDIST"}
    assert b_values == {"50", "400", "800"}


def test_acdc_masks_are_mapped(real_data: Path) -> None:
    folder = real_data / "acdc" / "patient001"
    image, mask = (next(iter(sorted(folder.glob(f"*_frame*{end}.nii.gz")))) for end in ("[0-9]", "_gt"))
    stack = read_nifti(image, mask, {0: 0, 1: 3, 2: 2, 3: 1})
    assert stack.pixels.dtype.kind == "i"
    assert stack.mask is not None
    assert set(np.unique(stack.mask)) == {0, 1, 2, 3}
    assert stack.spacing is not None
    assert stack.spacing[0] == pytest.approx(10.0)
