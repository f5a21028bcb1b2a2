"""NIfTI: round trips, and nibabel's own idea of where a voxel is."""

import resource
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medgraft.core.cohort import ImportNote
from medgraft.core.errors import ImageError, InputError
from medgraft.core.seeds import rng
from medgraft.core.stack import Stack
from medgraft.images import read_dicom_tree, read_nifti, write_dicom_series, write_nifti

STACKS = {
    "4D": {},
    "3D": {"n_phases": 1},
    "one slice": {"steps": ()},
    "uint8": {"dtype": "uint8"},
    "axial": {"normal": (0, 0, 1)},
}


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("name", STACKS)
def test_write_then_read_gives_the_same_stack(tmp_path: Path, make_stack, name: str, suffix: str) -> None:
    stack = _with_mask(make_stack(**STACKS[name]))
    image, mask = tmp_path / f"a{suffix}", tmp_path / f"m{suffix}"
    write_nifti(image, stack, mask)
    found = read_nifti(image, mask)
    np.testing.assert_array_equal(found.pixels, stack.pixels)
    assert found.pixels.dtype == stack.pixels.dtype
    np.testing.assert_array_equal(found.mask, stack.mask)
    assert found.mask_phases == stack.mask_phases
    np.testing.assert_allclose(found.affines, stack.affines, atol=1e-4)
    np.testing.assert_allclose(found.spacing, stack.spacing, atol=1e-4)
    if stack.times is not None:
        np.testing.assert_allclose(found.times, stack.times)


