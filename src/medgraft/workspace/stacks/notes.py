"""The repair log beside the stacks it speaks about."""

from collections.abc import Mapping
from dataclasses import dataclass

from medgraft.cohort import speaks_about
from medgraft.core.cohort import ImportNote
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class StackNotes:
    """by_stack: notes on a stack's files, by its id. others: notes on files that are part of no stack."""

    by_stack: Mapping[str, tuple[ImportNote, ...]]
    others: tuple[ImportNote, ...]


def notes_of_stacks(project: Project) -> StackNotes:
    """Each note of the imports beside every stack whose source it names, or else among the others."""
    with project.cohort() as cohort:
        entries, notes = cohort.entries(), tuple(dict.fromkeys(cohort.notes()))
    by_stack = {entry.id: tuple(note for note in notes if speaks_about(note, entry)) for entry in entries}
    told = {note for some in by_stack.values() for note in some}
    return StackNotes(by_stack=by_stack, others=tuple(note for note in notes if note not in told))
