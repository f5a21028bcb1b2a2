"""Laws of every import: order and repetition change nothing, a bad file stops nothing, nothing leaks out or in."""

import errno
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from medgraft.cohort import Cohort, ImportOptions, import_source, layouts
from medgraft.cohort.importers import IMPORTERS
from medgraft.cohort.source import Source
from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.core.stack import Stack
from medgraft.images import write_dicom_series


def write_nifti_file(path: Path, key: object, shape: tuple[int, ...] = (6, 5, 3), spacing: float = 1.5) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    voxels = rng("importing", key).integers(0, 900, shape, np.int16)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([spacing, spacing, 8.0, 1.0])), path)


def write_mask_file(path: Path, key: object, shape: tuple[int, ...] = (6, 5, 3)) -> None:
    voxels = rng("mask", key).integers(0, 4, shape, np.uint8)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([1.5, 1.5, 8.0, 1.0])), path)


def write_picture(path: Path, key: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng("picture", key).integers(0, 255, (7, 6), np.uint8)).save(path)


def make_acdc(root: Path) -> ImportOptions:
    for n in (1, 2, 3):
        folder = root / f"patient{n:03d}"
        for frame in (1, 7):
            write_nifti_file(folder / f"patient{n:03d}_frame{frame:02d}.nii.gz", (n, frame))
            write_mask_file(folder / f"patient{n:03d}_frame{frame:02d}_gt.nii.gz", (n, frame))
        (folder / "Info.cfg").write_text("ED: 1\nES: 7\nGroup: DCM\n")
    return ImportOptions()


def make_nifti(root: Path) -> ImportOptions:
    for name in ("sub-01/anat/sub-01_T1w", "sub-01/anat/sub-01_T2w", "sub-02/anat/sub-02_T1w"):
        write_nifti_file(root / f"{name}.nii.gz", name)
    write_mask_file(root / "sub-01/anat/sub-01_T1w_seg.nii.gz", 1)
    return ImportOptions()


def make_table(root: Path) -> ImportOptions:
    lines = ["path,subject,label,phase,slice"]
    for subject in "AB":
        for phase in ("ED", "ES"):
            for z in range(3):
                write_picture(root / f"{subject}/{phase}{z}.png", (subject, phase, z))
                lines.append(f"{subject}/{phase}{z}.png,{subject},{'OBS' if z == 0 else 'IN'},{phase},{z}")
    write_picture(root / "C/alone.png", "C")
    (root / "index.csv").write_text("\n".join([*lines, "C/alone.png,C,IN,,"]))
    return ImportOptions()


def make_image_folder(root: Path) -> ImportOptions:
    for path in ("benign/P1_a.png", "benign/P2_a.png", "malignant/P3_a.png", "malignant/P3_b.png"):
        write_picture(root / path, path)
    return ImportOptions(subject_pattern=r"(P\d+)_")


def make_dicom(root: Path) -> ImportOptions:
    for n, subject in enumerate(("Anna-17", "Bert-18")):
        affines = np.tile(np.eye(4), (4, 1, 1))
        affines[:, 2, 3] = 8 * np.arange(4)
        pixels = rng("dicom", n).integers(0, 900, (1, 4, 6, 5), np.int16)
        stack = Stack(pixels=pixels, affines=affines, spacing=(8.0, 1.0, 1.0))
        who = {"patient_id": subject, "series_description": "t2 tra", "manufacturer": "m", "seed": n}
        write_dicom_series(root / f"scan{n}", stack, **who)
    return ImportOptions()


#: One small source per layout: how it is made, and how many stacks and subjects are in it.
SOURCES: dict[str, tuple[Callable[[Path], ImportOptions], int, int]] = {
    "acdc": (make_acdc, 3, 3),
    "nifti": (make_nifti, 3, 2),
    "table": (make_table, 3, 3),
    "imagefolder": (make_image_folder, 4, 3),
    "dicom": (make_dicom, 2, 2),
}


PIXELS = {".gz", ".png", ".dcm"}


@pytest.fixture(params=SOURCES)
def source(request, tmp_path) -> tuple[str, Path, ImportOptions]:
    """A small source of each layout."""
    root = tmp_path / "incoming"
    root.mkdir()
    return request.param, root, SOURCES[request.param][0](root)


