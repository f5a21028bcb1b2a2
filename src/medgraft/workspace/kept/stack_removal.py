"""Stacks and subjects taken out of a project for good, as when a patient withdraws consent."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from medgraft.cohort import Cohort
from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.progress import Report, silent
from medgraft.labels import LabelStore, Readings
from medgraft.workspace.kept.cache import check_at_rest, project_cache
from medgraft.workspace.kept.study_list import all_states
from medgraft.workspace.project import Project
from medgraft.workspace.stacks.erasing import Erasure, decide, erase
from medgraft.workspace.stacks.lists import stack_lists

#: Files of studies and learning curves that are read for ids; others are weights and pictures.
_TEXTS = {".csv", ".html", ".json", ".yaml"}


@dataclass(frozen=True, kw_only=True)
class RemovedStack:
    """One stack that goes. files, bytes: its pixels, mask and masks of before. labels: that count now, of all tasks."""

    id: str
    subject: str
    series: str
    files: int
    bytes: int
    labels: int


@dataclass(frozen=True, kw_only=True)
class SawStacks:
    """A study or a learning curve that saw what goes. files: those that name it, relative to the project."""

    kind: Literal["study", "curve"]
    name: str
    files: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StackRemoval:
    """What goes, or went.

    removed: whether it is gone; if not, it was only looked at. subjects: of whom nothing is left. rounds, worklists:
    names of those that the stacks are in. cache_bytes: the cache goes as a whole, and is computed again. seen_by: what
    stays, and learned from the stacks.
    """

    removed: bool
    stacks: tuple[RemovedStack, ...]
    subjects: tuple[str, ...]
    rounds: tuple[str, ...]
    worklists: tuple[str, ...]
    cache_bytes: int
    seen_by: tuple[SawStacks, ...]


def remove_stacks(
    project: Project,
    *,
    stacks: Sequence[str] = (),
    subjects: Sequence[str] = (),
    for_good: bool = False,
    report: Report = silent,
) -> StackRemoval:
    """Take stacks, or all stacks of subjects, out of a project: images, masks, labels, lists, what was computed.

    Killed at any moment, either nothing has gone or the rest goes when the project is next opened. What is imported
    later stays out if it is one of the stacks, or of a subject that was removed as such, unless it is brought back.
    Studies, learning curves and models are not changed: `seen_by` names those that learned from it.

    Args:
        project: where they are.
        stacks: ids.
        subjects: of whom everything goes, and nothing is to come in again.
        for_good: do it; otherwise only say what would go.
        report: is told of each step.

    Raises:
        InputError: no such stack or subject, or none named.
        ProjectError: a study or a learning curve runs.
    """
    with project.cohort() as cohort:
        entries = _chosen(cohort, stacks, subjects)
        ids = {entry.id for entry in entries}
        whole = {entry.subject for entry in entries} - {
            other.subject for other in cohort.entries() if other.id not in ids
        }
        files = {entry.id: cohort.files_of(entry.id) for entry in entries}
    with project.labels() as store:
        labels = {entry.id: _labels(store, entry.id) for entry in entries}
        rounds = tuple(reading.name for reading in Readings(store=store).all() if ids.intersection(reading.stacks))
    found = StackRemoval(
        removed=for_good,
        stacks=tuple(_removed(entry, files[entry.id], labels[entry.id]) for entry in entries),
        subjects=tuple(sorted(whole)),
        rounds=rounds,
        worklists=tuple(item.name for item in stack_lists(project) if ids.intersection(item.stacks)),
        cache_bytes=project_cache(project).bytes,
        seen_by=_seen_by(project, ids, whole),
    )
    if for_good:
        check_at_rest(project)
        when = datetime.now(UTC).isoformat(timespec="seconds")
        erasure = Erasure(stacks=tuple(sorted(ids)), subjects=tuple(dict.fromkeys(subjects)), when=when)
        decide(project.root, erasure)
        erase(project.root, erasure, project.cohort, project.labels, report)
    return found


def _chosen(cohort: Cohort, stacks: Sequence[str], subjects: Sequence[str]) -> tuple[StackEntry, ...]:
    if not (stacks or subjects):
        raise InputError("Expected stacks or subjects to remove, got none. Do: medgraft cohort lists them.")
    if unknown := sorted(set(subjects) - set(cohort.subjects())):
        raise InputError(f"Expected subjects of this project, got {unknown[0]!r}. Do: medgraft cohort lists them.")
    named = {cohort.entry(stack).id for stack in stacks}
    return tuple(entry for entry in cohort.entries() if entry.id in named or entry.subject in subjects)


def _removed(entry: StackEntry, files: Sequence[Path], labels: int) -> RemovedStack:
    return RemovedStack(
        id=entry.id,
        subject=entry.subject,
        series=entry.series,
        files=len(files),
        bytes=sum(file.stat().st_size for file in files),
        labels=labels,
    )


def _labels(store: LabelStore, stack: str) -> int:
    """How many labels of a stack count now."""
    return sum(len(store.current(task, stack=stack)) for task in store.tasks())


def _seen_by(project: Project, ids: Collection[str], subjects: Collection[str]) -> tuple[SawStacks, ...]:
    # A subject whose id is a mere number would be found in every table; its stacks' ids are beside it there.
    names = [*ids, *(subject for subject in subjects if not subject.isdecimal())]
    named = re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in names))
    found = ((state, _naming(project.root, state.folder, named)) for state in all_states(project))
    return tuple(SawStacks(kind=state.kind, name=state.name, files=files) for state, files in found if files)


def _naming(root: Path, folder: str, named: re.Pattern[str]) -> tuple[str, ...]:
    texts = (path for path in sorted((root / folder).rglob("*")) if path.suffix in _TEXTS and path.is_file())
    return tuple(
        path.relative_to(root).as_posix() for path in texts if named.search(path.read_text("utf-8", errors="replace"))
    )
