"""What a user knows about images and their source did not say."""

from collections.abc import Mapping

from medgraft.cohort import Cohort, Spacing, millimetres, same_spacing
from medgraft.core.cohort import ImportNote, StackEntry
from medgraft.core.errors import InputError
from medgraft.workspace.project import Project
from medgraft.workspace.stacks.cohort_list import StackRow


def correct_stack(
    project: Project,
    stack: str,
    *,
    phases: Mapping[str, int] | None = None,
    base_first: bool | None = None,
    spacing: Spacing | None = None,
) -> StackRow:
    """Name the phases of a stack, say at which end the base of the heart is, or its spacing; None leaves it as it is.

    Args:
        project: where the stack is.
        stack: its id.
        phases: for example {"ed": 0, "es": 9}, indices from 0, in place of the names so far.
        base_first: True if slice 0 is the base, False if the last slice is.
        spacing: (z, y, x) in mm, whatever the source says; z is between slices. The repair log tells of it.

    Raises:
        InputError: no such stack, an index outside it, or a spacing that nothing can have.
    """
    with project.cohort() as cohort:
        entry = cohort.entry(stack)
        if spacing is not None:
            entry = _space(cohort, entry, spacing)
        if phases is not None:
            entry = cohort.set_phases(stack, phases)
        if base_first is not None:
            entry = cohort.set_base_first(stack, base_first)
    return StackRow.of(entry)


def correct_subject(
    project: Project,
    subject: str,
    *,
    site: str | None = None,
    split: str | None = None,
    spacing: Spacing | None = None,
) -> tuple[StackRow, ...]:
    """Say where a subject was imaged, in which split it is, or a spacing, for all its stacks; None leaves it as it is.

    spacing: (z, y, x) in mm of the stacks whose source says none; the others keep theirs.

    Raises `InputError` for an unknown subject, a spacing that nothing can have, or where all sources say theirs.
    """
    with project.cohort() as cohort:
        if not cohort.entries(subject):
            known = cohort.subjects()
            few = ", ".join([*known[:10], *(["..."] if known[10:] else [])]) or "none"
            raise InputError(f"Expected a subject of this project, got {subject!r}. Available: {few}.")
        if spacing is not None:
            for entry in _without_spacing(cohort, subject):
                _space(cohort, entry, spacing)
        if site is not None:
            cohort.set_site(subject, site)
        if split is not None:
            cohort.set_split(subject, split)
        return tuple(StackRow.of(entry) for entry in cohort.entries(subject))


def _without_spacing(cohort: Cohort, subject: str) -> list[StackEntry]:
    entries = cohort.entries(subject)
    found = [entry for entry in entries if cohort.spacing_of_source(entry.id) is None]
    if not found:
        raise InputError(
            f"Expected a stack of {subject} whose source says no spacing, got none. Do: name the stack, to put another "
            f"in place of what its source says: {', '.join(entry.id for entry in entries)}."
        )
    return found


def _space(cohort: Cohort, entry: StackEntry, spacing: Spacing) -> StackEntry:
    with cohort.in_one_step():
        changed = cohort.set_spacing(entry.id, spacing)
        if not same_spacing(spacing, entry.spacing):
            before = f"instead of {millimetres(entry.spacing)}" if entry.spacing else "which its source does not say"
            text = f"Its spacing is {millimetres(spacing)}, as the user says, {before}."
            code = "spacing-overridden" if cohort.spacing_of_source(entry.id) else "spacing-given"
            note = ImportNote(kind="repaired", code=code, where=entry.id, text=text)
            cohort.log([note], source=entry.source, act="correct")
    return changed
