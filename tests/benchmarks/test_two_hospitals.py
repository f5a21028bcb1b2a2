"""The piece works at toy size on the real images, which say what it is about."""

from pathlib import Path

import pytest
from benchmarks.place import DATA, Place
from benchmarks.two_hospitals import TwoHospitals


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "sunnybrook").is_dir(), reason="needs ACDC and Sunnybrook in ../shared/data")
def test_the_model_of_one_hospital_is_measured_at_the_other(tmp_path: Path):
    measured = TwoHospitals().measure(Place(root=tmp_path, toy=True))
    assert {line.name.rpartition(" ")[2] for line in measured.results} == {"scratch", "is"}
    assert all(line.ours is not None and 0 <= line.ours <= 1 for line in measured.results)
    # Sunnybrook's readers drew the cavity alone: nothing is said of the wall there.
    figures = {(row["on"], row["figure"]) for row in measured.parts["here"]["rows"]}
    assert ("test", "Dice pool") in figures
    assert ("test", "Dice myocardium") not in figures
    assert ("home", "Dice myocardium") in figures


def test_without_the_images_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("benchmarks.two_hospitals.DATA", tmp_path)
    (line,) = TwoHospitals().measure(Place(root=tmp_path, toy=True)).results
    assert line.ours is None
    assert line.note.startswith("not run")
