"""Laws: what is written is read again, and nothing depends on files' names or order."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.uid import JPEG2000Lossless, RLELossless

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress
from medgraft.core.stack import Stack
from medgraft.images import read_dicom_tree, write_dicom_multiframe, write_dicom_series

WHO = {"patient_id": "p1", "series_description": "cine sax", "manufacturer": "Acme", "seed": 3}

STACKS = {
    "cine": {},
    "one phase": {"n_phases": 1},
    "one slice": {"steps": ()},
    "uint16": {"dtype": "uint16"},
    "uint8": {"dtype": "uint8", "size": (9, 11)},
    "gap": {"steps": (8.0, 8.0, 16.0, 8.0)},
    "uneven": {"steps": (8.0, 8.4, 7.7)},
    "tilted": {"steps": (8.0, 8.0, 8.0), "tilts": (0.0, 0.4, 1.1, 1.5)},
}


@pytest.mark.parametrize("layout", ["series", "multiframe"])
@pytest.mark.parametrize("name", STACKS)
def test_write_then_read_gives_the_same_stack(tmp_path: Path, make_stack, read_tree, name: str, layout: str) -> None:
    stack = make_stack(**STACKS[name])
    if layout == "series":
        write_dicom_series(tmp_path, stack, **WHO)
    else:
        write_dicom_multiframe(tmp_path / "all", stack, **WHO)
    [found], _ = read_tree(tmp_path)
    _assert_equal(found.stack, stack)
    assert (found.subject, found.series, found.modality) == ("p1", "cine sax", "MR")


def _assert_equal(found: Stack, stack: Stack) -> None:
    np.testing.assert_array_equal(found.pixels, stack.pixels)
    assert found.pixels.dtype == stack.pixels.dtype
    np.testing.assert_allclose(found.affines, stack.affines, atol=1e-7)
    np.testing.assert_allclose(found.spacing, stack.spacing, atol=0.02)
    if stack.times is not None:
        np.testing.assert_allclose(found.times, stack.times)
        assert found.phases == {"ed": 0}


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(order=st.permutations(range(6)))
def test_names_and_order_of_files_change_nothing(tmp_path_factory, make_stack, order: list[int]) -> None:
    folder = tmp_path_factory.mktemp("tree")
    stack = make_stack(n_phases=2, steps=(8.0, 8.0))
    paths = write_dicom_series(folder / "in", stack, **WHO)
    shuffled = [paths[i].rename(folder / f"{place:03d}") for place, i in enumerate(order)]
    [found] = read_dicom_tree(shuffled, folder, lambda note: None)
    [again] = read_dicom_tree(shuffled[::-1], folder, lambda note: None)
    np.testing.assert_array_equal(found.stack.pixels, stack.pixels)
    assert found.stack.instance_uids == again.stack.instance_uids
    assert found.stack.instance_numbers == tuple(tuple(2 * z + t + 1 for z in range(3)) for t in range(2))
    assert found.series_key == again.series_key


@pytest.mark.parametrize("sign", [1, -1])
def test_a_short_axis_cine_starts_at_the_base_whatever_way_it_was_taken(tmp_path, make_stack, read_tree, sign) -> None:
    stack = make_stack(normal=sign * np.array([0.70, -0.45, -0.55]))
    write_dicom_series(tmp_path, stack, **WHO)
    [found], _ = read_tree(tmp_path)
    assert found.stack.base_first is True
    np.testing.assert_array_equal(found.stack.pixels, stack.pixels[:, ::sign])


def test_an_axial_stack_has_no_base(tmp_path: Path, make_stack, read_tree) -> None:
    write_dicom_series(tmp_path, make_stack(normal=(0, 0, 1), n_phases=1), **WHO | {"series_description": "t2 tra"})
    [found], _ = read_tree(tmp_path)
    assert found.stack.base_first is None


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless], ids=["RLE", "JPEG 2000"])
@pytest.mark.parametrize("layout", ["series", "multiframe"])
def test_compressed_pixels_are_the_same_pixels(tmp_path: Path, make_stack, read_tree, syntax, layout: str) -> None:
    stack = make_stack(n_phases=2, steps=(8.0,), size=(36, 40), dtype="uint16")
    if layout == "series":
        paths = write_dicom_series(tmp_path, stack, **WHO)
    else:
        paths = [write_dicom_multiframe(tmp_path / "all.dcm", stack, **WHO)]
    for path in paths:
        dataset = dcmread(path)
        dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(path)
    [found], _ = read_tree(tmp_path)
    np.testing.assert_array_equal(found.stack.pixels, stack.pixels)


def test_a_file_without_preamble_and_meta_is_read(tmp_path: Path, make_stack, read_tree) -> None:
    stack = make_stack()
    for path in write_dicom_series(tmp_path, stack, **WHO):
        raw = path.read_bytes()
        start = 144 + int.from_bytes(raw[140:144], "little")
        path.write_bytes(raw[start:])
    [found], _ = read_tree(tmp_path)
    np.testing.assert_array_equal(found.stack.pixels, stack.pixels)


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path, make_stack) -> None:
    for folder in ("a", "b"):
        write_dicom_series(tmp_path / folder, make_stack(), **WHO)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_the_name_of_a_patient_goes_nowhere(tmp_path: Path, make_stack, read_tree) -> None:
    for path in write_dicom_series(tmp_path, make_stack(), **WHO):
        dataset = dcmread(path)
        dataset.PatientName = "Secret^Person"
        dataset.save_as(path)
    found, notes = read_tree(tmp_path)
    assert "Secret" not in repr(found) + repr(found[0].stack) + repr(notes)


def test_progress_reaches_its_total(tmp_path: Path, make_stack) -> None:
    paths = write_dicom_series(tmp_path, make_stack(), **WHO)
    seen: list[Progress] = []
    list(read_dicom_tree(paths, tmp_path, lambda note: None, seen.append))
    assert (seen[0].stage, seen[-1].stage) == ("headers", "pixels")
    assert seen[-1].done == seen[-1].total == 1


def test_float_pixels_cannot_be_written(tmp_path: Path, make_stack) -> None:
    stack = make_stack()
    wrong = Stack(pixels=stack.pixels.astype(np.float32), affines=stack.affines, spacing=stack.spacing)
    with pytest.raises(InputError, match="int16"):
        write_dicom_series(tmp_path, wrong, **WHO)


def test_a_copied_tree_counts_once(tmp_path: Path, make_stack, read_tree) -> None:
    write_dicom_series(tmp_path / "a", make_stack(), **WHO)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    [found], notes = read_tree(tmp_path)
    assert found.stack.pixels.shape[:2] == (3, 4)
    assert [(note.code, note.count) for note in notes if note.kind == "set aside"] == [("duplicate-image", 12)]


@pytest.mark.parametrize("uid", ["own", "shared"])
def test_a_file_that_is_lost_while_it_is_read_is_a_note(tmp_path: Path, make_stack, uid: str) -> None:
    """The disc has a scratch, the network is gone: after the header, when copies are looked for."""
    stack = make_stack(n_phases=1)
    first, *_ = write_dicom_series(tmp_path / "a", stack, **WHO)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for path in (tmp_path / "b").iterdir() if uid == "own" else ():
        dataset = dcmread(path)
        dataset.SOPInstanceUID += ".1"
        dataset.save_as(path)
    files, notes = sorted(path for path in tmp_path.rglob("*") if path.is_file()), []

    def lose(progress: Progress) -> None:
        if (progress.stage, progress.done) == ("headers", len(files) - 1):
            first.unlink()

    [found] = read_dicom_tree(files, tmp_path, notes.append, lose)
    np.testing.assert_array_equal(found.stack.pixels, stack.pixels)
    assert sum(note.count for note in notes if note.kind in ("refused", "set aside")) == len(files) // 2
