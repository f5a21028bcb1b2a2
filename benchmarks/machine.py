"""What this machine can do, measured: the largest rates that the roofline compares with."""

import os
import platform
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import torch
from torch.nn.functional import conv2d

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, kw_only=True)
class Peak:
    """Measured maxima.

    gflops: of a large float32 product or convolution, whichever is quicker: they come from different libraries.
    gbytes: per second, read and written, of a large copy.
    """

    gflops: float
    gbytes: float


def measured_peak(device: str = "cpu") -> Peak:
    """The best of some repetitions, as the process is set up now."""
    side, length = (8192, 2**28) if device == "cuda" else (2048, 2**26)
    a, b = torch.rand((side, side), device=device), torch.rand((side, side), device=device)
    source = torch.rand(length, device=device)
    target = torch.empty_like(source)
    images = torch.rand((8, 256, 56, 56), device=device).to(memory_format=torch.channels_last)
    kernels = torch.rand((256, 256, 3, 3), device=device).to(memory_format=torch.channels_last)
    product = 2 * side**3 / _best(lambda: torch.mm(a, b), device)
    convolution = 2 * images.numel() * kernels[0].numel() / _best(lambda: conv2d(images, kernels, padding=1), device)
    copy = _best(lambda: target.copy_(source), device)
    return Peak(gflops=max(product, convolution) / 1e9, gbytes=2 * source.nbytes / copy / 1e9)


def describe(threads: int) -> str:
    """The machine in a line, for the table's heading."""
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{_processor()}, {threads} of {os.cpu_count()} cores{gpu}; torch {torch.__version__}"


class PeakMemory:
    """The most memory (MB) of this process while the context is open; 0 where the system does not say.

    megabytes: anonymous. mapped: pages of memory-mapped files, which the system takes back when it needs them.
    """

    def __init__(self, every_s: float = 0.02) -> None:
        self.megabytes, self.mapped = 0.0, 0.0
        self._every_s = every_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(self._every_s):
            self.megabytes = max(self.megabytes, _status_megabytes("RssAnon"))
            self.mapped = max(self.mapped, _status_megabytes("RssFile"))


def peak_resident_megabytes() -> float:
    """The most that this process ever had in memory, mapped files included (MB)."""
    return _status_megabytes("VmHWM")


def _status_megabytes(name: str) -> float:
    if not _STATUS.exists():
        return 0.0
    lines = [line for line in _STATUS.read_text().splitlines() if line.startswith(f"{name}:")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0


def _best(work: Callable[[], object], device: str) -> float:
    times = []
    for _ in range(6):
        started = time.perf_counter()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return min(times)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
