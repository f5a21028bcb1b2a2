"""A patient is taken out of a project: what goes, what is named, and that nothing is half removed."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from medgraft.core.errors import MedgraftError, ProjectError
from medgraft.core.progress import Progress
from medgraft.workspace import (
    Project,
    add_reader,
    label_from_masks,
    label_status,
    list_cohort,
    open_reading,
    reading_status,
    repair_masks,
)
from medgraft.workspace.kept.lock import study_lock
from medgraft.workspace.kept.stack_removal import remove_stacks
from medgraft.workspace.stacks.lists import make_stack_list, stack_lists

#: A removal that tells of each step, and waits for a line before the next one.
SCRIPT = """
import sys
from medgraft.workspace import Project
from medgraft.workspace.kept.stack_removal import remove_stacks
def wait(progress):
    print(progress.detail, flush=True)
    sys.stdin.readline()
project = Project.open(sys.argv[1])
print("ready", flush=True)
remove_stacks(project, subjects=[sys.argv[2]], for_good=True, report=wait)
"""
STEPS = ["images and masks", "labels", "worklists", "cache", "done"]


@pytest.fixture
def full(project: Project) -> Project:
    """The three hearts with labels, a round, two worklists, something in the cache, and masks of before."""
    label_from_masks(project)
    for reader in ("ana", "bo"):
        add_reader(project, reader)
    open_reading(project, "first", readers=["ana", "bo"])
    first, second, _ = list_cohort(project).stacks
    make_stack_list(project, "both", [first.id, second.id], by="ana")
    make_stack_list(project, "one", [first.id], by="ana")
    repair_masks(project, ["closing:3"])
    (project.cache / "volumes-0").mkdir(parents=True)
    (project.cache / "volumes-0" / "0.npy").write_bytes(b"pixels")
    return project


def check_gone(project: Project, stack: str) -> None:
    """Nothing of it is listed or lies there; what is of others is all there."""
    assert stack not in {row.id for row in list_cohort(project).stacks}
    assert len(list_cohort(project).stacks) == 2
    assert not [path for path in project.root.rglob("*") if stack in path.name]
    assert [item.name for item in stack_lists(project)] == ["both"]
    assert not any(stack in item.stacks for item in stack_lists(project))
    assert reading_status(project, "first").stacks == 2
    assert not project.cache.exists()
    assert not (project.root / "removing.json").exists()
    with project.labels() as store:
        assert stack not in {event.unit.stack for event in store.history()}
    status = label_status(project)
    assert status.labelled == status.units > 0
    assert status.elsewhere == 0


def test_it_is_shown_first_and_then_done(full: Project) -> None:
    row = list_cohort(full).stacks[0]
    before = sorted(path for path in full.root.rglob("*") if path.is_file())
    shown = remove_stacks(full, subjects=[row.subject])
    assert sorted(path for path in full.root.rglob("*") if path.is_file()) == before
    (item,) = shown.stacks
    assert (item.id, item.labels, shown.removed) == (row.id, row.phases * row.slices, False)
    assert item.files == sum(row.id in path.name for path in before)
    assert item.bytes == sum(path.stat().st_size for path in before if row.id in path.name)
    assert (shown.subjects, shown.rounds, set(shown.worklists)) == ((row.subject,), ("first",), {"both", "one"})
    assert (shown.cache_bytes, shown.seen_by) == (6, ())
    told: list[Progress] = []
    done = remove_stacks(full, subjects=[row.subject], for_good=True, report=told.append)
    assert done.stacks == shown.stacks
    assert done.removed
    assert [progress.detail for progress in told] == STEPS
    check_gone(full, row.id)


def test_one_stack_of_a_subject_goes_alone(full: Project) -> None:
    row = list_cohort(full).stacks[0]
    with full.cohort() as cohort:
        entry = cohort.entry(row.id)
        mask = cohort.mask(entry)
        assert mask is not None
    done = remove_stacks(full, stacks=[row.id], for_good=True)
    assert done.subjects == (row.subject,)
    check_gone(full, row.id)
    with full.cohort() as cohort:
        assert not cohort.was_removed(row.subject)
    assert np.asarray(mask).any()  # who still reads it is not cut off


@pytest.mark.slow
@pytest.mark.parametrize("steps", range(len(STEPS) - 1))
def test_killed_at_any_step_the_next_opening_finishes(full: Project, steps: int) -> None:
    row = list_cohort(full).stacks[0]
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, full.root, row.subject], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for step in STEPS[: steps + 1]:
            assert process.stdout.readline() == f"{step}\n"
            if step != STEPS[steps]:
                process.stdin.write("\n")
                process.stdin.flush()
        process.kill()
    check_gone(Project.open(full.root), row.id)


def test_decided_and_killed_before_anything_went_it_goes_as_a_whole(full: Project) -> None:
    row = list_cohort(full).stacks[0]
    decided = {"stacks": [row.id], "subjects": [row.subject], "when": "2026-11-21T12:00:00+00:00"}
    (full.root / "removing.json").write_text(json.dumps(decided))
    check_gone(Project.open(full.root), row.id)
    (full.root / "removing.json").write_text("{")
    with pytest.raises(ProjectError, match=r"removing\.json, got a damaged file"):
        Project.open(full.root)


def test_mistakes_are_told_and_remove_nothing(full: Project) -> None:
    for wrong in ({"stacks": ["0" * 16]}, {"subjects": ["nobody"]}, {}):
        with pytest.raises(MedgraftError, match="medgraft cohort lists them"):
            remove_stacks(full, **wrong, for_good=True)
    assert len(list_cohort(full).stacks) == 3


def test_while_something_runs_nothing_is_removed(full: Project) -> None:
    folder = full.studies / "running"
    folder.mkdir(parents=True)
    (folder / "study.yaml").touch()
    subject = list_cohort(full).stacks[0].subject
    with study_lock(folder, timeout=1):
        assert not remove_stacks(full, subjects=[subject]).removed
        with pytest.raises(ProjectError, match="running at work"):
            remove_stacks(full, subjects=[subject], for_good=True)
    assert len(list_cohort(full).stacks) == 3


def test_studies_and_curves_that_learned_from_it_are_named(full: Project) -> None:
    """By the stack's id or the subject's name, in whatever text they left."""
    row, other, _ = list_cohort(full).stacks
    written = {
        "studies/a/study.yaml": "",
        "studies/a/results/m/out_of_fold.csv": f"subject,stack\n{row.subject},{row.id}\n",
        "studies/a/report/report.html": f"<td>{row.subject}</td>",
        "studies/b/study.yaml": "",
        "studies/b/results/m/test.csv": f"{other.subject},{other.id}, not{row.id}, {row.subject}-2\n",
        "curves/c/curve.yaml": "",
        "curves/c/models/m/package.json": json.dumps({"stacks": [row.id]}),
    }
    for name, text in written.items():
        path = full.root / Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    seen = remove_stacks(full, subjects=[row.subject], for_good=True).seen_by
    assert [(saw.kind, saw.name, saw.files) for saw in seen] == [
        ("study", "a", ("studies/a/report/report.html", "studies/a/results/m/out_of_fold.csv")),
        ("curve", "c", ("curves/c/models/m/package.json",)),
    ]
    assert all((full.root / name).read_text() == text for name, text in written.items())
