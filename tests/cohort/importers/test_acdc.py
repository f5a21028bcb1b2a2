"""The ACDC layout: sixty real patients, and what is missing or wrong in made ones."""

from collections import Counter

import nibabel
import numpy as np
import pytest

from medgraft.cohort import Cohort, ImportOptions, import_source
from medgraft.core.seeds import rng


def write(path, voxels, spacing=(1.5, 1.5, 8.0)):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(voxels, np.diag([*spacing, 1.0]))
    image.header.set_zooms((*spacing, 30.0)[: voxels.ndim])
    nibabel.save(image, path)


def voxels_of(key, shape=(6, 5, 3)):
    return rng("acdc", key).integers(0, 900, shape, np.int16)


@pytest.fixture
def patient(tmp_path):
    """One patient with ED in frame 1 and ES in frame 2 of three, and a 4D file that agrees."""
    folder = tmp_path / "incoming" / "patient101"
    for frame in (1, 2):
        write(folder / f"patient101_frame{frame:02d}.nii.gz", voxels_of(frame))
        write(folder / f"patient101_frame{frame:02d}_gt.nii.gz", (voxels_of(frame) % 4).astype(np.uint8))
    (folder / "Info.cfg").write_text("ED: 1\nES: 2\nGroup: NOR\nHeight: 170.0\nNbFrame: 3\nWeight: 70.0\n")
    return folder


def test_frames_become_phases_and_masks_the_house_codes(patient, cohort):
    (entry,) = import_source(patient.parent, cohort).added
    assert (entry.subject, entry.phases, entry.base_first, entry.modality) == (
        "patient101",
        {"ed": 0, "es": 1},
        True,
        "MR",
    )
    assert entry.spacing == pytest.approx((8.0, 1.5, 1.5))
    assert entry.facts == {"group": "NOR", "height": "170.0", "weight": "70.0", "n_frames": "3"}
    for phase, frame in enumerate((1, 2)):
        expected = voxels_of(frame).transpose(2, 1, 0)
        np.testing.assert_array_equal(cohort.pixels(entry)[phase], expected)
        # ACDC's 1 RV, 2 myocardium, 3 pool are 3, 2, 1 here.
        np.testing.assert_array_equal(cohort.mask(entry)[phase], np.array([0, 3, 2, 1])[expected % 4])


def test_a_4d_file_gives_all_frames(patient, cohort):
    write(patient / "patient101_4d.nii.gz", np.stack([voxels_of(1), voxels_of(2), voxels_of(3)], axis=-1))
    (entry,) = import_source(patient.parent, cohort).added
    assert (entry.shape[0], entry.phases, entry.mask_phases) == (3, {"ed": 0, "es": 1}, (0, 1))
    np.testing.assert_array_equal(cohort.pixels(entry)[2], voxels_of(3).transpose(2, 1, 0))
    assert not cohort.mask(entry)[2].any()
    assert cohort.mask(entry)[1].any()


def test_the_patient_folder_itself_is_a_source(patient, cohort):
    (entry,) = import_source(patient, cohort).added
    assert entry.subject == "patient101"


def test_an_unreadable_mask_leaves_the_images(patient, cohort):
    (patient / "patient101_frame02_gt.nii.gz").write_bytes(b"cut")
    report = import_source(patient.parent, cohort)
    (entry,) = report.added
    assert (entry.shape[0], entry.mask_phases) == (2, (0,))
    assert [note.kind for note in report.notes] == ["refused"]


def test_frames_of_different_shape_are_refused(patient, cohort):
    (patient / "patient101_frame02_gt.nii.gz").unlink()
    write(patient / "patient101_frame02.nii.gz", voxels_of(2, (7, 5, 3)))
    report = import_source(patient.parent, cohort)
    assert report.added == ()
    assert "one shape" in report.notes[0].text


def test_without_info_the_phases_are_unknown(patient, cohort):
    (patient / "Info.cfg").write_text("Group: NOR\n")
    (patient / "readme.txt").touch()
    report = import_source(patient.parent, cohort)
    assert report.added[0].phases == {}
    assert {note.code for note in report.notes} == {"phases-unknown", "not-in-layout"}


