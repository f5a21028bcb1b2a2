"""What pictures of a stack say above it."""

from medgraft.core.cohort import StackEntry


def stack_caption(entry: StackEntry) -> str:
    """Whose stack it is and, where that is called otherwise, which series."""
    return " ".join(dict.fromkeys(filter(None, (entry.subject, entry.series))))


def phase_caption(entry: StackEntry, phase: int) -> str:
    """A phase as people call it: such as "ED", or "phase 3" where it has no name."""
    name = entry.phase_name(phase)
    return f"phase {name}" if name.isdigit() else name.upper()