def test_every_source_is_recognised_read_and_told(source, cohort):
    name, root, options = source
    seen = []
    report = import_source(root, cohort, options=options, when="2026-01-01T00:00:00", report=seen.append)
    _, n_stacks, n_subjects = SOURCES[name]
    assert (len(report.added), len(cohort.subjects())) == (n_stacks, n_subjects)
    assert sorted(report.added, key=lambda entry: entry.id) == sorted(cohort.entries(), key=lambda entry: entry.id)
    assert not [note for note in report.notes if note.kind == "refused"]
    (record,) = cohort.imports()
    assert (record.layout, record.added, record.known, record.finished) == (name, n_stacks, 0, True)
    assert (record.when, record.source, record.n_files) == ("2026-01-01T00:00:00", "incoming", report.n_files)
    assert cohort.notes() == report.notes
    assert seen[-1].done == seen[-1].total > 0


def test_a_second_import_adds_nothing(source, cohort):
    _, root, options = source
    first = import_source(root, cohort, options=options)
    labels = cohort.found_labels()
    second = import_source(root, cohort, options=options)
    assert second.added == ()
    assert {entry.id for entry in second.known} == {entry.id for entry in first.added}
    assert cohort.found_labels() == labels


def test_a_folder_whose_first_layout_holds_no_image_says_which_other_it_may_be(tmp_path, cohort):
    (tmp_path / "mixed/masks").mkdir(parents=True)
    write_mask_file(tmp_path / "mixed/masks/P1.nii.gz", 1)
    write_picture(tmp_path / "mixed/pictures/P1.png", 1)
    report = import_source(tmp_path / "mixed", cohort)
    assert report.added == ()
    (told,) = [note for note in report.notes if note.code == "nothing-imported"]
    assert "layout nifti" in told.text
    assert "imagefolder" in told.text


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=6)
@given(seed=st.integers(0, 2**31))
def test_the_order_of_files_changes_nothing(name, tmp_path_factory, seed):
    root = tmp_path_factory.getbasetemp() / f"order-{name}"
    if not root.exists():
        root.mkdir()
        SOURCES[name][0](root)
    options = SOURCES[name][0](root) if name == "imagefolder" else ImportOptions()
    importer = next(importer for importer in IMPORTERS if importer.name == name)
    files = sorted(path for path in root.rglob("*") if path.is_file())
    shuffled = random.Random(seed).sample(files, len(files))

    def read(order: list[Path]) -> tuple[list[object], list[object]]:
        notes: list[object] = []
        source = Source(root=root, files=tuple(order))
        stacks = importer.read(source, options, notes.append, lambda _: None)
        return [(s.subject, s.source, s.label, s.stack.phases, s.stack.pixels.tobytes()) for s in stacks], notes

    assert read(shuffled) == read(files)


def test_a_bad_file_is_told_and_stops_nothing(source, cohort):
    name, root, options = source
    bad = sorted(path for path in root.rglob("*") if path.suffix in PIXELS and "_gt" not in path.name)[0]
    bad.write_bytes(bad.read_bytes()[:40])
    report = import_source(root, cohort, options=options)
    refused = [note for note in report.notes if note.kind == "refused"]
    assert [note.where for note in refused] == [bad.relative_to(root).as_posix()] or bad.name in refused[0].where
    assert len(report.added) >= SOURCES[name][1] - 1


@pytest.mark.parametrize("secret", [None, "a long secret"])
def test_what_was_told_of_a_source_is_not_told_again(source, cohort, tmp_path, secret):
    _, root, options = source
    options = replace(options, pseudonyms=secret)
    (root / ".hidden").touch()
    told = import_source(root, cohort, options=options).notes
    logged = cohort.notes()
    assert import_source(root, cohort, options=options).notes == told
    assert cohort.notes() == logged
    (root / ".other").touch()
    import_source(root, cohort, options=options)
    import_source(shutil.copytree(root, tmp_path / "elsewhere"), cohort, options=options)
    assert len(cohort.notes()) == 2 * (len(logged) + 1)


def test_links_that_lead_out_are_not_followed(source, cohort, tmp_path):
    name, root, options = source
    outside = tmp_path / "outside"
    shutil.copytree(root, outside)
    (root / "linked-folder").symlink_to(outside)
    (root / "linked.nii.gz").symlink_to(next(path for path in outside.rglob("*") if path.is_file()))
    report = import_source(root, cohort, options=options)
    assert len(report.added) == SOURCES[name][1]
    codes = {note.where: note.code for note in report.notes if note.where.startswith("linked")}
    assert codes == {"linked-folder": "folder-not-entered", "linked.nii.gz": "outside-link"}


