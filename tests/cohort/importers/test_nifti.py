"""Loose NIfTI files: subjects by name, masks beside images, the base by the affine."""

import nibabel
import numpy as np
import pytest

from medgraft.cohort import Cohort, ImportOptions, import_source, phases_from_csv, set_phases
from medgraft.cohort.importers.nifti import MASK_SUFFIXES
from medgraft.core.errors import InputError
from medgraft.core.geometry import BASE_TO_APEX
from medgraft.core.seeds import rng
from medgraft.phantoms import write_ct_nifti


def write(path, key=0, affine=None, *, mask=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    voxels = rng("nifti", path.name, key).integers(0, 4 if mask else 900, (6, 5, 3), np.uint8 if mask else np.int16)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([1.5, 1.5, 8, 1]) if affine is None else affine), path)
    return voxels


@pytest.mark.parametrize(
    ("path", "pattern", "subject"),
    [
        ("sub-07/ses-1/anat/sub-07_ses-1_T1w.nii.gz", None, "sub-07"),
        ("derived_sub-07_bold.nii", None, "derived_sub-07_bold"),
        ("case12/t1.nii", None, "case12"),
        ("case12/scans/t1.nii", None, "case12"),
        ("loose.nii.gz", None, "loose"),
        ("x/A-31_t1.nii", r"([A-Z]-\d+)", "A-31"),
        ("x/A-31_t1.nii", r"(?P<prefix>x)/(?P<subject>\w)", "A"),
    ],
)
def test_subjects_follow_from_names(cohort, tmp_path, path, pattern, subject):
    write(tmp_path / "in" / path)
    (entry,) = import_source(tmp_path / "in", cohort, options=ImportOptions(subject_pattern=pattern)).added
    assert (entry.subject, entry.base_first, entry.source) == (subject, None, path)


def test_a_name_that_the_pattern_does_not_fit_has_no_subject(cohort, tmp_path):
    write(tmp_path / "in/a.nii")
    report = import_source(tmp_path / "in", cohort, options=ImportOptions(subject_pattern=r"(\d+)"))
    assert [(note.kind, note.code) for note in report.notes] == [("refused", "no-subject")]


@pytest.mark.parametrize("pattern", ["(", "no group"])
def test_a_pattern_without_a_group_is_told(pattern):
    with pytest.raises(InputError, match="Expected a"):
        ImportOptions(subject_pattern=pattern)


@pytest.mark.parametrize("wrong", [{"mask_classes": ("pool", "heart")}, {"mask_codes": {1: 9}}])
def test_classes_that_nobody_knows_are_told(wrong):
    with pytest.raises(InputError, match="pool"):
        ImportOptions(**wrong)


@pytest.mark.parametrize("suffix", [*MASK_SUFFIXES, "_GT"])
def test_masks_stand_beside_their_images(cohort, tmp_path, suffix):
    write(tmp_path / "in/a.nii.gz")
    theirs = write(tmp_path / f"in/a{suffix}.nii", mask=True)
    codes = {0: 0, 1: 3, 2: 2, 3: 1}
    (entry,) = import_source(tmp_path / "in", cohort, options=ImportOptions(mask_codes=codes)).added
    expected = np.array([0, 3, 2, 1])[np.sort(theirs, axis=None)]
    np.testing.assert_array_equal(np.sort(cohort.mask(entry), axis=None), np.sort(expected))


def test_a_mask_without_image_and_other_files_are_set_aside(cohort, tmp_path):
    write(tmp_path / "in/a.nii.gz")
    write(tmp_path / "in/b_gt.nii.gz", mask=True)
    (tmp_path / "in/participants.tsv").touch()
    report = import_source(tmp_path / "in", cohort)
    assert {(note.code, note.where, note.count) for note in report.notes} == {
        ("mask-without-image", "b_gt.nii.gz", 1),
        ("not-in-layout", "participants.tsv", 1),
    }
    assert len(report.added) == 1


def test_a_mask_that_is_not_named_as_one_does_not_become_an_image(cohort, tmp_path):
    write(tmp_path / "in/p1/T1.nii.gz")
    write(tmp_path / "in/p1/gold_standard.nii.gz", mask=True)
    report = import_source(tmp_path / "in", cohort)
    assert [entry.series for entry in report.added] == ["T1"]
    assert [(note.code, note.where) for note in report.notes] == [("mask-not-image", "p1/gold_standard.nii.gz")]