def test_info_in_another_encoding_is_read(patient, cohort):
    (patient / "Info.cfg").write_bytes("ED: 1\nES: 2\nGröße: 170\n".encode("cp1252"))
    report = import_source(patient.parent, cohort)
    assert (report.added[0].phases, report.notes) == ({"ed": 0, "es": 1}, ())


def test_files_of_nifti_2_are_read(patient, cohort):
    for path in patient.glob("*.nii.gz"):
        image = nibabel.load(path)
        nibabel.save(nibabel.Nifti2Image(np.asarray(image.dataobj), image.affine), path)
    report = import_source(patient.parent, cohort)
    assert (report.added[0].mask_phases, report.notes) == ((0, 1), ())


@pytest.mark.parametrize("cine", [False, True])
def test_classes_that_are_not_drawn_stay_so(patient, cohort, cine):
    if cine:
        write(patient / "patient101_4d.nii.gz", np.stack([voxels_of(1), voxels_of(2), voxels_of(3)], axis=-1))
    (patient / "patient101_frame01_gt.nii.gz").unlink()
    (entry,) = import_source(patient.parent, cohort, options=ImportOptions(mask_classes=("pool",))).added
    assert (entry.mask_phases, entry.mask_classes) == ((1,), ("pool",))


def test_unit_spacing_is_unknown_spacing(patient, cohort):
    for frame in (1, 2):
        write(patient / f"patient101_frame{frame:02d}.nii.gz", voxels_of(frame), (1.0, 1.0, 1.0))
        write(patient / f"patient101_frame{frame:02d}_gt.nii.gz", (voxels_of(frame) % 4).astype(np.uint8), (1, 1, 1))
    report = import_source(patient.parent, cohort)
    assert report.added[0].spacing is None
    assert [note.code for note in report.notes] == ["spacing-unknown"]


@pytest.mark.slow
def test_sixty_real_patients(real_data, tmp_path):
    with Cohort.open(tmp_path) as cohort:
        report = import_source(real_data / "acdc", cohort)
        assert (len(report.added), len(cohort.subjects())) == (60, 60)
        assert sum(entry.shape[0] * entry.shape[1] for entry in report.added) == 1136
        lost = {entry.subject for entry in report.added if entry.spacing is None}
        assert lost == {subject for subject in cohort.subjects() if subject > "patient020"}
        native = 60 - len(lost)
        assert Counter(note.code for note in report.notes) == {
            "spacing-unknown": len(lost),
            "spacing-from-pixdim": native,
        }
        assert cohort.entries()[0].spacing == pytest.approx((10.0, 1.5625, 1.5625))
        for entry in cohort.entries():
            assert (entry.phases, entry.mask_phases, entry.base_first) == ({"ed": 0, "es": 1}, (0, 1), True)
            check_masks(cohort, entry, real_data / "acdc" / entry.subject)
        # README of the data, rule "pool": 1,072 of 1,136 slices show the cavity.
        assert sum(int((cohort.mask(e) == 1).any(axis=(2, 3)).sum()) for e in cohort.entries()) == 1072


def check_masks(cohort, entry, folder):
    """Voxel counts per structure equal nibabel's own reading."""
    for phase, path in enumerate(sorted(folder.glob("*_gt.nii.gz"))):
        theirs = np.bincount(np.asarray(nibabel.load(path).dataobj).ravel().astype(int), minlength=4)
        ours = np.bincount(cohort.mask(entry)[phase].ravel(), minlength=4)
        assert ours.tolist() == theirs[[0, 3, 2, 1]].tolist()


@pytest.mark.parametrize("known", [True, False])
def test_an_affine_that_was_lost_tells_no_directions(patient, cohort, known):
    if not known:
        for path in patient.glob("*frame*"):
            image = nibabel.load(path)
            voxels = np.asarray(image.dataobj)
            image = nibabel.Nifti1Image(voxels, np.diag([-1.0, -1.0, 1.0, 1.0]))
            image.header.set_zooms((1.5, 1.5, 8.0))
            nibabel.save(image, path)
    (entry,) = import_source(patient.parent, cohort).added
    assert (entry.spacing, entry.directions_known) == (pytest.approx((8.0, 1.5, 1.5)), known)
