"""How commands say what they left out of many stacks or cases."""

from collections.abc import Iterable, Sequence

from medgraft.cli.output import write_line
from medgraft.core.counted import counted

#: Names that stand for all of a reason.
_SHOWN = 3


def write_left_out(found: Iterable[tuple[str, str]], noun: str, *, where: str) -> None:
    """A line per reason: how many were left out for it, and the first of them.

    Args:
        found: name and reason of each.
        noun: what each is.
        where: all names are, for reasons of which not all are shown.
    """
    names: dict[str, list[str]] = {}
    for name, reason in found:
        names.setdefault(reason, []).append(name)
    for reason, own in names.items():
        write_line(f"left out, {counted(len(own), noun)}: {reason} ({first_of(own)})")
    if any(len(own) > _SHOWN for own in names.values()):
        write_line(f"every one of them: {where}")


def first_of(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are.

    >>> first_of(["A", "B", "C", "D"])
    'A, B, C and 1 more'
    """
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
