"""Labels from masks: equal to the phantoms' truth, whichever end the base is at, and recorded once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medgraft.core.errors import InputError
from medgraft.core.stack import FoundStack
from medgraft.core.task import MASK_CODES, UnitKey
from medgraft.phantoms import PhantomHeart
from medgraft.workspace import (
    Project,
    export_masks,
    import_images,
    label_from_contours,
    label_from_masks,
    label_status,
    return_masks,
    undo_masks,
    write_phantoms,
)
from medgraft.workspace.labelling.changes import LabelChanges


def truth_of(project: Project, hearts: tuple[PhantomHeart, ...]) -> dict[tuple[str, int, int], str]:
    by_subject = {heart.subject: heart.slice_classes for heart in hearts}
    with project.cohort() as cohort:
        return {
            (entry.id, phase, z): str(by_subject[entry.subject][phase, z])
            for entry in cohort.entries()
            for phase in range(entry.shape[0])
            for z in range(entry.shape[1])
        }


def test_labels_are_the_phantoms_truth(project: Project, hearts: tuple[PhantomHeart, ...]) -> None:
    done = label_from_masks(project)
    truth = truth_of(project, hearts)
    with project.labels() as store:
        assert store.table("sax-range") == truth
    assert done.changes.added == len(truth)
    assert done.stacks == len(hearts)
    assert set(done.counts) == {"pool", "any"}
    assert all(sum(count.values()) == len(truth) for count in done.counts.values())
    assert done.counts["any"]["IN"] >= done.counts["pool"]["IN"]


def test_a_stack_with_its_apex_first_gets_the_same_labels(tmp_path: Path, hearts: tuple[PhantomHeart, ...]) -> None:
    project = Project.create(tmp_path / "turned")
    stack = hearts[0].stack
    assert stack.mask is not None
    turned = replace(
        stack,
        pixels=stack.pixels[:, ::-1],
        mask=np.ascontiguousarray(stack.mask[:, ::-1]),
        affines=stack.affines[::-1],
        base_first=False,
    )
    with project.cohort() as cohort:
        entry = cohort.add(FoundStack(stack=turned, subject="a", series_key="sax"))
    label_from_masks(project)
    with project.labels() as store:
        table = store.table("sax-range")
    for phase, codes in enumerate(hearts[0].slice_classes[:, ::-1]):
        assert [table[UnitKey(entry.id, phase, z)] for z in range(len(codes))] == codes.tolist()


def test_doing_it_again_adds_nothing(project: Project) -> None:
    first = label_from_masks(project)
    again = label_from_masks(project)
    assert again.changes.added == again.changes.withdrawn == 0
    assert again.changes.unchanged == first.changes.added
    with project.labels() as store:
        assert len(store.history()) == first.changes.added


def test_a_changed_mask_changes_its_labels_and_nothing_is_lost(project: Project) -> None:
    before = label_from_masks(project)
    with project.cohort() as cohort:
        entry = cohort.entries()[0]
        mask = np.array(cohort.mask(entry))
        mask[1] = 0
        mask[0, 0] = MASK_CODES["pool"]
        cohort.set_mask(entry.id, mask, [0, 1])
    after = label_from_masks(project)
    assert after.changes.withdrawn == entry.shape[1], "the phase without a pool has no labels any more"
    assert after.changes.added >= 1
    assert any(entry.id in note for note in after.notes)
    with project.labels() as store:
        assert store.table("sax-range")[UnitKey(entry.id, 0, 0)] == "IN"
        assert len(store.history()) == before.changes.added + after.changes.added + after.changes.withdrawn


def test_labels_of_masks_that_were_taken_back_are_withdrawn(
    project: Project, hearts: tuple[PhantomHeart, ...], tmp_path: Path
) -> None:
    bare = Project.create(tmp_path / "bare")
    with bare.cohort() as cohort:
        for heart in hearts:
            stack = replace(heart.stack, mask=None, mask_phases=())
            cohort.add(FoundStack(stack=stack, subject=heart.subject, series_key="sax", series="sax"))
    export_masks(project, tmp_path / "out")
    return_masks(bare, tmp_path / "out")
    labelled = label_from_masks(bare).changes.added
    undo_masks(bare)
    assert label_from_masks(bare).changes == LabelChanges(added=0, unchanged=0, withdrawn=labelled)
    assert label_status(bare).labelled == 0
    with pytest.raises(InputError, match="import masks"):
        label_from_masks(bare)


def test_two_rules_are_two_readers_and_may_disagree(project: Project) -> None:
    label_from_masks(project, "pool")
    label_from_masks(project, "any")
    status = label_status(project)
    assert set(status.readers) == {"mask:pool", "mask:any"}
    assert status.labelled + status.conflicts == status.units


def test_a_rule_says_nothing_of_masks_that_do_not_label_what_it_looks_for(project: Project) -> None:
    """Two stacks have the pool alone: `any` would take their slices of bare myocardium for empty ones."""
    whole = label_from_masks(project).counts
    with project.cohort() as cohort:
        first, *others = cohort.entries()
        for entry in others:
            mask = np.array(cohort.mask(entry))
            mask[mask != MASK_CODES["pool"]] = 0
            cohort.set_mask(entry.id, mask, entry.mask_phases, ("pool",))
    done = label_from_masks(project, "any")
    assert done.counts["pool"] == whole["pool"]
    assert done.changes.added == sum(done.counts["any"].values()) == first.shape[0] * first.shape[1]
    assert {note for note in done.notes if "does not label myocardium" in note and others[0].id in note}


def test_inner_contours_alone_label_the_pool_alone(tmp_path: Path) -> None:
    write_phantoms(tmp_path / "cine", subjects=1, layout="dicom", size=32, phases=2)
    project = Project.create(tmp_path / "beating")
    import_images(project, tmp_path / "cine" / "dicom")
    (tmp_path / "IM-0001-0001-icontour-auto.txt").write_text("4 4\n12 4\n12 12\n4 12\n")
    done = label_from_contours(project, tmp_path)
    assert set(done.labels.counts) == {"pool"}
    with project.cohort() as cohort:
        assert cohort.entry(done.stack).mask_classes == ("pool",)


def test_a_stack_without_a_known_base_is_left_out_with_a_note(project: Project) -> None:
    with project.cohort() as cohort:
        entry = cohort.entries()[0]
        cohort.set_base_first(entry.id, None)
    done = label_from_masks(project)
    assert done.stacks == 2
    assert [note for note in done.notes if entry.id in note]


def test_errors_teach(project: Project, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Available: pool"):
        label_from_masks(project, "best")
    with pytest.raises(InputError, match="import masks"):
        label_from_masks(Project.create(tmp_path / "empty"))


@pytest.mark.slow
def test_the_real_hearts_count_as_they_should(real_data: Path, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "acdc")
    assert len(import_images(project, real_data / "acdc").added) == 60
    assert label_from_masks(project).counts == {
        "pool": {"OAP": 39, "IN": 1072, "OBS": 25},
        "any": {"OAP": 27, "IN": 1084, "OBS": 25},
    }
