"""What a user knows about images and their source did not say."""

from collections.abc import Mapping

from medgraft.core.errors import InputError
from medgraft.workspace.project import Project
from medgraft.workspace.stacks.cohort_list import StackRow


def correct_stack(
    project: Project, stack: str, *, phases: Mapping[str, int] | None = None, base_first: bool | None = None
) -> StackRow:
    """Name the phases of a stack, or say at which end the base of the heart is; None leaves things as they are.

    Args:
        project: where the stack is.
        stack: its id.
        phases: for example {"ed": 0, "es": 9}, indices from 0, in place of the names so far.
        base_first: True if slice 0 is the base, False if the last slice is.

    Raises:
        InputError: no such stack, or an index outside it.
    """
    with project.cohort() as cohort:
        entry = cohort.entry(stack)
        if phases is not None:
            entry = cohort.set_phases(stack, phases)
        if base_first is not None:
            entry = cohort.set_base_first(stack, base_first)
    return StackRow.of(entry)


def correct_subject(
    project: Project, subject: str, *, site: str | None = None, split: str | None = None
) -> tuple[StackRow, ...]:
    """Say where a subject was imaged, or which split it is in, for all of its stacks; None leaves things as they are.

    Raises `InputError` for an unknown subject.
    """
    with project.cohort() as cohort:
        if not cohort.entries(subject):
            known = cohort.subjects()
            few = ", ".join([*known[:10], *(["..."] if known[10:] else [])]) or "none"
            raise InputError(f"Expected a subject of this project, got {subject!r}. Available: {few}.")
        if site is not None:
            cohort.set_site(subject, site)
        if split is not None:
            cohort.set_split(subject, split)
        return tuple(StackRow.of(entry) for entry in cohort.entries(subject))
