"""Laws of the cache: what is read is what would be computed, whatever happened while it was written."""

import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress
from medgraft.transfer import FrontierCache, cache_bytes, fill_cache

from ..processes import wait_until
from . import filling

GROUPS = [(0, 3), (3, 4), (4, 9), (9, 10)]
CPU = torch.device("cpu")


def each(compute: Callable[[int, int], tuple[Tensor, ...]]) -> Callable[..., Iterator[tuple[Tensor, ...]]]:
    """Group by group."""
    return lambda groups: (compute(*group) for group in groups)


class Features:
    """Two values per row, and an account of what was computed."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self.computed: list[tuple[int, int]] = []

    def __call__(self, first: int, last: int) -> tuple[Tensor, ...]:
        self.computed.append((first, last))
        return self.of(np.arange(first, last))

    def of(self, rows: np.ndarray) -> tuple[Tensor, ...]:
        column = torch.from_numpy(rows).float()[:, None, None] * self.scale
        return (column + torch.linspace(0, 1, 12).view(3, 4), (column[:, :, 0] + 0.1).sin())


def agree(cache: FrontierCache, features: Features) -> None:
    rows = np.asarray([9, 0, 4, 4, 3])
    for got, expected in zip(cache.read(rows, CPU), features.of(rows), strict=True):
        assert got.dtype == torch.float32
        assert torch.equal(got, expected)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_what_is_read_is_what_was_computed_and_is_computed_once(tmp_path: Path) -> None:
    features, progress = Features(), list[Progress]()
    agree(fill_cache(tmp_path / "a", GROUPS, each(features), report=progress.append), features)
    agree(fill_cache(tmp_path / "a", GROUPS, each(features)), features)
    assert features.computed == GROUPS
    assert [(step.done, step.total) for step in progress] == [(3, 10), (4, 10), (9, 10), (10, 10)]


def test_another_folder_holds_other_values(tmp_path: Path) -> None:
    one, two = Features(), Features(scale=2.0)
    agree(fill_cache(tmp_path / "one", GROUPS, each(one)), one)
    agree(fill_cache(tmp_path / "two", GROUPS, each(two)), two)
    agree(fill_cache(tmp_path / "one", GROUPS, each(Features())), one)


def test_what_is_read_may_be_overwritten(tmp_path: Path) -> None:
    features = Features()
    cache = fill_cache(tmp_path / "a", GROUPS, each(features))
    for value in cache.read(np.asarray([9, 0, 4]), CPU):
        value.zero_()
    agree(cache, features)


def test_values_in_another_order_of_memory_are_kept_in_the_usual_one(tmp_path: Path) -> None:
    values = torch.rand(4, 3, 5, 6).contiguous(memory_format=torch.channels_last)
    cache = fill_cache(tmp_path / "a", [(0, 4)], each(lambda first, last: (values[first:last],)))
    assert torch.equal(cache.read(np.arange(4), CPU)[0], values)


@pytest.mark.parametrize("stopped_at", range(4))
def test_a_filling_that_failed_goes_on_at_the_group_it_was_in(tmp_path: Path, stopped_at: int) -> None:
    undisturbed = Features()
    fill_cache(tmp_path / "whole", GROUPS, each(undisturbed))
    features = Features()

    def failing(first: int, last: int) -> tuple[Tensor, ...]:
        if (first, last) == GROUPS[stopped_at]:
            raise KeyboardInterrupt
        return features(first, last)

    with pytest.raises(KeyboardInterrupt):
        fill_cache(tmp_path / "a", GROUPS, each(failing))
    agree(fill_cache(tmp_path / "a", GROUPS, each(features)), features)
    assert features.computed == GROUPS
    assert contents(tmp_path / "a") == contents(tmp_path / "whole")


@given(file=st.integers(0, 1), length=st.integers(0, 10_000))
def test_a_file_of_any_length_is_made_whole(tmp_path_factory: pytest.TempPathFactory, file: int, length: int) -> None:
    folder = tmp_path_factory.mktemp("cache")
    fill_cache(folder / "a", GROUPS, each(Features()))
    whole = contents(folder / "a")
    path = sorted((folder / "a").glob("*.npy"))[file]
    path.write_bytes(path.read_bytes()[:length])
    agree(fill_cache(folder / "a", GROUPS, each(Features())), Features())
    assert contents(folder / "a") == whole


@pytest.mark.parametrize("lost", [0, 1])
def test_a_missing_file_is_missed(tmp_path: Path, lost: int) -> None:
    fill_cache(tmp_path / "a", GROUPS, each(Features()))
    whole = contents(tmp_path / "a")
    sorted((tmp_path / "a").glob("*.npy"))[lost].unlink()
    again = Features()
    agree(fill_cache(tmp_path / "a", GROUPS, each(again)), again)
    assert again.computed == GROUPS
    assert contents(tmp_path / "a") == whole


def test_a_file_that_is_no_array_is_computed_again(tmp_path: Path) -> None:
    fill_cache(tmp_path / "a", GROUPS, each(Features()))
    whole = contents(tmp_path / "a")
    sorted((tmp_path / "a").glob("*.npy"))[0].write_bytes(b"not an array at all")
    fill_cache(tmp_path / "a", GROUPS, each(Features()))
    assert contents(tmp_path / "a") == whole


@contextmanager
def begun(folder: Path, log: Path, *, seen: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that fills a folder, as soon as it has computed some groups."""
    command = [sys.executable, filling.__file__, str(folder), str(log), "0.05"]
    with subprocess.Popen(command) as process:
        wait_until(lambda: len(lines(log)) >= seen, f"{seen} groups")
        yield process


