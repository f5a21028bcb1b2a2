"""The cache of frontier values, and of other rows: memory-mapped arrays, found by what they depend on, never stale.

A cache folder is named by a digest of everything its values depend on (weights, cut, recipe, images, draws), so another
weight file, recipe or draw is another folder. It is filled in groups of rows, appended to one `.npy` file per value:
the length of a file says how much of it is done. A filling that was killed, or found the disk full, goes on where it
was; a second process waits for the first and then reads.
"""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent

#: First row of a batch, and the row after its last.
Group = tuple[int, int]

_ROOM = (
    "Do free some disk; of frozen features also: fewer draws, `cache: {dtype: float16}`, a higher `cache: {limit_gb: "
    "...}`."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class FrontierCache:
    """Frontier values of all rows, each array (rows, ...), memory-mapped."""

    arrays: tuple["np.memmap[Any, Any]", ...]

    def read(self, rows: NDArray[np.int64], device: torch.device) -> tuple[Tensor, ...]:
        """A fresh copy of some rows as float32 tensors on a device: training may overwrite it."""
        return tuple(torch.from_numpy(array[rows]).to(device, torch.float32) for array in self.arrays)

    def mapped(self) -> tuple[Tensor, ...]:
        """All rows as they are kept; what is written there stays in this process (torch knows no read-only tensors)."""
        return tuple(torch.from_numpy(np.load(str(array.filename), mmap_mode="c")) for array in self.arrays)


def cache_bytes(shapes: Sequence[tuple[int, ...]], n_rows: int, dtype: str = "float32") -> int:
    """How many bytes a cache takes on disk: `shapes` of one row's frontier values."""
    return n_rows * sum(int(np.prod(shape)) for shape in shapes) * np.dtype(dtype).itemsize


def fill_cache(
    folder: Path,
    groups: Sequence[Group],
    compute: Callable[[Iterable[Group]], Iterable[tuple[Tensor, ...]]],
    *,
    dtype: str = "float32",
    limit_bytes: int | None = None,
    report: Report = silent,
) -> FrontierCache:
    """Open the cache in `folder`, computing what is missing.

    Args:
        folder: named by the digest of everything the values depend on.
        groups: batches of rows, covering all in order; a killed filling goes on at
            the group it was in, so equal groups give equal bytes.
        compute: the frontier values of some groups, one after the other, each (rows of the group, ...).
        dtype: "float32", or "float16" for half the disk at 3 significant digits.
        limit_bytes: the most this cache may take; None for no limit.
        report: told after every group.

    Raises:
        InputError: the cache would take more than the limit or more than the disk has free, or the values do not fit
            into float16.
    """
    folder.mkdir(parents=True, exist_ok=True)
    n_rows = groups[-1][1]
    with FileLock(f"{folder}.lock"):
        done = _rows_done(folder, n_rows, dtype)
        missing = [group for group in groups if group[1] > done]
        for (first, last), computed in zip(missing, compute(missing), strict=True):
            values = [_converted(value, dtype) for value in computed]
            if first == 0:
                _begin(folder, values, n_rows, limit_bytes)
            _append(folder, first, values)
            report(Progress(stage="frozen features", done=last, total=n_rows))
    return FrontierCache(arrays=tuple(np.load(path, mmap_mode="r") for path in _paths(folder)))


def _paths(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.npy"))


def _path(folder: Path, index: int, count: int) -> Path:
    """Names say how many belong together, so that a missing one is missed."""
    return folder / f"frontier_{index + 1:02d}_of_{count:02d}.npy"


def _rows_done(folder: Path, n_rows: int, dtype: str) -> int:
    """Rows that every file of the folder holds; 0 where files are missing, unreadable or of another cache."""
    paths = _paths(folder)
    if not paths or paths != [_path(folder, index, len(paths)) for index in range(len(paths))]:
        return 0
    return min(_rows_in(path, n_rows, dtype) for path in paths)


def _rows_in(path: Path, n_rows: int, dtype: str) -> int:
    with path.open("rb") as file:
        try:
            start, shape, found = _header(file)
        except (ValueError, EOFError):
            return 0
    row = cache_bytes([shape[1:]], 1, dtype)
    return (path.stat().st_size - start) // row if (shape[0], found) == (n_rows, np.dtype(dtype)) else 0


def _header(file: BinaryIO) -> tuple[int, tuple[int, ...], "np.dtype[Any]"]:
    """Where the values of an open `.npy` file start, their whole shape, and their type."""
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    return file.tell(), shape, dtype


def _converted(value: Tensor, dtype: str) -> NDArray[Any]:
    with np.errstate(over="raise"):
        try:
            return np.ascontiguousarray(value.cpu().numpy().astype(dtype))
        except FloatingPointError as error:
            raise InputError(
                f"Expected frozen features within the range of {dtype}, got {float(value.abs().max()):.3g}. "
                "Do use `cache: {dtype: float32}`."
            ) from error


def _begin(folder: Path, values: Sequence[NDArray[Any]], n_rows: int, limit_bytes: int | None) -> None:
    """One file with a header per value, if the whole will fit."""
    for path in _paths(folder):
        path.unlink()
    needed = sum(cache_bytes([value.shape[1:]], n_rows, value.dtype.name) for value in values)
    free = shutil.disk_usage(folder).free
    allowed = free if limit_bytes is None else min(free, limit_bytes)
    if needed > allowed:
        raise InputError(
            f"Expected the rows of {folder.name} to fit into {allowed / 1e9:.1f} GB, they need {needed / 1e9:.1f} GB. "
            f"{_ROOM}"
        )
    for index, value in enumerate(values):
        header = {"descr": value.dtype.str, "fortran_order": False, "shape": (n_rows, *value.shape[1:])}
        with _path(folder, index, len(values)).open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)


def _append(folder: Path, first: int, values: Sequence[NDArray[Any]]) -> None:
    """Rows from `first` on, in place of what a killed filling may have left there."""
    try:
        for path, value in zip(_paths(folder), values, strict=True):
            with path.open("r+b") as file:
                start = _header(file)[0]
                file.truncate(start + cache_bytes([value.shape[1:]], first, value.dtype.name))
                file.seek(0, 2)
                file.write(value.tobytes())
    except OSError as error:
        raise InputError(f"The cache cannot be written to {folder}: {error.strerror}. {_ROOM}") from error
