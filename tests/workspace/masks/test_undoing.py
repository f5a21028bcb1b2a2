"""What was done to masks is taken back, act by act, and a process that is killed meanwhile loses nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from medgraft.cohort import Cohort
from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError, ProjectError
from medgraft.core.task import MASK_CODES
from medgraft.labels import ContourMasks
from medgraft.workspace import Project, repair_masks, undo_masks
from medgraft.workspace.masks.acts import MaskAct
from medgraft.workspace.masks.filling import put_contours

CLOSING = ["closing:3:in-plane"]


def labelled(project: Project) -> list[tuple[Any, ...]]:
    """Of every stack: its mask, and what the index says of it."""
    with project.cohort() as cohort:
        return [
            (entry.id, entry.mask_phases, entry.mask_classes, np.array(cohort.mask(entry)).tolist())
            for entry in cohort.entries()
        ]


def first(project: Project) -> StackEntry:
    with project.cohort() as cohort:
        return cohort.entries()[0]


def start(project: Project, *phases: int) -> None:
    """The first stack has a mask of pool and wall at some phases."""
    with project.cohort() as cohort:
        cohort.set_mask(first(project).id, drawn(project, *phases), phases, ("pool", "myocardium"))


def fill(project: Project, mask: NDArray[np.uint8], *, replace: bool = False) -> None:
    """Contours of pool and wall at the phases that a mask shows, put in the first stack."""
    phases = tuple(int(phase) for phase in np.flatnonzero(mask.any(axis=(1, 2, 3))))
    filled = ContourMasks(mask=mask, phases=phases, classes=("pool", "myocardium"), notes=())
    with project.cohort() as cohort:
        put_contours(MaskAct(cohort=cohort, what="contours"), cohort.entries()[0], filled, replace=replace)


def drawn(project: Project, *phases: int) -> NDArray[np.uint8]:
    mask = np.zeros(first(project).shape, np.uint8)
    mask[list(phases), :, 8:20, 8:20] = MASK_CODES["myocardium"]
    mask[list(phases), :, 10:18, 10:18] = MASK_CODES["pool"]
    return mask


def test_a_repair_of_many_stacks_is_taken_back_as_one(project: Project) -> None:
    before = labelled(project)
    repaired = [one for one in repair_masks(project, CLOSING).stacks if one.before]
    assert len(repaired) > 1
    done = undo_masks(project)
    assert labelled(project) == before
    assert [one.stack for one in done.stacks] == [one.stack for one in repaired]
    assert {one.what for one in done.stacks} == {"repair: closing"}
    changed = {one.stack: sum(change.added for change in one.changes) for one in repaired}
    assert {one.stack: one.voxels for one in done.stacks} == changed
    with pytest.raises(InputError, match="got none in this project"):
        undo_masks(project)


def test_again_and_again_it_walks_back_also_where_masks_come_twice(project: Project) -> None:
    """A mask that was put back and forth is the same as before, and yet not the same act."""
    start(project, 0)
    masks = [drawn(project, 0), drawn(project, 0, 1), drawn(project, 0)]
    masks[2][0, 0] = 0
    states = [labelled(project)]
    for mask in (masks[2], masks[0], masks[2], masks[1], masks[0]):
        fill(project, mask, replace=True)
        states.append(labelled(project))
    for state in reversed(states[:-1]):
        undo_masks(project)
        assert labelled(project) == state


def test_of_named_stacks_the_last_act_of_each_is_taken_back(project: Project) -> None:
    before = labelled(project)
    one, two = [stack.stack for stack in repair_masks(project, CLOSING, dry_run=True).stacks if stack.changes][:2]
    repair_masks(project, CLOSING, [one])
    between = labelled(project)
    repair_masks(project, CLOSING, [two])
    after = labelled(project)
    undo_masks(project, [one, one])
    now = {row[0]: row for row in labelled(project)}
    assert now[one] in before
    assert now[one] not in between
    assert now[two] in after
    assert now[two] not in before
    with pytest.raises(InputError, match=one):
        undo_masks(project, [one])
    undo_masks(project)
    assert labelled(project) == before


def test_phases_that_were_added_are_without_a_mask_again_and_nothing_is_kept_twice(project: Project) -> None:
    start(project, 0)
    before = labelled(project)
    fill(project, drawn(project, 1))
    assert first(project).mask_phases == (0, 1)
    assert not (project.root / "masks" / "before").exists()
    assert undo_masks(project).stacks[0].phases == 1
    assert labelled(project) == before


def test_tried_only_nothing_changes(project: Project) -> None:
    repair_masks(project, CLOSING)
    files = {path: path.read_bytes() for path in (project.root / "masks").rglob("*.*")}
    tried = undo_masks(project, dry_run=True)
    assert {path: path.read_bytes() for path in (project.root / "masks").rglob("*.*")} == files
    assert tried.stacks == undo_masks(project).stacks


def test_a_mask_that_was_changed_by_other_means_is_left_as_it_is(project: Project) -> None:
    done = repair_masks(project, CLOSING)
    mine = drawn(project, 0)
    entry = first(project)
    with project.cohort() as cohort:
        cohort.set_mask(entry.id, mine, [0], entry.mask_classes)
    undone = undo_masks(project)
    (reason,) = undone.left_out
    assert entry.id in reason
    assert str(done.stacks[0].before) in reason
    assert entry.id not in {one.stack for one in undone.stacks}
    assert labelled(project)[0][3] == mine.tolist()
    with pytest.raises(InputError, match="changed by other means"):
        undo_masks(project)


def test_a_record_that_is_damaged_is_named(project: Project) -> None:
    repair_masks(project, CLOSING, [first(project).id])
    (record,) = (project.root / "masks" / "acts").rglob("*.json")
    record.write_text("{}")
    with pytest.raises(ProjectError, match=f"1/{first(project).id}.json"):
        undo_masks(project)


def test_what_was_done_to_a_stack_that_is_gone_is_passed_over(project: Project) -> None:
    before = labelled(project)
    repair_masks(project, CLOSING, [first(project).id])
    (record,) = (project.root / "masks" / "acts").rglob("*.json")
    gone = record.parents[1] / "2" / "0123456789abcdef.json"
    gone.parent.mkdir()
    gone.write_text(record.read_text().replace(record.stem, gone.stem).replace('"act": 1', '"act": 2'))
    undo_masks(project)
    assert labelled(project) == before


class Killed(BaseException):
    """Ends a verb where it is."""


@pytest.fixture
def killed_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """Runs a verb until its nth step that changes the disk; gives whether it came that far."""

    def run(n: int, verb: Callable[[], object]) -> bool:
        left = iter(range(n))

        def dying(step: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                if next(left, None) is None:
                    raise Killed
                return step(*args, **kwargs)

            return call

        with monkeypatch.context() as patch:
            for owner, name in ((Path, "replace"), (Path, "mkdir"), (Path, "unlink"), (Cohort, "_update")):
                patch.setattr(owner, name, dying(getattr(owner, name)))
            try:
                verb()
            except Killed:
                return True
        return False

    return run


@pytest.mark.parametrize("replace", [True, False], ids=["replaced", "added"])
def test_killed_anywhere_it_can_be_taken_back_and_no_mask_is_lost(
    project: Project, killed_at: Callable[..., bool], *, replace: bool
) -> None:
    """Killed while contours are put, then while that is taken back, at every step: done again, all is as it was."""
    start(project, 0, *([1] if replace else []))
    new = drawn(project, 1)
    new[1, 0] = 0
    before, n_put, n_undo = labelled(project), 0, 0
    while killed_at(n_put, lambda: fill(project, new, replace=replace)):
        n_put += 1
        if list((project.root / "masks" / "acts").rglob("*.json")):
            undo_masks(project)
        assert labelled(project) == before
    after = labelled(project)
    assert after != before
    while killed_at(n_undo, lambda: undo_masks(project)):
        n_undo += 1
        masks = [row[3] for row in labelled(project)]
        assert masks in ([row[3] for row in before], [row[3] for row in after])
    assert labelled(project) == before
    assert min(n_put, n_undo) >= 3


def test_a_stack_whose_first_mask_was_never_written_has_none_again(
    project: Project, killed_at: Callable[..., bool]
) -> None:
    entry = first(project)
    with project.cohort() as cohort:
        cohort.set_mask(entry.id, np.zeros(entry.shape, np.uint8), [])
        cohort.mask_arrays.path(entry.id).unlink()
    mask, n = drawn(project, 0), 0
    while not list((project.root / "masks" / "acts").rglob("*.json")):
        killed_at(n, lambda: fill(project, mask))
        n += 1
    assert not (project.root / "masks" / f"{entry.id}.npy").exists()
    (one,) = undo_masks(project).stacks
    assert (one.phases, one.voxels) == (0, 0)
    assert first(project).mask_phases == ()