@pytest.mark.parametrize("beside", [None, "notes.txt"])
def test_where_everything_is_a_link_the_error_says_so(cohort, tmp_path, beside):
    for name in ("patient001", "patient002"):
        (tmp_path / "store" / name).mkdir(parents=True)
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).symlink_to(tmp_path / "store" / name)
    if beside:
        (tmp_path / "in" / beside).touch()
    said = r"links to folders are not entered; import the folder that a link leads to. \(2, for example patient00[12]\)"
    with pytest.raises(InputError, match=said):
        import_source(tmp_path / "in", cohort)


def test_pseudonyms_hide_subjects_everywhere_and_are_the_same_for_the_same_key(source, cohort, tmp_path):
    _, root, options = source
    hidden = ImportOptions(pseudonyms="correct horse", subject_pattern=options.subject_pattern)
    (root / "readme-patient001-sub-01.txt").touch()
    plain = Cohort.open(tmp_path / "plain")
    subjects = {entry.subject for entry in import_source(root, plain, options=options).added}
    plain.close()
    report = import_source(root, cohort, options=hidden)
    assert len({entry.subject for entry in report.added}) == len(subjects)
    assert all(subject.startswith("S-") for subject in cohort.subjects())
    assert import_source(root, cohort, options=hidden).added == ()
    other = ImportOptions(pseudonyms="another key", subject_pattern=options.subject_pattern)
    assert not set(cohort.subjects()) & {entry.subject for entry in import_source(root, cohort, options=other).added}
    cohort.close()
    with sqlite3.connect(cohort.root / "project.db") as database:
        dump = "\n".join(database.iterdump())
    database.close()
    for subject in (subject for subject in subjects if len(subject) > 2):
        assert subject not in dump
    assert "correct horse" not in dump


def test_a_short_key_is_refused(cohort, tmp_path):
    make_nifti(tmp_path / "in")
    with pytest.raises(InputError, match="secret of at least 8"):
        import_source(tmp_path / "in", cohort, options=ImportOptions(pseudonyms="1234"))


def test_equal_images_of_two_subjects_are_noticed(cohort, tmp_path):
    write_nifti_file(tmp_path / "in/sub-01_T1w.nii.gz", "same")
    write_nifti_file(tmp_path / "in/sub-02_T1w.nii.gz", "same")
    report = import_source(tmp_path / "in", cohort)
    (note,) = [note for note in report.notes if note.code == "same-pixels"]
    assert (note.kind, note.count) == ("noticed", 2)
    assert "sub-01, sub-02" in note.text


def test_equal_images_of_one_subject_are_stored_once(cohort, tmp_path):
    write_nifti_file(tmp_path / "in/sub-01_a.nii.gz", "same")
    write_nifti_file(tmp_path / "in/sub-01_b.nii.gz", "same")
    report = import_source(tmp_path / "in", cohort)
    assert len(report.added) == 1
    assert [note.code for note in report.notes] == ["duplicate-stack"]


def test_site_of_the_import_is_given_where_the_source_has_none(cohort, tmp_path):
    make_nifti(tmp_path / "in")
    import_source(tmp_path / "in", cohort, options=ImportOptions(site="north"))
    assert {entry.site for entry in cohort.entries()} == {"north"}


def test_one_file_is_a_source(cohort, tmp_path):
    make_nifti(tmp_path)
    assert len(import_source(tmp_path / "sub-02/anat/sub-02_T1w.nii.gz", cohort).added) == 1


@pytest.mark.parametrize("layout", ["auto", "nonsense"])
def test_what_fits_no_layout_teaches(cohort, tmp_path, layout):
    folder = tmp_path / "in"
    with pytest.raises(InputError, match="does not exist"):
        import_source(folder, cohort, layout=layout)
    folder.mkdir()
    with pytest.raises(InputError, match="got no file"):
        import_source(folder, cohort, layout=layout)
    (folder / "notes.txt").write_text("hello")
    with pytest.raises(InputError) as told:
        import_source(folder, cohort, layout=layout)
    assert all(name in str(told.value) for name in layouts())
    assert cohort.imports() == ()


