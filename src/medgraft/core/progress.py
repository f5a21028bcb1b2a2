"""Progress of long work, as a value: verbs yield or call back with it, the command line and the app draw it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Progress:
    """`done` of `total` steps of `stage` are finished; `total` is 0 while it is not known."""

    stage: str
    done: int
    total: int
    detail: str = ""


Report = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """A `Report` that shows nothing: the default everywhere."""