def _with_mask(stack: Stack) -> Stack:
    mask = rng("mask").integers(0, 4, stack.pixels.shape).astype(np.uint8)
    mask[1:] = 0
    return Stack(
        pixels=stack.pixels,
        affines=stack.affines,
        spacing=stack.spacing,
        times=stack.times,
        mask=mask,
        mask_phases=(0,),
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(place=st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 2)), key=st.integers(0, 99))
def test_a_voxel_is_where_nibabel_says(tmp_path: Path, place: tuple[int, int, int], key: int) -> None:
    turn, _ = np.linalg.qr(rng("turn", key).normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * [1.1, 1.3, 7.0], rng("origin", key).normal(size=3) * 50
    nib.save(nib.Nifti1Image(np.zeros((5, 4, 3, 2), np.int16), affine), tmp_path / "a.nii")
    stack = read_nifti(tmp_path / "a.nii")
    x, y, z = place
    expected = nib.load(tmp_path / "a.nii").affine @ [x, y, z, 1]
    np.testing.assert_allclose(stack.affines[z] @ [x, y, 0, 1], expected * [-1, -1, 1, 1], atol=1e-4)
    np.testing.assert_allclose(stack.spacing, (7.0, 1.3, 1.1), rtol=1e-5)


def test_scaled_pixels_are_scaled(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 2, np.eye(4))
    image.set_data_dtype(np.int16)
    nib.save(image, tmp_path / "a.nii")
    np.testing.assert_allclose(read_nifti(tmp_path / "a.nii").pixels[0].T, image.get_fdata(), atol=1e-3)


def test_mask_codes_are_mapped_and_unknown_ones_refused(tmp_path: Path) -> None:
    pixels = np.zeros((2, 2, 2), np.int16)
    pixels[0], pixels[1, 1] = 1, 3
    nib.save(nib.Nifti1Image(pixels, np.eye(4)), tmp_path / "a.nii")
    mask = read_nifti(tmp_path / "a.nii", tmp_path / "a.nii", {0: 0, 1: 3, 3: 1}).mask
    assert mask is not None
    np.testing.assert_array_equal(mask[0].T, np.choose(pixels, [0, 3, 0, 1]))
    with pytest.raises(ImageError, match="mask codes"):
        read_nifti(tmp_path / "a.nii", tmp_path / "a.nii", {0: 0, 1: 3})
    nib.save(nib.Nifti1Image(np.arange(8, dtype=np.int16).reshape(2, 2, 2), np.eye(4)), tmp_path / "image.nii")
    with pytest.raises(ImageError, match=r"got 3, 4, 5, 6, 7\. Is"):
        read_nifti(tmp_path / "a.nii", tmp_path / "image.nii", {0: 0, 1: 1, 2: 2})
    with pytest.raises(ImageError, match=r"got 2, 3, 4, 5, 6 and 1 more\. Is"):
        read_nifti(tmp_path / "a.nii", tmp_path / "image.nii", {0: 0, 1: 1})


def test_unlabelled_phases_of_a_mask_are_told(tmp_path: Path) -> None:
    mask = np.zeros((3, 3, 2, 5), np.uint8)
    mask[..., 1] = mask[..., 3] = 1
    nib.save(nib.Nifti1Image(mask, np.eye(4)), tmp_path / "m.nii")
    path = tmp_path / "m.nii"
    assert read_nifti(path, path).mask_phases == (1, 3)
    assert read_nifti(path, path, empty_phases_labelled=True).mask_phases == (0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("codes", "said", "classes"),
    [
        (None, None, ("pool",)),
        ({0: 0, 1: 2, 2: 1}, None, ("pool", "myocardium")),
        ({0: 0, 1: 2}, ("myocardium", "rv"), ("myocardium", "rv")),
    ],
)
def test_the_classes_that_a_mask_labels_are_said_or_found(
    tmp_path: Path, codes: dict[int, int] | None, said: tuple[str, ...] | None, classes: tuple[str, ...]
) -> None:
    path = tmp_path / "m.nii"
    nib.save(nib.Nifti1Image(np.eye(3, dtype=np.uint8)[..., None], np.eye(4)), path)
    assert read_nifti(path, path, codes, mask_classes=said).mask_classes == classes


@pytest.mark.parametrize("stack", [{"steps": (8.0, 9.0)}, {"steps": (8.0, 8.0), "tilts": (0, 2, 0)}])
def test_what_one_affine_cannot_say_is_not_written(tmp_path: Path, make_stack, stack) -> None:
    with pytest.raises(InputError, match="evenly spaced"):
        write_nifti(tmp_path / "a.nii", make_stack(**stack))


@pytest.mark.parametrize("n_bytes", [0, 10, 348, 400])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_damaged_files_are_refused(tmp_path: Path, make_stack, suffix: str, n_bytes: int) -> None:
    path = tmp_path / f"a{suffix}"
    write_nifti(path, make_stack())
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(ImageError, match="Expected"):
        read_nifti(path)


TURNS = {"as it is": "RAS", "left to right": "LAS", "feet to head": "LPI", "axes in another order": "SAR"}


@pytest.mark.parametrize("turn", TURNS)
def test_a_mask_whose_axes_run_another_way_lies_where_its_affine_says(tmp_path: Path, turn: str) -> None:
    stored = rng("turned").integers(0, 4, (6, 5, 3)).astype(np.uint8)
    image = nib.Nifti1Image(stored, np.diag([1.5, 1.4, 8, 1]))
    nib.save(image, tmp_path / "image.nii")
    there, here = (nib.orientations.axcodes2ornt(TURNS[name]) for name in ("as it is", turn))
    nib.save(image.as_reoriented(nib.orientations.ornt_transform(there, here)), tmp_path / "mask.nii")
    notes: list[ImportNote] = []
    stack = read_nifti(tmp_path / "image.nii", tmp_path / "mask.nii", note=notes.append)
    np.testing.assert_array_equal(stack.mask, stack.pixels)
    assert [(note.kind, note.code) for note in notes] == ([("repaired", "mask-turned")] if turn != "as it is" else [])


def test_a_mask_that_lost_its_affine_is_taken_as_it_lies_and_told(tmp_path: Path) -> None:
    stored = rng("elsewhere").integers(0, 4, (6, 5, 3)).astype(np.uint8)
    nib.save(nib.Nifti1Image(stored, np.diag([-1.5, -1.4, 8, 1])), tmp_path / "image.nii")
    nib.save(nib.Nifti1Image(stored, np.eye(4)), tmp_path / "mask.nii")
    notes: list[ImportNote] = []
    stack = read_nifti(tmp_path / "image.nii", tmp_path / "mask.nii", note=notes.append)
    np.testing.assert_array_equal(stack.mask, stack.pixels)
    assert [(note.kind, note.code) for note in notes] == [("noticed", "mask-elsewhere")]


@pytest.mark.parametrize(("code", "mm"), [(0, 1.0), (1, 1000.0), (2, 1.0), (3, 0.001), (255, 1.0)])
def test_the_header_says_the_unit_of_length(tmp_path: Path, code: int, mm: float) -> None:
    image = nib.Nifti1Image(np.zeros((3, 4, 2, 2), np.int16), np.diag([1.5, 1.4, 8, 1]))
    image.header["xyzt_units"] = code
    nib.save(image, tmp_path / "a.nii")
    stack = read_nifti(tmp_path / "a.nii")
    assert stack.spacing == pytest.approx((8 * mm, 1.4 * mm, 1.5 * mm))
    assert stack.times is None


def test_a_damaged_header_is_refused_or_its_voxels_have_a_place(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(np.zeros((6, 5, 3, 2), np.int16), np.diag([1.5, 1.4, 8, 1])), tmp_path / "image.nii")
    whole = (tmp_path / "image.nii").read_bytes()
    read = 0
    for key in range(400):
        random, raw = rng("header", key), bytearray(whole)
        at = int(random.integers(348))
        raw[at : at + 4] = [random.bytes(4), b"\xff" * 4, bytes(4), b"\x00\x00\xc0\x7f"][key % 4]
        (tmp_path / "damaged.nii").write_bytes(raw)
        try:
            stack = read_nifti(tmp_path / "damaged.nii", tmp_path / "image.nii")
        except ImageError:
            continue
        read += 1
        assert np.isfinite(stack.affines).all()
        assert min(stack.spacing) > 0
        assert stack.times is None or np.isfinite(stack.times).all()
    assert 100 < read < 400


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_voxels_without_size_are_refused(tmp_path: Path, value: float) -> None:
    nib.save(nib.Nifti1Image(np.zeros((3, 4, 2), np.int16), np.eye(4)), tmp_path / "a.nii")
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[280:328] = np.full(12, value, np.float32).tobytes()  # srow_x, srow_y, srow_z
    (tmp_path / "a.nii").write_bytes(raw)
    with pytest.raises(ImageError, match="correct its sform"):
        read_nifti(tmp_path / "a.nii")


def test_a_single_slice_without_thickness_is_read_with_its_mask(tmp_path: Path) -> None:
    stored = rng("flat").integers(0, 4, (6, 5, 1)).astype(np.uint8)
    nib.save(nib.Nifti1Image(stored, np.diag([1.5, 1.4, 8, 1])), tmp_path / "a.nii")
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[312:328] = bytes(16)  # srow_z
    (tmp_path / "a.nii").write_bytes(raw)
    stack = read_nifti(tmp_path / "a.nii", tmp_path / "a.nii")
    assert stack.spacing == pytest.approx((1.0, 1.4, 1.5))
    np.testing.assert_array_equal(stack.mask, stack.pixels)


@pytest.mark.parametrize("step", [8.0, -8.0])
def test_every_voxel_of_a_dicom_series_is_where_its_own_file_says(tmp_path: Path, make_stack, step: float) -> None:
    """World coordinates by hand from ImagePositionPatient, ImageOrientationPatient and PixelSpacing, turned to RAS."""
    stack = make_stack(n_phases=2, steps=(step, step, step))
    write_dicom_series(tmp_path / "d", stack, patient_id="p", series_description="sax", manufacturer="x", seed=1)
    (found,) = read_dicom_tree(sorted((tmp_path / "d").iterdir()), tmp_path, lambda _note: None)
    write_nifti(tmp_path / "a.nii.gz", found.stack)
    image = nib.load(tmp_path / "a.nii.gz")
    voxels = np.asanyarray(image.dataobj)
    uids = found.stack.instance_uids
    for file in (pydicom.dcmread(path) for path in sorted((tmp_path / "d").iterdir())):
        ((t, z),) = [(t, z) for t, row in enumerate(uids) for z, uid in enumerate(row) if uid == file.SOPInstanceUID]
        along_row, along_column = np.reshape(np.array(file.ImageOrientationPatient, float), (2, 3))
        between_rows, between_columns = map(float, file.PixelSpacing)
        for row, column in ((0, 0), (3, 7), (9, 11)):
            lps = np.array(file.ImagePositionPatient, float)
            lps = lps + column * between_columns * along_row + row * between_rows * along_column
            for place in (image.affine, image.header.get_qform()):
                np.testing.assert_allclose((place @ [column, row, z, 1])[:3], lps * [-1, -1, 1], atol=1e-3)
            assert voxels[column, row, z, t] == file.pixel_array[row, column]


def test_the_place_of_a_nifti_file_is_written_as_it_was(tmp_path: Path) -> None:
    """To the last bits of a float32, also of axes that are not at right angles, where a quaternion would be a lie."""
    for key in range(20):
        affine = np.eye(4)
        affine[:3] = rng("place", key).normal(size=(3, 4)) * [1, 1, 1, 90] + 3 * np.eye(3, 4)
        if key % 2:
            affine[:3, :3] = np.linalg.qr(affine[:3, :3])[0] * [1.1, 1.3, 7.0]
        nib.save(nib.Nifti1Image(np.zeros((5, 4, 3), np.int16), affine), tmp_path / "a.nii")
        write_nifti(tmp_path / "b.nii", read_nifti(tmp_path / "a.nii"))
        before, after = (nib.load(tmp_path / name) for name in ("a.nii", "b.nii"))
        np.testing.assert_array_almost_equal_nulp(after.affine.astype(np.float32), before.affine.astype(np.float32), 4)
        assert int(after.header["qform_code"]) == key % 2


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_equal_stacks_give_equal_bytes(tmp_path: Path, make_stack, suffix: str) -> None:
    for name in ("a", "b"):
        write_nifti(tmp_path / f"{name}{suffix}", make_stack())
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_without_room_the_file_from_before_stays_and_nothing_half_is_left(
    tmp_path: Path, make_stack, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            write_nifti(path, make_stack())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
