"""What was removed for good is nowhere in the folder, and does not come back unasked."""

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from medgraft.cohort import Cohort, FoundLabel, ImportOptions, LabelledStack, RemovedError, import_source, set_phases
from medgraft.core.cohort import ImportNote
from medgraft.core.errors import InputError
from medgraft.core.seeds import rng

WHEN = "2026-11-21T12:00:00+00:00"


def bytes_below(root: Path) -> bytes:
    """All that a folder holds, and the names in it."""
    return b"\n".join(
        str(path.relative_to(root)).encode() + path.read_bytes() for path in root.rglob("*") if path.is_file()
    )


def patients(root: Path, *subjects: str) -> Path:
    """A NIfTI file for each."""
    for subject in subjects:
        (root / subject).mkdir(parents=True)
        voxels = rng("removal", subject).integers(0, 900, (8, 8, 3), np.int16)
        nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), root / subject / "sax.nii")
    return root


def test_of_a_removed_subject_nothing_is_left_in_the_folder(tmp_path, found):
    """Not even in the free pages of the database and its log, nor in the repair log."""
    with Cohort.open(tmp_path / "project") as cohort:
        stays = cohort.add(found(2, subject="Lovelace"))
        gone = cohort.add(found(1, subject="Hodgkin", mask=True, series="Hodgkin's heart"))
        also = cohort.add(found(3, subject="Hodgkin"))
        (cohort.root / "masks" / "before").mkdir()
        for place in (f"before/{gone.id}-0123", f"{gone.id}.0123"):
            (cohort.root / "masks" / f"{place}.npy").write_bytes(b"Hodgkin")
        about = [
            ("Hodgkin/1/a.dcm", "odd"),
            ("x", "Equal pixels (Hodgkin, Lovelace)"),
            (gone.id, "odd"),
            ("y", "Lovelace"),
        ]
        notes = [ImportNote(kind="noticed", code="odd", where=where, text=text) for where, text in about]
        cohort.log(notes, source="scans of Hodgkin", act="test")
        assert b"Hodgkin" in bytes_below(tmp_path)
        assert cohort.remove([], ["Hodgkin"], when=WHEN) == tuple(sorted((gone.id, also.id)))
        assert cohort.entries() == (stays,)
        assert [note.text for note in cohort.notes()] == ["Lovelace"]
        assert [record.source for record in cohort.imports()] == ["(removed)"]
        assert not any(cohort.files_of(entry.id) for entry in (gone, also))
        assert len(cohort.files_of(stays.id)) == 1
        assert b"Hodgkin" not in bytes_below(tmp_path)
        assert gone.pixels_digest.encode() not in bytes_below(tmp_path)
    with Cohort.open(tmp_path / "project") as cohort:
        assert cohort.entries() == (stays,)
        assert cohort.remove([gone.id], ["Hodgkin"], when=WHEN) == (gone.id,)  # again: nothing is to be done


def test_a_removed_stack_takes_its_labels_and_leaves_the_rest_of_its_subject(cohort, found):
    labelled = LabelledStack(stack=found(1).stack, subject="A", series_key="1", labels={(0, 0): "IN"})
    gone, stays = cohort.add(labelled), cohort.add(replace(labelled, stack=found(2).stack))
    cohort.remove([gone.id], when=WHEN)
    assert cohort.entries() == (stays,)
    assert cohort.found_labels() == (FoundLabel(stack=stays.id, phase=0, slice=0, code="IN"),)
    with pytest.raises(RemovedError, match=rf"{gone.id} .* on 2026-11-21: it stays out\. Do: import with --bring-back"):
        cohort.add(labelled)
    assert not cohort.files_of(gone.id)
    assert cohort.add(found(3, subject="A")).subject == "A"  # the subject itself was not removed
    assert cohort.take(labelled, bring_back=True) == (gone, True)
    assert cohort.add(labelled) == gone


def test_what_was_removed_stays_out_of_imports_until_it_is_asked_for(tmp_path, cohort):
    source = patients(tmp_path / "scans", "anna", "bert")
    entries = import_source(source, cohort).added
    cohort.remove([], ["anna"], when=WHEN)
    again = import_source(source, cohort)
    assert (again.added, again.known) == ((), entries[1:])
    assert [(note.kind, note.code, note.where) for note in again.notes] == [
        ("set aside", "removed-before", entries[0].id)
    ]
    assert cohort.was_removed("anna")
    assert not any("anna" in f"{note.where} {note.text}" for note in cohort.notes())
    back = import_source(source, cohort, options=ImportOptions(bring_back=True))
    assert back.added == entries[:1]
    assert not cohort.was_removed("anna")
    assert import_source(source, cohort).known == entries


def test_other_images_of_a_removed_subject_stay_out_too(tmp_path, cohort):
    import_source(patients(tmp_path / "scans", "anna"), cohort)
    cohort.remove([], ["anna"], when=WHEN)
    later = patients(tmp_path / "later", "bert", "anna")
    voxels = rng("removal", "follow-up").integers(0, 900, (8, 8, 3), np.int16)
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), later / "anna" / "sax.nii")
    report = import_source(later, cohort)
    assert [entry.subject for entry in report.added] == ["bert"]
    assert cohort.subjects() == ("bert",)


def test_pseudonyms_are_barred_as_names_are(tmp_path, cohort):
    source, hidden = patients(tmp_path / "scans", "anna"), ImportOptions(pseudonyms="a long secret")
    (entry,) = import_source(source, cohort, options=hidden).added
    cohort.remove([], [entry.subject], when=WHEN)
    assert import_source(source, cohort, options=hidden).added == ()


def test_phases_of_removed_subjects_are_passed_over_and_others_told(tmp_path, cohort):
    import_source(patients(tmp_path / "scans", "anna", "bert"), cohort)
    cohort.remove([], ["anna"], when=WHEN)
    assert [entry.phases for entry in set_phases(cohort, {"anna": {"ed": 0}, "bert": {"ed": 0}})] == [{"ed": 0}]
    with pytest.raises(InputError, match="got cora"):
        set_phases(cohort, {"anna": {"ed": 0}, "cora": {"ed": 0}})
