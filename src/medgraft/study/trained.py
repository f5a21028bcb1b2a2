"""What a training left, before it is kept: plain values that any worker can send."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from medgraft.training import History


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """A finished training.

    identity: names it. history: its curves. facts: what it was, for people.
    state: trained tensors to keep, or None. seconds: how long it took; outside what repeats byte for byte.
    """

    identity: str
    history: History
    facts: Mapping[str, Any]
    state: Mapping[str, NDArray[Any]] | None
    seconds: float
