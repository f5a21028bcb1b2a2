"""Volumes against direct sums of voxels, against phantoms, and what they add up to."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from medgraft.core.errors import InputError
from medgraft.measurement import ejection_fraction, structure_volume
from medgraft.phantoms import ct_heart

SPACING = (8.0, 1.5, 1.25)
masks = arrays(np.uint8, (5, 4, 6), elements=st.integers(0, 3))

#: ACDC's own codes.
ACDC = {"rv": 1, "myocardium": 2, "pool": 3}


@pytest.mark.parametrize("patient", ["patient001", "patient008"])
def test_on_real_masks_volumes_are_sums_of_voxels(real_data: Path, patient: str) -> None:
    paths = sorted((real_data / "acdc" / patient).glob("*_gt.nii.gz"))
    assert len(paths) == 2
    for path in paths:
        image = nibabel.load(path)
        codes = np.asarray(image.dataobj).T.astype(int)  # (z, y, x)
        voxel_ml = np.prod(image.header.get_zooms()[:3]) / 1000
        mask = np.array([0, 3, 2, 1])[codes]
        spacing = tuple(float(step) for step in image.header.get_zooms()[:3][::-1])
        for name, code in ACDC.items():
            assert structure_volume(mask, spacing, name) == pytest.approx((codes == code).sum() * voxel_ml, rel=1e-6)


@pytest.mark.parametrize("subject", [1, 2])
@pytest.mark.parametrize("site", ["one", "two"])
def test_phantoms_have_the_volumes_they_were_made_with(site: str, subject: int) -> None:
    heart = ct_heart(subject=subject, site=site, size=64, n_phases=4)
    found = [structure_volume(mask, heart.stack.spacing) for mask in heart.stack.mask]
    assert found == pytest.approx(heart.cavity_ml, rel=0.02)
    fraction = ejection_fraction(*(found[heart.stack.phases[name]] for name in ("ed", "es")))
    assert fraction == pytest.approx(heart.ejection_fraction, rel=0.02)
    muscle = structure_volume(heart.stack.mask[0], heart.stack.spacing, "myocardium")
    assert muscle == pytest.approx(heart.myocardium_ml[0], rel=0.02)


@given(mask=masks, included=arrays(bool, 5))
def test_slices_that_are_in_and_those_that_are_not_make_the_whole(mask: np.ndarray, included: np.ndarray) -> None:
    parts = [structure_volume(mask, SPACING, included=chosen) for chosen in (included, ~included)]
    assert sum(parts) == pytest.approx(structure_volume(mask, SPACING))


@given(mask=masks)
def test_positions_of_an_even_stack_change_nothing_in_either_direction(mask: np.ndarray) -> None:
    even = 8.0 * np.arange(5) + 3
    for positions in (even, even[::-1]):
        assert structure_volume(mask, SPACING, positions=positions) == pytest.approx(structure_volume(mask, SPACING))


def test_a_slice_beside_a_gap_stands_for_half_of_it() -> None:
    mask = np.ones((3, 10, 10), np.uint8)
    # 10, 15 and 20 mm: the middle slice reaches half-way to both sides.
    assert structure_volume(mask, (8.0, 1.0, 1.0), positions=np.array([0.0, 10.0, 30.0])) == pytest.approx(4.5)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"spacing": None}, "does not say how large its voxels are"),
        ({"structure": "aorta"}, "Available: background, pool, myocardium, rv"),
        ({"included": np.ones(3, bool)}, "for 2 slices"),
        ({"positions": np.array([0.0, 0.0])}, "in order along their normal"),
        ({"positions": np.array([0.0, 1.0, 2.0])}, "positions of 2 slices"),
    ],
)
def test_what_cannot_be_measured_is_said(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        structure_volume(np.ones((2, 3, 3), int), **({"spacing": SPACING} | arguments))


@pytest.mark.parametrize("volumes", [(0.0, 10.0), (100.0, -1.0), (float("nan"), 1.0)])
def test_an_ejection_fraction_needs_volumes(volumes: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="end-diastolic volume above 0"):
        ejection_fraction(*volumes)
