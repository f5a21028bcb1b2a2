"""RT Structure Sets, written with pydicom as a planning system writes them, read back; broken ones refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from contourpy import contour_generator
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, RTStructureSetStorage

from medgraft.core.errors import ImageError
from medgraft.core.stack import Stack
from medgraft.core.task import MASK_CODES
from medgraft.images import read_dicom_tree, read_rtstruct, write_dicom_ct
from medgraft.labels import ContourGrid, masks_from_planar_contours
from medgraft.phantoms import ct_heart


def contour_item(points: np.ndarray, uid: str = "", kind: str = "CLOSED_PLANAR") -> Dataset:
    item = Dataset()
    item.ContourGeometricType, item.NumberOfContourPoints = kind, len(points)
    item.ContourData = [f"{value:.4f}" for value in np.ravel(points)]
    if uid:
        image = Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = CTImageStorage, uid
        item.ContourImageSequence = [image]
    return item


def structure_set(regions: dict[str, list[Dataset]]) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = RTStructureSetStorage, "1.2.3"
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = RTStructureSetStorage, "1.2.3", "RTSTRUCT"
    dataset.PatientID, dataset.StructureSetLabel = "one001", "heart"
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(regions.items(), start=1):
        region, drawn = Dataset(), Dataset()
        region.ROINumber, region.ROIName = number, name
        drawn.ReferencedROINumber, drawn.ContourSequence = number, contours
        dataset.StructureSetROISequence.append(region)
        dataset.ROIContourSequence.append(drawn)
    return dataset


def traced(stack: Stack, code: int) -> list[Dataset]:
    """Contours of one class around every image's area, holes as contours of their own."""
    items = []
    for t, row in enumerate(stack.mask):
        for z, drawn in enumerate(row):
            for line in contour_generator(z=np.pad(drawn == code, 1).astype(float)).lines(0.5):
                ends = np.column_stack([line - 1, np.zeros(len(line)), np.ones(len(line))])
                items.append(contour_item((stack.affines[z] @ ends.T).T[:, :3], stack.instance_uids[t][z]))
    return items


def test_masks_of_a_4d_ct_come_back_through_a_structure_set(tmp_path: Path) -> None:
    heart = ct_heart(subject=1, size=(16, 40, 40), n_phases=3)
    identity = {"patient_id": "one001", "series_description": "CTA", "manufacturer": "m", "seed": 1}
    files = write_dicom_ct(tmp_path / "ct", heart.stack, **identity)
    (found,) = read_dicom_tree(files, tmp_path, lambda _note: None)
    stack = replace(found.stack, mask=heart.stack.mask)
    pool, wall = (traced(stack, MASK_CODES[name]) for name in ("pool", "myocardium"))
    structure_set({"LV cavity": pool, "LV wall": wall}).save_as(tmp_path / "rs.dcm", enforce_file_format=True)
    read = read_rtstruct(tmp_path / "rs.dcm")
    assert (read.subject, read.structures, read.notes) == ("one001", ("LV cavity", "LV wall"), ())
    grid = ContourGrid(affines=stack.affines, shape=stack.pixels.shape, instance_uids=stack.instance_uids)
    masks = masks_from_planar_contours(read.contours, grid)
    for code in (MASK_CODES["pool"], MASK_CODES["myocardium"]):
        ours, theirs = masks.mask == code, heart.stack.mask == code
        assert 2 * (ours & theirs).sum() / (ours.sum() + theirs.sum()) > 0.97
    assert (masks.phases, masks.notes) == ((0, 1, 2), ())


SQUARE = np.array([[0, 0, 0], [9, 0, 0], [9, 9, 0], [0, 9, 0.0]])


def test_points_and_lines_are_set_aside(tmp_path: Path) -> None:
    odd = [contour_item(SQUARE[:1], kind="POINT"), contour_item(SQUARE, kind="OPEN_PLANAR")]
    areas = [contour_item(SQUARE, kind="CLOSEDPLANAR_XOR"), contour_item(SQUARE)]
    structure_set({"apex": odd, "pool": areas}).save_as(tmp_path / "rs.dcm", enforce_file_format=True)
    found = read_rtstruct(tmp_path / "rs.dcm")
    assert [contour.structure for contour in found.contours] == ["pool", "pool"]
    assert [(note.kind, note.code, note.count) for note in found.notes] == [("set aside", "no-area", 2)]


@pytest.mark.parametrize("n_points", [1, 2])
def test_closed_contours_that_shrank_to_a_point_or_a_line_cost_no_other(tmp_path: Path, n_points: int) -> None:
    """As planning systems leave them where a structure ends."""
    drawn = [contour_item(SQUARE), contour_item(SQUARE[:n_points])]
    structure_set({"pool": drawn}).save_as(tmp_path / "rs.dcm", enforce_file_format=True)
    found = read_rtstruct(tmp_path / "rs.dcm")
    np.testing.assert_array_equal([contour.points for contour in found.contours], [SQUARE])
    (note,) = found.notes
    assert (note.kind, note.code, note.count) == ("set aside", "no-area", 1)
    assert "fewer than 3 points" in note.text


def _first(dataset: Dataset) -> Dataset:
    return dataset.ROIContourSequence[0].ContourSequence[0]


BROKEN: dict[str, tuple[Callable[[Dataset], object], str]] = {
    "another class": (lambda d: setattr(d, "SOPClassUID", CTImageStorage), "CT Image Storage"),
    "no class": (lambda d: delattr(d, "SOPClassUID"), "does not say its class"),
    "no regions": (lambda d: delattr(d, "StructureSetROISequence"), "without any"),
    "unknown region": (lambda d: setattr(d.ROIContourSequence[0], "ReferencedROINumber", 7), "got region 7"),
    "torn triple": (lambda d: setattr(_first(d), "ContourData", ["1", "2", "3", "4"]), "got 4 values"),
    "two points": (lambda d: setattr(_first(d), "ContourData", ["1"] * 6), "got 6 values"),
    "no points": (lambda d: delattr(_first(d), "ContourData"), "no finite numbers"),
    "more points than it says": (lambda d: setattr(_first(d), "NumberOfContourPoints", 3), "Expected 3 points"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_structure_set_is_refused(tmp_path: Path, how: str) -> None:
    damage, said = BROKEN[how]
    dataset = structure_set({"pool": [contour_item(SQUARE)]})
    damage(dataset)
    dataset.save_as(tmp_path / "rs.dcm", enforce_file_format=False, implicit_vr=False, little_endian=True)
    with pytest.raises(ImageError, match=said):
        read_rtstruct(tmp_path / "rs.dcm")


@pytest.mark.parametrize("cut", [0, 100, 200, 400, -40, -7])
def test_a_file_cut_short_is_refused_or_says_what_it_lacks(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "rs.dcm"
    structure_set({"pool": [contour_item(SQUARE)]}).save_as(path, enforce_file_format=True)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ImageError, match=r"rs\.dcm"):
        read_rtstruct(path)


def test_what_is_no_dicom_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("contours")
    for path in (tmp_path / "a.txt", tmp_path / "missing.dcm"):
        with pytest.raises(ImageError, match=path.name):
            read_rtstruct(path)
