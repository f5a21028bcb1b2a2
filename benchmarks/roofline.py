"""Roofline: which share of the machine's measured peak the prefix pass and the training step reach, from depth 1."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.depth_one import Parts, measured_parts
from benchmarks.place import Place
from benchmarks.result import Measured, Result, more_is_better, not_run


@dataclass(frozen=True, kw_only=True)
class Roofline:
    """The piece; it computes nothing itself."""

    def measure(self, place: Place) -> Measured:
        """Two lines per network that was measured at depth 1."""
        lines = tuple(line for parts in measured_parts(place) for line in _lines(parts))
        missing = not_run("roofline", "GFLOP/s", "needs the pieces depth1-<network>")
        return Measured(results=lines or (missing,))


def _lines(parts: Parts) -> Iterator[Result]:
    work, peak = parts.work, parts.peak
    peak_note = (
        f"peer is the peak of a large float32 product or convolution in the same process; copy {peak.gbytes:.3g} GB/s"
    )
    yield more_is_better(
        f"roofline, {parts.network}: prefix pass",
        work.prefix_gflop / parts.row_s,
        peak.gflops,
        "GFLOP/s",
        f"with rendering and writing; layer by layer it moves {work.prefix_mbytes:.3g} MB a picture "
        f"({1e3 * work.prefix_gflop / work.prefix_mbytes:.3g} FLOP/byte), so at best {_roof(parts):.3g} GFLOP/s "
        f"unless layers are fused: {work.prefix_gflop / parts.row_s / _roof(parts):.0%} of that; {peak_note}",
    )
    yield more_is_better(
        f"roofline, {parts.network}: training from the cache",
        parts.epoch_gflop / parts.epoch_s,
        peak.gflops,
        "GFLOP/s",
        f"depth 1, whole epochs with reading, updates and validation; {peak_note}",
    )


def _roof(parts: Parts) -> float:
    """GFLOP/s that compute and memory allow one after the other's limit: the lower of the two."""
    intensity = 1e3 * parts.work.prefix_gflop / parts.work.prefix_mbytes  # FLOP per byte
    return min(parts.peak.gflops, intensity * parts.peak.gbytes)
