"""Masks from RT structure sets: traced around phantoms' masks, filled on the stack that they were drawn on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from contourpy import contour_generator

from medgraft.core.errors import InputError, LabelError
from medgraft.core.stack import Stack
from medgraft.core.task import MASK_CODES
from medgraft.images import write_dicom_ct
from medgraft.phantoms import ct_heart
from medgraft.workspace import ImportOptions, Project, import_images, import_notes, mask_from_rtstruct

Write = Callable[..., Path]
SECRET = "correct horse battery"


@pytest.fixture(scope="module")
def heart() -> Stack:
    """A 4D CT of three phases with its mask."""
    return ct_heart(subject=1, size=(16, 40, 40), n_phases=3).stack


@pytest.fixture
def images(tmp_path: Path, heart: Stack) -> Path:
    """The CT as DICOM files of two subjects."""
    for number, subject in enumerate(("one001", "one002")):
        identity = {"patient_id": subject, "series_description": "CTA", "manufacturer": "m", "seed": number}
        write_dicom_ct(tmp_path / "ct" / subject, heart, **identity)
    return tmp_path / "ct"


@pytest.fixture
def project(tmp_path: Path, images: Path) -> Project:
    """A project of the two subjects, without masks."""
    project = Project.create(tmp_path / "project")
    import_images(project, images)
    return project


def traced(heart: Stack, project: Project, phases: list[int], *, named: bool = True) -> dict[str, list[object]]:
    """The pool and the wall of some phases, on images of the first subject of a project."""
    with project.cohort() as cohort:
        uids = cohort.entries()[0].instance_uids
    regions: dict[str, list[object]] = {"LV cavity": [], "wall": []}
    for name, code in zip(regions, ("pool", "myocardium"), strict=True):
        for t, z in ((t, z) for t in phases for z in range(len(heart.affines))):
            inside = np.pad(heart.mask[t, z] == MASK_CODES[code], 1).astype(float)
            for line in contour_generator(z=inside).lines(0.5):
                ends = np.column_stack([line - 1, np.zeros(len(line)), np.ones(len(line))])
                regions[name].append(((heart.affines[z] @ ends.T).T[:, :3], uids[t][z] if named else ""))
    return regions


def alike(found: np.ndarray, truth: np.ndarray) -> bool:
    """Whether pool and wall overlap nearly: Dice of at least 0.97."""
    pairs = [(found == code, truth == code) for code in (MASK_CODES["pool"], MASK_CODES["myocardium"])]
    return all(2 * (a & b).sum() >= 0.97 * (a.sum() + b.sum()) for a, b in pairs)


def test_contours_find_their_stack_and_fill_what_was_traced(
    project: Project, heart: Stack, tmp_path: Path, write_rtstruct: Write
) -> None:
    file = write_rtstruct(tmp_path / "rs.dcm", "somebody", traced(heart, project, [0, 2]))
    done = mask_from_rtstruct(project, file, names={"wall": "myocardium"})
    assert (done.subject, done.phases, done.classes, done.notes) == ("one001", (0, 2), ("pool", "myocardium"), ())
    with project.cohort() as cohort:
        entry = cohort.entry(done.stack)
        mask = cohort.mask(entry)
    assert (entry.mask_phases, entry.mask_classes) == (done.phases, done.classes)
    assert alike(mask[[0, 2]], heart.mask[[0, 2]])
    assert not mask[1].any()
    assert done.slices == sum(mask.any(axis=(2, 3)).ravel())


def test_a_region_that_is_not_known_is_told_and_its_class_is_not_labelled(
    project: Project, heart: Stack, tmp_path: Path, write_rtstruct: Write
) -> None:
    done = mask_from_rtstruct(project, write_rtstruct(tmp_path / "rs.dcm", "one001", traced(heart, project, [0])))
    assert (done.structures, done.classes) == (("LV cavity", "wall"), ("pool",))
    assert [(note.code, note.where) for note in done.notes] == [("unknown-structure", "wall")]


def test_phases_come_one_file_after_the_other_and_none_is_overwritten(
    project: Project, heart: Stack, tmp_path: Path, write_rtstruct: Write
) -> None:
    """Files that name no images belong to their subject's stack; the phase is given by name or index."""
    names = {"wall": "myocardium"}
    files = [write_rtstruct(tmp_path / f"{t}.dcm", "one001", traced(heart, project, [t], named=False)) for t in (0, 1)]
    with pytest.raises(LabelError, match="phase they belong to"):
        mask_from_rtstruct(project, files[0], names=names)
    assert mask_from_rtstruct(project, files[0], names=names, phase="ed").phases == (0,)
    with pytest.raises(InputError, match=r"got ed\. Do: replace"):
        mask_from_rtstruct(project, files[0], names=names, phase="ed")
    with pytest.raises(InputError, match="pool, myocardium as in the phases"):
        mask_from_rtstruct(project, files[1], phase="1")
    done = mask_from_rtstruct(project, files[1], names=names, phase="1")
    with project.cohort() as cohort:
        entry = cohort.entry(done.stack)
        mask = cohort.mask(entry)
    assert entry.mask_phases == (0, 1)
    assert alike(mask[:2], heart.mask[:2])


