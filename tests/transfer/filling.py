"""A filling that other processes of `test_cache` do too, slow enough to be hit; every computed group leaves a line."""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from medgraft.transfer import fill_cache

N_ROWS = 40
GROUPS = [(first, first + 2) for first in range(0, N_ROWS, 2)]


def fill(folder: Path, log: Path, pause: float = 0.0) -> None:
    def compute(groups: Iterable[tuple[int, int]]) -> Iterator[tuple[Tensor, ...]]:
        for group in groups:
            time.sleep(pause)
            with log.open("a") as file:
                file.write(f"{group[0]}\n")
            yield values(*group)

    cache = fill_cache(folder, GROUPS, compute)
    read = cache.read(np.arange(N_ROWS), torch.device("cpu"))
    assert all(torch.equal(got, expected) for got, expected in zip(read, values(0, N_ROWS), strict=True))


def values(first: int, last: int) -> tuple[Tensor, ...]:
    rows = torch.arange(first, last, dtype=torch.float32)[:, None]
    return rows + torch.arange(1000) / 7, rows.sin()


if __name__ == "__main__":
    fill(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