@pytest.mark.parametrize("secret", [None, "a long secret"])
def test_names_of_older_systems_are_read_as_latin_1(cohort, tmp_path, secret):
    """As on discs of scanners that know no Unicode: bytes that are no UTF-8."""
    make_nifti(tmp_path / "in")
    patient, broken = (tmp_path / "in" / os.fsdecode(name) for name in (b"M\xfcller.nii.gz", b"Gr\xf6\xdfe.nii.gz"))
    shutil.copy(next((tmp_path / "in").rglob("*.nii.gz")), patient)
    broken.write_bytes(b"broken")
    options = ImportOptions(subject_pattern=r"([^/.]+)\.nii", pseudonyms=secret)
    import_source(tmp_path / "in", cohort, options=options)
    kept = [*(entry.subject for entry in cohort.entries()), *(note.where + note.text for note in cohort.notes())]
    for name in ("Müller", "Größe"):
        assert any(name in text for text in kept) is (secret is None)


def test_hidden_files_are_set_aside(cohort, tmp_path):
    make_nifti(tmp_path / "in")
    (tmp_path / "in/._sub-01_T1w.nii.gz").write_bytes(b"mac")
    (tmp_path / "in/.git").mkdir()
    (tmp_path / "in/.git/config.nii").touch()
    codes = {note.where: note.code for note in import_source(tmp_path / "in", cohort).notes}
    assert codes == {"._sub-01_T1w.nii.gz": "hidden", ".git": "folder-not-entered"}


def test_notes_name_files_by_their_place_in_the_source_alone(source, cohort, tmp_path):
    _, root, options = source
    bad = sorted(path for path in root.rglob("*") if path.suffix in PIXELS)
    for path, content in zip(bad, (b"", b"no image at all" * 99), strict=False):
        path.write_bytes(content)
    report = import_source(root, cohort, options=options)
    assert not [note for note in report.notes if str(tmp_path) in note.text]


def test_a_folder_that_may_not_be_read_is_told(cohort, tmp_path, monkeypatch):
    make_nifti(tmp_path / "in")
    (tmp_path / "in/closed").mkdir()
    scandir = os.scandir

    def refusing(path):
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    report = import_source(tmp_path / "in", cohort)
    assert [(note.kind, note.code, note.where) for note in report.notes] == [("refused", "unreadable-folder", "closed")]


def test_an_import_that_cannot_begin_leaves_no_line_in_the_history(cohort, tmp_path):
    make_image_folder(tmp_path / "in")
    with pytest.raises(InputError, match="subject_pattern"):
        import_source(tmp_path / "in", cohort)
    assert cohort.imports() == ()


def test_pixels_that_are_no_numbers_become_the_darkest(cohort, tmp_path):
    voxels = rng("nan").normal(size=(6, 5, 3)).astype(np.float32)
    voxels[0, 0, 0], voxels[1, 1, 1], voxels[2, 2, 2] = np.nan, np.inf, -np.inf
    for name, pixels in (("a", voxels), ("b", np.full_like(voxels, np.nan))):
        (tmp_path / "in").mkdir(exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(pixels, np.diag([1.5, 1.5, 8, 1])), tmp_path / f"in/{name}.nii")
    report = import_source(tmp_path / "in", cohort)
    (entry,) = report.added
    finite = voxels[np.isfinite(voxels)]
    expected = np.nan_to_num(voxels, nan=finite.min(), posinf=finite.max(), neginf=finite.min())
    np.testing.assert_array_equal(cohort.pixels(entry)[0].T, expected)
    assert [(note.kind, note.code, note.where) for note in report.notes] == [
        ("repaired", "not-finite", "a.nii"),
        ("refused", "not-finite", "b.nii"),
    ]


def test_a_mask_that_was_corrected_in_the_source_is_not_passed_over_in_silence(cohort, tmp_path):
    write_nifti_file(tmp_path / "in/sub-01_a.nii", 1)
    write_mask_file(tmp_path / "in/sub-01_a_gt.nii", 1)
    (entry,) = import_source(tmp_path / "in", cohort).added
    assert not import_source(tmp_path / "in", cohort).notes
    write_mask_file(tmp_path / "in/sub-01_a_gt.nii", 2)
    (note,) = import_source(tmp_path / "in", cohort).notes
    assert (note.kind, note.code, note.where) == ("noticed", "mask-differs", "sub-01_a.nii")
    assert cohort.entry(entry.id) == entry