@pytest.mark.parametrize("sign", [1, -1])
def test_the_base_is_found_from_the_affine(cohort, tmp_path, sign):
    affine = np.eye(4)
    normal = BASE_TO_APEX / np.linalg.norm(BASE_TO_APEX) * [-1, -1, 1]  # NIfTI's axes are R A S
    in_plane = np.linalg.svd(normal[None])[2][1:]
    affine[:3, :3] = np.stack([*in_plane, sign * 8 * normal], axis=1)
    voxels = write(tmp_path / "in/a.nii.gz", affine=affine)
    (entry,) = import_source(tmp_path / "in", cohort, options=ImportOptions(short_axis=True)).added
    assert entry.base_first is not None
    base = cohort.pixels(entry)[0, 0 if entry.base_first else -1]
    assert np.sort(base, axis=None).tolist() == np.sort(voxels[:, :, 0 if sign > 0 else -1], axis=None).tolist()


@pytest.mark.slow
def test_ms_lesion(real_data, tmp_path):
    with Cohort.open(tmp_path) as cohort:
        report = import_source(real_data / "ms_lesion", cohort)
        assert cohort.subjects() == ("patient07", "patient19")
        assert len(report.added) == 8
        assert [note.where.split("_")[0] for note in report.notes if note.code == "mask-not-image"] == [
            "patient07/GOLD",
            "patient19/GOLD",
        ]
        assert {entry.shape[0] for entry in report.added} == {1}


@pytest.mark.parametrize(("labelled_when_empty", "phases"), [(False, (1,)), (True, (0, 1, 2))])
def test_phases_of_an_empty_mask_are_unlabelled_unless_the_user_says_so(cohort, tmp_path, labelled_when_empty, phases):
    voxels = rng("4d").integers(0, 900, (6, 5, 3, 3)).astype(np.int16)
    mask = np.zeros(voxels.shape, np.uint8)
    mask[2:4, 2:4, 1, 1] = 1
    root = tmp_path / "in"
    root.mkdir()
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), root / "a.nii.gz")
    nibabel.save(nibabel.Nifti1Image(mask, np.eye(4)), root / "a_seg.nii.gz")
    options = ImportOptions(empty_phases_labelled=labelled_when_empty, mask_classes=("pool", "myocardium"))
    report = import_source(root, cohort, options=options)
    assert [entry.mask_phases for entry in report.added] == [phases]
    assert [entry.mask_classes for entry in report.added] == [("pool", "myocardium")]
    assert [(note.code, note.count) for note in report.notes] == (
        [] if labelled_when_empty else [("unlabelled-phases", 1)]
    )


def test_a_site_of_4d_ct_comes_in_with_sparse_labels_and_named_phases(cohort, tmp_path):
    root = tmp_path / "in"
    write_ct_nifti(root, 2, site="two", size=16, n_phases=4)
    report = import_source(root, cohort)
    set_phases(cohort, phases_from_csv(root / "phases.csv"))
    assert {note.code for note in report.notes} == {"not-in-layout", "unlabelled-phases"}
    for entry in cohort.entries():
        assert (entry.shape, entry.phases, entry.mask_phases) == ((4, 16, 16, 16), {"ed": 0, "es": 1}, (0, 1))
        assert entry.mask_classes == ("pool", "myocardium")
        assert np.ptp(np.diff(entry.times)) < 1e-3
    assert cohort.subjects() == ("two001", "two002")


def test_a_mask_that_lies_elsewhere_is_told_where_it_is(cohort, tmp_path):
    write(tmp_path / "in/p1/a.nii.gz")
    write(tmp_path / "in/p1/a_gt.nii.gz", affine=np.eye(4), mask=True)
    (note,) = import_source(tmp_path / "in", cohort).notes
    assert (note.kind, note.code, note.where) == ("noticed", "mask-elsewhere", "p1/a.nii.gz")


def test_a_folder_that_is_no_subject_is_asked_about(cohort, tmp_path):
    for name in ("imagesTr/a", "imagesTr/b"):
        write(tmp_path / f"in/{name}.nii.gz")
    (note,) = import_source(tmp_path / "in", cohort).notes
    assert (note.kind, note.code, note.where, note.count) == ("noticed", "one-subject", "imagesTr", 2)
    again = import_source(tmp_path / "in", cohort, options=ImportOptions(subject_pattern=r"([ab])\."))
    assert "one-subject" not in {note.code for note in again.notes}