def test_corrected_contours_replace_a_mask_that_is_kept(
    project: Project, heart: Stack, tmp_path: Path, write_rtstruct: Write
) -> None:
    """Of phases that are not replaced the mask stays, so they must have the same classes."""
    names = {"wall": "myocardium"}
    file = write_rtstruct(tmp_path / "first.dcm", "one001", traced(heart, project, [0, 2]))
    first = mask_from_rtstruct(project, file, names=names)
    wall = traced(heart, project, [2])["wall"]
    corrected = write_rtstruct(tmp_path / "corrected.dcm", "one001", {"LV cavity": wall, "wall": wall})
    with pytest.raises(InputError, match="pool, myocardium as in the phases"):
        mask_from_rtstruct(project, corrected, replace=True)
    with project.cohort() as cohort:
        before = np.array(cohort.mask_arrays.read(first.stack))
        done = mask_from_rtstruct(project, corrected, names=names, replace=True)
        entry = cohort.entry(first.stack)
        mask = cohort.mask(entry)
    np.testing.assert_array_equal(np.load(project.root / str(done.before)), before)
    assert (first.before, entry.mask_phases) == (None, (0, 2))
    np.testing.assert_array_equal(mask[0], before[0])
    np.testing.assert_array_equal(mask[2] == MASK_CODES["pool"], before[2] == MASK_CODES["myocardium"])


def test_a_region_that_is_not_in_the_file_is_said_first(
    project: Project, heart: Stack, tmp_path: Path, write_rtstruct: Write
) -> None:
    """Before a phase that has a mask already; case and signs of names do not count."""
    file = write_rtstruct(tmp_path / "rs.dcm", "one001", traced(heart, project, [0]))
    mask_from_rtstruct(project, file, names={"WALL_": "myocardium"})
    with pytest.raises(InputError, match=r"got wal\. Available: LV cavity, wall"):
        mask_from_rtstruct(project, file, names={"wal": "myocardium"})


def test_few_slices_are_told_here_and_in_the_repair_log(
    project: Project, heart: Stack, tmp_path: Path, write_rtstruct: Write
) -> None:
    contours = traced(heart, project, [1, 2])["LV cavity"]
    with project.cohort() as cohort:
        places = {uid: (t, z) for t, row in enumerate(cohort.entries()[0].instance_uids) for z, uid in enumerate(row)}
    slices = {phase: sorted({places[uid][1] for _, uid in contours if places[uid][0] == phase}) for phase in (1, 2)}
    chosen = {(1, slices[1][0]), *((2, z) for z in slices[2] if z != slices[2][1])}
    some = {"LV cavity": [one for one in contours if places[one[1]] in chosen]}
    done = mask_from_rtstruct(project, write_rtstruct(tmp_path / "rs.dcm", "one001", some))
    said = [
        f"Phase 1: 1 of {len(heart.affines)} slices",
        f"Phase 2: {len(slices[2]) - 1} of {len(heart.affines)} slices",
    ]
    assert [note.text.partition(" drawn")[0] for note in done.notes] == said
    logged = [note for note in import_notes(project) if note.code == "sparse-contours"]
    assert logged == list(done.notes)
    assert {note.where for note in logged} == {done.stack}


def test_images_with_pseudonyms_are_found_with_their_key(
    project: Project, images: Path, heart: Stack, tmp_path: Path, write_rtstruct: Write
) -> None:
    hidden = Project.create(tmp_path / "hidden")
    import_images(hidden, images, options=ImportOptions(pseudonyms=SECRET))
    file = write_rtstruct(tmp_path / "rs.dcm", "one001", traced(heart, project, [1]))
    with pytest.raises(InputError, match="the key"):
        mask_from_rtstruct(hidden, file)
    assert mask_from_rtstruct(hidden, file, pseudonyms=SECRET).phases == (1,)


def test_stacks_and_phases_that_do_not_fit_are_explained(
    project: Project, heart: Stack, tmp_path: Path, write_rtstruct: Write
) -> None:
    strange = traced(heart, project, [0], named=False)
    with pytest.raises(InputError, match="Available: none"):
        mask_from_rtstruct(project, write_rtstruct(tmp_path / "a.dcm", "nobody", strange), phase="0")
    with pytest.raises(InputError, match="Available: 0, 1, 2, ed"):
        mask_from_rtstruct(project, write_rtstruct(tmp_path / "b.dcm", "one001", strange), phase="es")


def test_a_phase_that_the_contours_contradict_is_refused(
    project: Project, heart: Stack, tmp_path: Path, write_rtstruct: Write
) -> None:
    file = write_rtstruct(tmp_path / "rs.dcm", "one001", traced(heart, project, [0, 2]))
    with pytest.raises(InputError, match="some on images of 2"):
        mask_from_rtstruct(project, file, phase="ED")
    assert mask_from_rtstruct(project, file).phases == (0, 2)


def test_contours_on_images_of_another_series_are_set_aside(
    project: Project, heart: Stack, tmp_path: Path, write_rtstruct: Write
) -> None:
    both = {
        name: [*contours, *((points, "9.9") for points, _ in contours)]
        for name, contours in traced(heart, project, [0]).items()
    }
    done = mask_from_rtstruct(project, write_rtstruct(tmp_path / "rs.dcm", "one001", both))
    assert {note.code for note in done.notes} == {"unknown-instance", "unknown-structure"}
