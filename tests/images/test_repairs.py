"""Every irregularity of a tree: what is made of it, and the note that says so."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.uid import EncapsulatedPDFStorage, MediaStorageDirectoryStorage, SegmentationStorage

from medgraft.images import write_dicom_series

WHO = {"patient_id": "p1", "series_description": "cine sax", "manufacturer": "Acme", "seed": 3}
N_PHASES, N_SLICES = 5, 4

Edit = Callable[[FileDataset, int, int], None]


@pytest.fixture
def tree(tmp_path: Path, make_stack) -> Callable[..., Path]:
    """A cine of 5 phases x 4 slices written to disk, each file edited by `edit(dataset, t, z)`."""

    def write(edit: Edit = lambda dataset, t, z: None, **stack) -> Path:
        made = make_stack(**{"n_phases": N_PHASES} | stack)
        for number, path in enumerate(write_dicom_series(tmp_path / "in", made, **WHO)):
            dataset = dcmread(path)
            z, t = divmod(number, len(made.pixels))
            edit(dataset, t, z)
            dataset.save_as(path)
        return tmp_path / "in"

    return write


def _set(**values) -> Edit:
    """An edit: each value is one, or is made of (t, z)."""

    def edit(dataset: FileDataset, t: int, z: int) -> None:
        for name, value in values.items():
            setattr(dataset, name, value(t, z) if callable(value) else value)

    return edit


def _delete(*names: str) -> Edit:
    def edit(dataset: FileDataset, t: int, z: int) -> None:
        for name in names:
            delattr(dataset, name)

    return edit


#: What is changed in every file -> the note it leaves. All of these still make the whole stack.
REPAIRED: dict[str, tuple[Edit, tuple[str, str]]] = {
    "a series per slice": (
        _set(SeriesInstanceUID=lambda t, z: f"2.25.{z + 1}", SeriesNumber=lambda t, z: z),
        ("repaired", "split-series"),
    ),
    "a series per phase": (_set(SeriesInstanceUID=lambda t, z: f"2.25.{t + 1}"), ("repaired", "split-series")),
    "a series per image": (
        _set(SeriesInstanceUID=lambda t, z: f"2.25.{t + 10 * z + 1}"),
        ("repaired", "split-series"),
    ),
    "one InstanceNumber for all": (_set(InstanceNumber=1), ("noticed", "duplicate-instance")),
    "no PatientID": (_set(PatientID=" "), ("noticed", "no-patient")),
    "no InstanceNumber": (_delete("InstanceNumber"), ("noticed", "no-instance-number")),
    "wrong InstanceNumber": (_set(InstanceNumber=lambda t, z: 100 - t - 7 * z), ("noticed", "ed-from-trigger")),
    "wrong tagged distance": (_set(SpacingBetweenSlices=5), ("noticed", "spacing-differs")),
    "wrong SliceLocation": (_set(SliceLocation=lambda t, z: 3 * z), ("noticed", "spacing-differs")),
    "times that drift by slice": (
        _set(TriggerTime=lambda t, z: 10 + t * (38 + z)),
        ("noticed", "ed-from-trigger"),
    ),
}


@pytest.mark.parametrize("name", REPAIRED)
def test_a_repaired_tree_gives_the_whole_stack(tree, read_tree, make_stack, name: str) -> None:
    edit, code = REPAIRED[name]
    [found], notes = read_tree(tree(edit))
    np.testing.assert_array_equal(found.stack.pixels, make_stack(n_phases=N_PHASES).pixels)
    assert code in {(note.kind, note.code) for note in notes}
    assert not [note for note in notes if note.kind in ("refused", "set aside")]


@pytest.mark.parametrize(
    ("keep", "axis"),
    [
        ("TemporalPositionIdentifier", "time"),
        ("InstanceNumber", "unknown"),
    ],
)
def test_phases_fall_back_through_the_table_of_keys(tree, read_tree, make_stack, keep: str, axis: str) -> None:
    unwanted = {"TriggerTime", "TemporalPositionIdentifier"} - {keep}
    [found], notes = read_tree(tree(_delete(*unwanted)))
    np.testing.assert_array_equal(found.stack.pixels, make_stack(n_phases=N_PHASES).pixels)
    assert found.stack.facts["T axis"] == axis
    assert found.stack.times is None
    assert found.stack.phases == {}
    assert ("phase-order" in {note.code for note in notes}) == (axis == "unknown")


def test_a_repeat_acquisition_is_not_mixed_in(tree, read_tree, tmp_path, make_stack) -> None:
    tree()
    again = make_stack(n_phases=N_PHASES, seed=2)
    write_dicom_series(tmp_path / "in" / "again", again, **WHO | {"series_number": 2})
    found, _ = read_tree(tmp_path / "in")
    assert len(found) == 2
    for stack in (make_stack(n_phases=N_PHASES), again):
        assert any(np.array_equal(item.stack.pixels, stack.pixels) for item in found)


def test_a_slice_that_was_repeated_in_a_series_of_its_own_replaces_the_first(tree, read_tree, tmp_path) -> None:
    tree(_set(SeriesInstanceUID=lambda t, z: f"2.25.{z + 1}", SeriesNumber=lambda t, z: z + 1))
    for path in sorted((tmp_path / "in").iterdir())[N_PHASES : 2 * N_PHASES]:
        dataset = dcmread(path)
        dataset.SeriesInstanceUID, dataset.SeriesNumber = "2.25.99", 99
        dataset.SOPInstanceUID += ".1"
        dataset.PixelData = bytes(len(dataset.PixelData))
        dataset.save_as(path.with_name(f"again{path.name}"))
    found, _ = read_tree(tmp_path / "in")
    assert sorted(item.stack.pixels.shape[1] for item in found) == [1, N_SLICES]
    whole = next(item.stack for item in found if item.stack.pixels.shape[1] == N_SLICES)
    assert not whole.pixels[:, 1].any()


def test_a_series_of_two_orientations_becomes_two_stacks(tree, read_tree, tmp_path, make_stack) -> None:
    tree()
    other = make_stack(n_phases=N_PHASES, normal=(0.9, 1, 0.1), seed=9)
    write_dicom_series(tmp_path / "in" / "lax", other, **WHO)
    for path in (tmp_path / "in" / "lax").iterdir():
        dataset = dcmread(path)
        dataset.SOPInstanceUID += ".1"
        dataset.save_as(path)
    found, notes = read_tree(tmp_path / "in")
    assert {item.stack.base_first for item in found} == {True, None}
    assert len(found) == 2
    assert ("repaired", "mixed-orientations") in {(note.kind, note.code) for note in notes}


def test_a_missing_slice_is_noticed(tree, read_tree) -> None:
    folder = tree(steps=(8.0,) * 5)
    for path in sorted(folder.iterdir())[2 * N_PHASES : 3 * N_PHASES]:
        path.unlink()
    [found], notes = read_tree(folder)
    assert found.stack.pixels.shape[1] == 5
    assert found.stack.spacing[0] == pytest.approx(8)
    assert ("noticed", "gap") in {(note.kind, note.code) for note in notes}


def test_a_missing_phase_is_stood_in_for_by_the_nearest(tree, read_tree, make_stack) -> None:
    folder = tree()
    sorted(folder.iterdir())[N_PHASES + 4].unlink()
    [found], notes = read_tree(folder)
    pixels = make_stack(n_phases=N_PHASES).pixels
    np.testing.assert_array_equal(found.stack.pixels[4, 1], pixels[3, 1])
    np.testing.assert_array_equal(found.stack.pixels[:4], pixels[:4])
    assert found.stack.instance_uids[4][1] == found.stack.instance_uids[3][1]
    assert ("repaired", "missing-phase") in {(note.kind, note.code) for note in notes}


def test_a_missing_image_costs_no_slice_where_nothing_orders_the_images(tree, read_tree) -> None:
    unordered = _delete("TriggerTime", "TemporalPositionIdentifier", "InstanceNumber", "AcquisitionNumber")
    folder = tree(unordered)
    sorted(folder.iterdir())[N_PHASES].unlink()
    [found], notes = read_tree(folder)
    assert found.stack.pixels.shape[:2] == (N_PHASES, N_SLICES)
    assert ("repaired", "missing-phase") in {(note.kind, note.code) for note in notes}
    assert not [note for note in notes if note.kind == "set aside"]


def test_a_slice_without_most_of_its_phases_is_set_aside(tree, read_tree) -> None:
    folder = tree()
    for path in sorted(folder.iterdir())[2 * N_PHASES : 2 * N_PHASES + 3]:
        path.unlink()
    [found], notes = read_tree(folder)
    assert found.stack.pixels.shape[:2] == (N_PHASES, N_SLICES - 1)
    assert [(note.code, note.count) for note in notes if note.kind == "set aside"] == [("incomplete-slice", 2)]


def test_of_repeated_images_in_a_series_the_latest_are_used(tree, read_tree, make_stack) -> None:
    folder = tree()
    for path in sorted(folder.iterdir())[:N_PHASES]:
        dataset = dcmread(path)
        dataset.AcquisitionNumber, dataset.PixelData = 2, bytes(len(dataset.PixelData))
        dataset.SOPInstanceUID += ".1"
        dataset.save_as(path.with_name(f"again{path.name}"))
    [found], notes = read_tree(folder)
    assert not found.stack.pixels[:, 0].any()
    np.testing.assert_array_equal(found.stack.pixels[:, 1:], make_stack(n_phases=N_PHASES).pixels[:, 1:])
    assert [(note.code, note.count) for note in notes if note.kind == "set aside"] == [("surplus-image", N_PHASES)]


def test_equal_images_under_new_uids_are_copies(tree, read_tree) -> None:
    folder = tree()
    for path in sorted(folder.iterdir()):
        dataset = dcmread(path)
        dataset.SOPInstanceUID += ".1"
        dataset.save_as(path.with_name(f"again{path.name}"))
    [found], notes = read_tree(folder)
    assert found.stack.pixels.shape[:2] == (N_PHASES, N_SLICES)
    assert [(note.code, note.count) for note in notes if note.kind == "set aside"] == [("duplicate-image", 20)]


def test_b_values_of_one_series_are_stacks_and_directions_are_on_t(tree, read_tree) -> None:
    edit = _set(DiffusionBValue=lambda t, z: 0.0 if t == 0 else 1000.0, SeriesDescription="dti")
    folder = tree(
        lambda dataset, t, z: (edit(dataset, t, z), _delete("TriggerTime", "TemporalPositionIdentifier")(dataset, t, z))
    )
    found, _ = read_tree(folder)
    assert {(item.stack.facts["b-value"], len(item.stack.pixels)) for item in found} == {("0", 1), ("1000", 4)}
    assert {item.stack.facts.get("T axis") for item in found} == {None, "diffusion direction"}


def test_magnitude_and_phase_are_separate_stacks(tree, read_tree) -> None:
    folder = tree(
        _set(ImageType=lambda t, z: ["ORIGINAL", "PRIMARY", "MP"[t % 2]], TriggerTime=lambda t, z: t // 2), n_phases=6
    )
    found, _ = read_tree(folder)
    assert sorted(item.stack.facts.get("component", "") for item in found) == ["", "P"]
    assert {item.stack.pixels.shape[:2] for item in found} == {(3, 4)}


def test_rescale_and_monochrome1_are_undone(tree, read_tree, make_stack) -> None:
    edit = _set(
        RescaleSlope=2, RescaleIntercept=-24, PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11
    )
    [found], _ = read_tree(tree(edit, dtype="uint16"))
    expected = (4095 - make_stack(n_phases=N_PHASES, dtype="uint16").pixels.astype(int)) * 2 - 24
    np.testing.assert_array_equal(found.stack.pixels, expected)
    assert found.stack.pixels.dtype == np.int16


#: What is done to all files of a tree -> kind and code of the note, which counts all of them.
LOST: dict[str, tuple[Edit, tuple[str, str]]] = {
    "localiser": (_set(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]), ("set aside", "localiser")),
    "scout": (_set(SeriesDescription="3-plane scout"), ("set aside", "localiser")),
    "segmentation": (_set(SOPClassUID=SegmentationStorage, BitsAllocated=1), ("set aside", "not-an-image")),
    "document": (
        lambda dataset, t, z: (
            _set(SOPClassUID=EncapsulatedPDFStorage)(dataset, t, z),
            _delete("PixelData", "Rows")(dataset, t, z),
        ),
        ("set aside", "not-an-image"),
    ),
    "no position": (_delete("ImagePositionPatient"), ("set aside", "no-geometry")),
    "absurd orientation": (_set(ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), ("set aside", "no-geometry")),
    "no pixels": (_delete("PixelData"), ("refused", "truncated")),
    "more rows than pixels": (_set(Rows=4000), ("refused", "size-differs")),
    "absurd frames": (_set(NumberOfFrames=50_000_000), ("refused", "absurd-size")),
    "no rows": (_set(Rows=0), ("refused", "bad-size")),
}


@pytest.mark.parametrize("name", LOST)
def test_lost_files_are_counted_with_their_reason(tree, read_tree, name: str) -> None:
    edit, (kind, code) = LOST[name]
    found, notes = read_tree(tree(edit))
    assert not found
    assert sum(note.count for note in notes if (note.kind, note.code) == (kind, code)) == N_PHASES * N_SLICES
    assert all(note.where and note.text for note in notes)


def test_files_that_are_not_dicom_are_refused_each_with_its_reason(tmp_path: Path, tree, read_tree) -> None:
    folder = tree()
    (folder / "notes.txt").write_text("hello " * 100)
    (folder / "empty").write_bytes(b"")
    (folder / "preamble").write_bytes(b"\0" * 128 + b"DICM")
    cut = sorted(folder.glob("*.dcm"))[0]
    cut.write_bytes(cut.read_bytes()[:-20])
    _, notes = read_tree(folder)
    lost = {Path(note.where).name: note.code for note in notes if note.kind == "refused"}
    assert lost == {"notes.txt": "not-dicom", "empty": "empty", "preamble": "not-dicom", cut.name: "truncated"}


def test_a_directory_file_is_passed_over(tmp_path: Path, tree, read_tree) -> None:
    folder = tree()
    first = dcmread(sorted(folder.iterdir())[0])
    first.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    first.save_as(folder / "DICOMDIR")
    found, notes = read_tree(folder)
    assert len(found) == 1
    assert not [note for note in notes if note.where == "DICOMDIR"]


def test_a_single_image_is_set_aside_and_a_radiograph_is_not(tree, read_tree) -> None:
    single = {"n_phases": 1, "steps": ()}
    assert read_tree(tree(**single)).codes() == {("set aside", "single-slice")}
    for modality in ("MG", "PX"):
        [found], _ = read_tree(tree(_set(Modality=modality), **single))
        assert found.stack.pixels.shape[:2] == (1, 1)


def test_stations_along_the_spine_in_one_series_are_stacks_of_their_own(tree, read_tree, tmp_path, make_stack) -> None:
    tree(n_phases=1)
    for path in sorted((tmp_path / "in").iterdir()):
        dataset = dcmread(path)
        row = np.array(dataset.ImageOrientationPatient[:3], float)
        dataset.ImagePositionPatient = list(np.array(dataset.ImagePositionPatient, float) + 300 * row)
        dataset.SOPInstanceUID += ".1"
        dataset.PixelData = bytes(len(dataset.PixelData))
        dataset.save_as(path.with_name(f"low{path.name}"))
    found, notes = read_tree(tmp_path / "in")
    assert [item.stack.pixels.shape[:2] for item in found] == [(1, N_SLICES)] * 2
    assert [item.stack.spacing[0] for item in found] == pytest.approx([8, 8])
    assert [(note.kind, note.code, note.count) for note in notes] == [("repaired", "stations", 2 * N_SLICES)]


def test_images_a_little_aside_of_each_other_in_one_plane_raise_nothing(tree, read_tree) -> None:
    def edit(dataset: FileDataset, t: int, z: int) -> None:
        if z < 3:
            row = np.array(dataset.ImageOrientationPatient[:3], float)
            dataset.ImagePositionPatient = list(np.array([-20, 15, 40]) + z * row)

    [found], _ = read_tree(tree(edit))
    assert found.stack.pixels.shape[1] == N_SLICES


def test_a_localiser_within_a_series_leaves_its_images(tree, read_tree) -> None:
    def edit(dataset: FileDataset, t: int, z: int) -> None:
        if z == 0:
            dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
            dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]

    [found], notes = read_tree(tree(edit, n_phases=1))
    assert found.stack.pixels.shape[1] == N_SLICES - 1
    assert [(note.kind, note.code, note.count) for note in notes] == [("set aside", "localiser", 1)]


def test_images_that_share_a_uid_are_told_apart_by_place_and_time(tree, read_tree, make_stack) -> None:
    [found], notes = read_tree(tree(_set(SOPInstanceUID="1.2.3")))
    np.testing.assert_array_equal(found.stack.pixels, make_stack(n_phases=N_PHASES).pixels)
    assert len({uid for row in found.stack.instance_uids for uid in row}) == N_PHASES * N_SLICES
    assert ("repaired", "shared-uid") in {(note.kind, note.code) for note in notes}
    assert not [note for note in notes if note.kind == "set aside"]


def test_a_distance_of_single_slices_is_never_negative(tree, read_tree) -> None:
    [found], _ = read_tree(tree(_set(SpacingBetweenSlices=-8), steps=()))
    assert found.stack.spacing[0] == 8


def test_a_distance_that_is_tagged_downwards_does_not_differ(tree, read_tree) -> None:
    _, notes = read_tree(tree(_set(SpacingBetweenSlices=-8)))
    assert "spacing-differs" not in {note.code for note in notes}


def test_pictures_without_a_place_that_share_a_uid_are_told_apart_by_their_pixels(tree, read_tree) -> None:
    edit = _set(Modality="MG", SOPInstanceUID="1.2.3")
    gone = _delete("ImagePositionPatient", "AcquisitionNumber")
    folder = tree(lambda dataset, t, z: (edit(dataset, t, z), gone(dataset, t, z)), n_phases=1)
    first = sorted(folder.iterdir())[0]
    first.with_name("copy.dcm").write_bytes(first.read_bytes())
    found, notes = read_tree(folder)
    assert len({item.stack.pixels.tobytes() for item in found}) == len(found) == N_SLICES
    assert len({item.stack.instance_uids for item in found}) == N_SLICES
    assert [(note.code, note.count) for note in notes if note.kind == "set aside"] == [("duplicate-image", 1)]