def lines(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


@pytest.mark.slow
@pytest.mark.parametrize("seen", [1, 13])
def test_killed_at_any_moment_the_bytes_are_those_of_an_undisturbed_filling(tmp_path: Path, seen: int) -> None:
    folder, log = tmp_path / "killed", tmp_path / "log"
    with begun(folder, log, seen=seen) as process:
        process.send_signal(signal.SIGKILL)
    filling.fill(folder, log)
    assert sorted(set(lines(log))) == list(range(0, 40, 2))
    assert len(lines(log)) <= 21  # the group it was in may be computed again, no other
    filling.fill(tmp_path / "whole", tmp_path / "whole.log")
    assert contents(folder) == contents(tmp_path / "whole")


@pytest.mark.slow
def test_two_processes_compute_once_and_both_read_right(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with begun(tmp_path / "a", log, seen=1) as process:
        filling.fill(tmp_path / "a", log)
    assert process.returncode == 0
    assert lines(log) == list(range(0, 40, 2))


def test_a_limit_is_kept_and_said(tmp_path: Path) -> None:
    needed = cache_bytes([(3, 4), (1,)], 10)
    assert needed == 10 * 13 * 4
    with pytest.raises(InputError, match=r"fewer draws.*float16.*limit_gb"):
        fill_cache(tmp_path / "a", GROUPS, each(Features()), limit_bytes=needed - 1)
    assert contents(tmp_path / "a") == {}
    agree(fill_cache(tmp_path / "a", GROUPS, each(Features()), limit_bytes=needed), Features())


def test_a_cache_larger_than_the_disk_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="they need"):
        fill_cache(tmp_path / "a", [(0, 2), (2, 10**14)], each(lambda first, last: (torch.zeros(2, 1000),)))
    assert contents(tmp_path / "a") == {}


def test_a_disk_that_fills_up_is_said_and_the_filling_goes_on_later(tmp_path: Path) -> None:
    groups, computed = [(first, first + 2) for first in range(0, 20, 2)], list[int]()

    def rows(first: int, last: int) -> tuple[Tensor, ...]:
        computed.append(first)
        return (torch.arange(first, last)[:, None].float().expand(-1, 100),)

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))  # writing beyond it is refused, as on a full disk
    try:
        with pytest.raises(InputError, match=r"cannot be written.*free some disk"):
            fill_cache(tmp_path / "a", groups, each(rows))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    computed.clear()
    cache = fill_cache(tmp_path / "a", groups, each(rows))
    assert computed == list(range(12, 20, 2))  # 5,000 bytes hold the header and 12 rows of 400
    assert torch.equal(cache.read(np.arange(20), CPU)[0], torch.arange(20.0)[:, None].expand(-1, 100))


def test_half_precision_keeps_three_digits_in_half_the_space(tmp_path: Path) -> None:
    values = torch.logspace(-4, 4.8, 4000).view(10, 400)
    full = fill_cache(tmp_path / "full", GROUPS, each(lambda first, last: (values[first:last],)))
    half = fill_cache(tmp_path / "half", GROUPS, each(lambda first, last: (values[first:last],)), dtype="float16")
    assert half.arrays[0].nbytes * 2 == full.arrays[0].nbytes
    (got,) = half.read(np.arange(10), CPU)
    assert got.dtype == torch.float32
    assert float(((got - values).abs() / values).max()) <= 2**-11


def test_values_too_large_for_half_precision_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"7e\+04.*float32"):
        fill_cache(tmp_path / "a", [(0, 2)], each(lambda first, last: (torch.full((2, 3), 7e4),)), dtype="float16")
    agree(fill_cache(tmp_path / "a", GROUPS, each(Features())), Features())


def test_a_folder_of_another_type_or_length_is_filled_anew(tmp_path: Path) -> None:
    fill_cache(tmp_path / "a", GROUPS, each(Features()), dtype="float16")
    agree(fill_cache(tmp_path / "a", GROUPS, each(Features())), Features())
    longer = Features()
    agree(fill_cache(tmp_path / "a", [*GROUPS, (10, 12)], each(longer)), longer)
    assert longer.computed == [*GROUPS, (10, 12)]
