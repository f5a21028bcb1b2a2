"""Where the time of some code goes: shares of its seconds by what it was spent on."""

import cProfile
import pstats
import time
from collections.abc import Mapping, Sequence

from benchmarks.ours import READING, UPDATING

#: What a share is called, and the functions (end of the file's path, name) whose time with all they call is counted.
_GROUPS: Mapping[str, Sequence[tuple[str, str]]] = {
    "reading": READING,
    "optimizer": UPDATING,
    "backward": (("~", "<method 'run_backward' of 'torch._C._EngineBase' objects>"),),
}


class Profiled:
    """Starts and stops around what is to be looked at; profiling makes small steps slower, so it is never timed."""

    def __init__(self) -> None:
        self._profile = cProfile.Profile()
        self._started = 0.0
        self._seconds = 0.0

    def start(self) -> None:
        """From here on."""
        self._started = time.perf_counter()
        self._profile.enable()

    def stop(self) -> None:
        """Up to here."""
        self._profile.disable()
        self._seconds += time.perf_counter() - self._started

    @property
    def shares(self) -> dict[str, float]:
        """Shares of the time; "forward and the rest" is what no group claims."""
        if not self._seconds:
            return {}
        stats = pstats.Stats(self._profile).stats  # type: ignore[attr-defined]  # typeshed leaves it out
        shares = {
            group: sum(_cumulative(stats, file, name) for file, name in functions) / self._seconds
            for group, functions in _GROUPS.items()
        }
        return shares | {"forward and the rest": max(0.0, 1 - sum(shares.values()))}


def _cumulative(
    stats: Mapping[tuple[str, int, str], tuple[int, int, float, float, object]], file: str, name: str
) -> float:
    """Cumulative seconds of a function, by the end of its file's path."""
    return sum(times[3] for (path, _, function), times in stats.items() if path.endswith(file) and function == name)
