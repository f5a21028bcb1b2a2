"""DICOM trees pass through the room `images`; here only that they are recognised and kept."""

import numpy as np
import pytest

from medgraft.cohort import Cohort, import_source
from medgraft.cohort.importers.dicom import DICOM
from medgraft.cohort.options import ImportOptions
from medgraft.cohort.source import open_source


@pytest.mark.parametrize(
    ("name", "content", "recognised"),
    [
        ("IM0001", bytes(128) + b"DICM", True),
        ("IM0001", b"\x08\x00\x05\x00" + bytes(200), True),
        ("a.DCM", b"", True),
        ("a.txt", b"\x08\x00\x05\x00" + bytes(200), False),
        ("readme", b"hello", False),
    ],
)
def test_dicom_is_recognised_by_its_bytes(tmp_path, name, content, recognised):
    (tmp_path / name).write_bytes(content)
    assert DICOM.recognises(open_source(tmp_path), ImportOptions()) is recognised


def test_dicom_behind_a_viewer_of_many_files_is_recognised(tmp_path):
    for n in range(300):
        (tmp_path / f"A{n:03d}.png").write_bytes(b"icon")
    for n in range(20):
        (tmp_path / f"IM{n:04d}").write_bytes(bytes(128) + b"DICM")
    assert DICOM.recognises(open_source(tmp_path), ImportOptions())


def test_programs_and_pages_on_a_disc_are_told_in_one_line(cohort, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("viewer.exe", "start.html", "DICOMDIR", "image.dcm", "1.2.840.113619.2", "IM0001"):
        (tmp_path / "in" / name).write_bytes(b"neither")
    notes = import_source(tmp_path / "in", cohort).notes
    assert [(note.code, note.count) for note in notes if note.kind == "set aside"] == [("not-in-layout", 2)]
    assert {note.where for note in notes if note.kind == "refused"} == {
        "DICOMDIR",
        "image.dcm",
        "1.2.840.113619.2",
        "IM0001",
    }


@pytest.mark.slow
def test_pig_cine(real_data, tmp_path):
    with Cohort.open(tmp_path) as cohort:
        report = import_source(real_data / "pig_cine", cohort)
        (entry,) = report.added
        assert (entry.shape, entry.base_first, entry.phases) == ((20, 20, 256, 256), True, {"ed": 0})
        # Instances 1-100 are the five basal positions; within a position instances count phases.
        assert np.array_equal(entry.instance_numbers, np.arange(1, 401).reshape(20, 20).T)
        # The positions are 5.00 mm apart along the normal; 4.14 mm is the step of SliceLocation, here the z coordinate.
        assert entry.spacing == pytest.approx((5.0, 0.82, 0.82), abs=0.01)
        assert entry.spacing[0] == pytest.approx(5.0, abs=0.001)
        told = {note.code: note for note in report.notes}
        assert told["not-in-layout"].count == 800
        assert "4.14 mm" in told["spacing-differs"].text
        assert cohort.pixels(entry).shape == entry.shape
