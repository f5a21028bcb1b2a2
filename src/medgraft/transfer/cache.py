"""The cache of frontier values: memory-mapped arrays on disk, found by what they depend on, never stale.

A cache folder is named by a digest of everything its values depend on (weights, cut, recipe, images, draws), so another
weight file, recipe or draw is another folder. It is filled in groups of rows; a filling that was killed goes on where
it was; a second process waits for the first and then reads.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent


@dataclass(frozen=True, kw_only=True, eq=False)
class FrontierCache:
    """Frontier values of all rows, each array (rows, ...), memory-mapped."""

    arrays: tuple[NDArray[Any], ...]

    def read(self, rows: NDArray[np.int64], device: torch.device) -> tuple[Tensor, ...]:
        """A fresh copy of some rows as float32 tensors on a device: training may overwrite it."""
        return tuple(torch.from_numpy(array[rows]).to(device, torch.float32) for array in self.arrays)


def cache_bytes(shapes: Sequence[tuple[int, ...]], n_rows: int, dtype: str = "float32") -> int:
    """How many bytes a cache takes on disk: `shapes` of one row's frontier values."""
    return n_rows * sum(int(np.prod(shape)) for shape in shapes) * np.dtype(dtype).itemsize


def fill_cache(
    folder: Path,
    groups: Sequence[tuple[int, int]],
    compute: Callable[[int, int], tuple[Tensor, ...]],
    *,
    dtype: str = "float32",
    limit_bytes: int | None = None,
    report: Report = silent,
) -> FrontierCache:
    """Open the cache in `folder`, computing what is missing.

    Args:
        folder: named by the digest of everything the values depend on.
        groups: (first row, row after the last) of each batch, covering all rows in order; a killed filling goes on at
            the group it was in, so equal groups give equal bytes.
        compute: the frontier values of one group, each (rows of the group, ...).
        dtype: "float32", or "float16" for half the disk at 3 significant digits.
        limit_bytes: the most this cache may take; None for no limit.
        report: told after every group.

    Raises:
        InputError: the cache would take more than the limit, or more than the disk has free.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            _fill(folder, groups, compute, dtype=dtype, limit_bytes=limit_bytes, report=report)
    return FrontierCache(arrays=tuple(np.load(path, mmap_mode="r") for path in sorted(folder.glob("*.npy"))))


def _fill(
    folder: Path,
    groups: Sequence[tuple[int, int]],
    compute: Callable[[int, int], tuple[Tensor, ...]],
    *,
    dtype: str,
    limit_bytes: int | None,
    report: Report,
) -> None:
    partial = folder.with_name(f"{folder.name}.partial")
    done = _groups_done(partial)
    n_rows = groups[-1][1]
    saved = sorted(partial.glob("*.npy")) if done else []
    arrays: list[np.memmap[Any, Any]] = [np.load(path, mmap_mode="r+") for path in saved]
    for index, (first, last) in enumerate(groups):
        if index < done:
            continue
        values = [value.cpu().numpy() for value in compute(first, last)]
        if not arrays:
            arrays = _create(partial, [value.shape[1:] for value in values], n_rows, dtype, limit_bytes)
        for array, value in zip(arrays, values, strict=True):
            array[first:last] = value
        _mark(partial, index + 1)
        report(Progress(stage="frozen features", done=last, total=n_rows))
    for array in arrays:
        array.flush()
    (partial / "done.json").unlink()
    partial.rename(folder)


def _create(
    partial: Path, shapes: list[tuple[int, ...]], n_rows: int, dtype: str, limit_bytes: int | None
) -> list["np.memmap[Any, Any]"]:
    needed = cache_bytes(shapes, n_rows, dtype)
    free = shutil.disk_usage(partial.parent).free
    allowed = free if limit_bytes is None else min(free, limit_bytes)
    if needed > allowed:
        raise InputError(
            f"Expected the frozen features to fit into {allowed / 1e9:.1f} GB, they need {needed / 1e9:.1f} GB. "
            "Do one of: fewer draws, `cache: {dtype: float16}`, a higher `cache: {limit_gb: ...}`, or free some disk."
        )
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    paths = [partial / f"frontier_{index:02d}.npy" for index in range(len(shapes))]
    return [
        np.lib.format.open_memmap(path, mode="w+", dtype=np.dtype(dtype), shape=(n_rows, *shape))
        for path, shape in zip(paths, shapes, strict=True)
    ]


def _groups_done(partial: Path) -> int:
    path = partial / "done.json"
    return int(json.loads(path.read_text())) if path.exists() else 0


def _mark(partial: Path, done: int) -> None:
    fresh = partial / "done.json.new"
    fresh.write_text(json.dumps(done))
    fresh.replace(partial / "done.json")
