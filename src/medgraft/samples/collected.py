"""What all collections of samples have in common: whose they are, what they hold, a part of them."""

from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from medgraft.core.digest import digest
from medgraft.core.task import Task


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """How many units (or stacks, where the reason speaks of those) were left out, and one of them as an example."""

    reason: str
    count: int
    example: str

    @property
    def text(self) -> str:
        """How many, why, and who for example."""
        return f"{self.count} ({self.reason}), for example {self.example}"


class OfSubject(Protocol):
    """Anything that was taken of somebody."""

    @property
    def subject(self) -> str:
        """Whose it is."""
        ...


Item = TypeVar("Item", bound=OfSubject)


@dataclass(frozen=True, kw_only=True)
class Collected(Generic[Item]):
    """Samples of a task in canonical order, and what was left out and why."""

    task: Task
    items: tuple[Item, ...]
    dropped: tuple[Dropped, ...] = ()

    def __len__(self) -> int:
        """How many samples there are."""
        return len(self.items)

    @property
    def subjects(self) -> NDArray[np.str_]:
        """(N,) whose each is."""
        return np.asarray([item.subject for item in self.items], np.str_)

    @property
    def left_out(self) -> str:
        """How many were left out for which reason, in words; "" for none."""
        return "; ".join(item.text for item in self.dropped)

    @property
    def left_out_sentences(self) -> tuple[str, ...]:
        """The same for who reads results: a sentence per reason."""
        return tuple(f"Left out: {item.text}." for item in self.dropped)

    @property
    def digest(self) -> str:
        """What the samples are: equal for equal tasks, truth and pixels, however the files lay on disk."""
        return digest([self.task, self.items])

    def take(self, index: NDArray[Any]) -> Self:
        """The chosen samples, by boolean mask (N,) or by positions."""
        chosen = np.arange(len(self))[index]
        return replace(self, items=tuple(self.items[i] for i in chosen))
