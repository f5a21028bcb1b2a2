"""The stacks that somebody asks for by their ids."""

from collections.abc import Sequence

from medgraft.cohort import Cohort
from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError


def chosen_entries(cohort: Cohort, stacks: Sequence[str]) -> list[StackEntry]:
    """The stacks of some ids, all if none are given. Raises `InputError` for an unknown one."""
    return [cohort.entry(stack) for stack in dict.fromkeys(stacks)] or list(cohort.entries())


def chosen_masked(cohort: Cohort, stacks: Sequence[str]) -> list[StackEntry]:
    """The same, all with a mask if none are given. Raises `InputError` for one without, and where there is none."""
    chosen = chosen_entries(cohort, stacks)
    masked = [entry for entry in chosen if entry.mask_phases]
    if not masked or (stacks and len(masked) < len(chosen)):
        without = ", ".join(entry.id for entry in chosen if not entry.mask_phases) if stacks else "none in this project"
        raise InputError(
            f"Expected stacks with masks, got {without}. Do: import masks, or fill them from contours; to write what a "
            "model sees, name a model that segments."
        )
    return masked
