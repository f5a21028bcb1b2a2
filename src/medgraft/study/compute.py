"""How one process computes: device, threads, memory, determinism. Nothing here changes a number beyond rounding."""

import ctypes
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from medgraft.study.study_file import Precision

#: glibc's parameters M_TRIM_THRESHOLD and M_MMAP_THRESHOLD (man mallopt), and what they are set to.
_MALLOC = {-1: 2**31 - 1, -3: 2**30}


@dataclass(frozen=True, kw_only=True)
class Compute:
    """How one process computes.

    device: as torch names it; None for a GPU if there is one, else the CPU.
    threads: of one operation on the CPU; None leaves what is set.
    deterministic: equal seeds give equal bytes on a GPU too, where that costs speed; on a CPU they always do.
    compiled: networks go through `torch.compile` first, which takes minutes once and pays on long trainings alone.
    """

    device: str | None = None
    threads: int | None = None
    deterministic: bool = False
    compiled: bool = False

    def prepare(self) -> torch.device:
        """Set this process up; gives the device."""
        _keep_freed_memory()
        torch.backends.cudnn.allow_tf32 = False  # float32 means float32; who wants speed asks for mixed precision
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        if self.deterministic:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS repeats itself with this alone
            torch.backends.cudnn.benchmark = False
            torch.use_deterministic_algorithms(True)
        return torch.device(self.device or ("cuda" if torch.cuda.is_available() else "cpu"))


def in_precision(forward: Callable[..., Any], precision: Precision, device: torch.device) -> Callable[..., Any]:
    """A forward pass in some precision; the tensor, or the tuple of tensors, that it gives is float32 in any."""
    if precision == "float32":
        return forward

    def mixed(*inputs: Tensor) -> Any:
        with torch.autocast(device.type, torch.bfloat16):
            values = forward(*inputs)
        return tuple(value.float() for value in values) if isinstance(values, tuple) else values.float()

    return mixed


def _keep_freed_memory() -> None:
    """Let glibc reuse large buffers instead of giving each back and faulting it in again, page by page.

    An activation of some MB is a fresh `mmap` otherwise, and the page faults take longer than the convolution.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        for parameter, value in _MALLOC.items():
            libc.mallopt(parameter, value)
