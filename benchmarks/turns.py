"""Turns: our epochs are timed while a study runs, and the peer's in between, so that noise falls on both."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.profiled import Profiled
from medgraft.core.progress import Progress

#: The peer takes a turn after each of our trials until it had this many, or two and this many seconds.
_TURNS, _TURN_SECONDS = 3, 20.0


@dataclass(kw_only=True)
class TurnClock:
    """A `Report` that times our second epochs and our fill, and gives the peer its turn after each trial.

    The last trial of the grid is profiled instead of timed; the fit on all data comes after it and is not looked at.
    """

    n_trials: int
    peer: Callable[[], float]
    epochs: list[float] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)
    fills: list[tuple[float, int]] = field(default_factory=list)
    profiled: Profiled = field(default_factory=Profiled)
    _trials: int = 0
    _since: float = 0.0
    _started: float = field(default_factory=time.perf_counter)

    def __call__(self, progress: Progress) -> None:
        """Take a time; give the peer its turn where a trial has ended."""
        now = time.perf_counter()
        if progress.stage == "frozen features":
            self.fills.append((now, progress.done))
        elif progress.stage == "epochs" and self._trials < self.n_trials:
            self._epoch(progress, now)

    @property
    def row_s(self) -> float:
        """Seconds of one row of the fill, from its first report to its last; of a fill in one go, from the start."""
        begun = self.fills[0] if len(self.fills) > 1 else (self._started, 0)
        (start, first), (end, last) = begun, self.fills[-1]
        return (end - start) / (last - first)

    def _epoch(self, progress: Progress, now: float) -> None:
        is_last_trial = self._trials == self.n_trials - 1
        if progress.done == progress.total:
            self._trials += 1
            if is_last_trial:
                self.profiled.stop()
                return
            self.epochs.append(now - self._since)
            if len(self.turns) < 2 or (len(self.turns) < _TURNS and sum(self.turns) < _TURN_SECONDS):
                self.turns.append(self.peer())
        elif is_last_trial:
            self.profiled.start()
        self._since = time.perf_counter()
