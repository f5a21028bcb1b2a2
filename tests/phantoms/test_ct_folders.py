"""CT phantoms on disk: 4D NIfTI and DICOM, read back by what reads real ones."""

import csv
from pathlib import Path

import numpy as np
import pytest

from medgraft.core.cohort import ImportNote
from medgraft.core.errors import InputError
from medgraft.images import read_dicom_tree, read_nifti
from medgraft.phantoms import SITE_ONE, ct_heart, with_labels, write_ct_dicom, write_ct_nifti

SMALL = {"size": 16, "n_phases": 4}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("site", "labelled"), [("one", (0, 1, 2)), ("two", (0, 1))])
def test_nifti_reads_back_equal_and_unlabelled_phases_stay_unlabelled(
    tmp_path: Path, site: str, labelled: tuple[int, ...]
) -> None:
    (path,) = write_ct_nifti(tmp_path, 1, site=site, **SMALL)
    whole = ct_heart(subject=1, site=site, **SMALL).stack
    found = read_nifti(path, path.with_name(path.name.replace(".nii", "_gt.nii")))
    np.testing.assert_array_equal(found.pixels, whole.pixels)
    np.testing.assert_allclose(found.affines, whole.affines, atol=1e-4)
    np.testing.assert_allclose(found.spacing, whole.spacing, rtol=1e-5)
    assert found.mask_phases == labelled
    np.testing.assert_array_equal(found.mask[list(labelled)], whole.mask[list(labelled)])
    assert found.mask_classes == ("pool", "myocardium")


@pytest.mark.parametrize("series_per_phase", [False, True])
def test_dicom_reads_back_as_one_stack_of_all_phases(tmp_path: Path, series_per_phase: bool) -> None:
    write_ct_dicom(tmp_path, 2, series_per_phase=series_per_phase, **SMALL)
    notes: list[ImportNote] = []
    files = sorted(tmp_path.rglob("*.dcm"), reverse=True)
    found = {item.subject: item for item in read_dicom_tree(files, tmp_path, notes.append)}
    assert sorted(found) == ["one001", "one002"]
    for subject, item in enumerate((found["one001"], found["one002"]), start=1):
        whole = ct_heart(subject=subject, **SMALL).stack
        np.testing.assert_array_equal(item.stack.pixels, whole.pixels)
        np.testing.assert_allclose(item.stack.affines, whole.affines, atol=1e-6)
        np.testing.assert_allclose(item.stack.times, whole.times)
        assert (item.modality, item.stack.phases, item.stack.base_first) == ("CT", {"ed": 0}, None)
    assert {note.kind for note in notes} <= {"noticed", "repaired"}


def test_readers_of_the_other_site_may_draw(tmp_path: Path) -> None:
    (path,) = write_ct_nifti(tmp_path, 1, site="two", readers="one", **SMALL)
    heart = ct_heart(subject=1, site="two", **SMALL).drawn_by(SITE_ONE.annotation)
    found = read_nifti(path, path.with_name("two001_gt.nii.gz"))
    np.testing.assert_array_equal(found.mask[0], heart.stack.mask[0])
    assert float(rows(tmp_path / "truth.csv")[0]["cavity_ml"]) == pytest.approx(heart.cavity_ml[0], abs=1e-4)


def test_truth_and_phases_stand_beside_the_images(tmp_path: Path) -> None:
    write_ct_nifti(tmp_path, 2, site="two", **SMALL)
    heart = ct_heart(subject=2, site="two", **SMALL)
    truth = [row for row in rows(tmp_path / "truth.csv") if row["subject"] == heart.subject]
    np.testing.assert_allclose([float(row["cavity_ml"]) for row in truth], heart.cavity_ml, atol=1e-4)
    assert float(truth[1]["thickness_median_mm"]) == pytest.approx(heart.thickness(1).median, abs=1e-4)
    assert rows(tmp_path / "phases.csv")[1] == {"subject": "two002", "ed": "0", "es": "1"}


def test_equal_arguments_write_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_ct_dicom(tmp_path / name, 1, **SMALL)
    first, second = (sorted((tmp_path / name).rglob("*")) for name in ("a", "b"))
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a.is_file()]
    assert all(a.read_bytes() == b.read_bytes() for a, b in pairs)
    assert len(pairs) == 16 * 4 + 2


def test_labels_are_kept_only_where_they_are_asked_for(tmp_path: Path) -> None:
    stack = ct_heart(subject=1, **SMALL).stack
    some = with_labels(stack, "ed-es")
    assert some.mask_phases == (0, 1)
    assert some.mask[:2].any(axis=(1, 2, 3)).all()
    assert not some.mask[2:].any()
    with pytest.raises(InputError, match="every other"):
        with_labels(stack, "some")
    with pytest.raises(InputError, match="at least 1 subject"):
        write_ct_nifti(tmp_path / "nowhere", 0)
    assert not list(tmp_path.iterdir()), "nothing was begun"
