"""Small stacks with known content, and cohorts in temporary folders."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from medgraft.cohort import Cohort
from medgraft.core.seeds import rng
from medgraft.core.stack import FoundStack, Stack

MakeFound = Callable[..., FoundStack]


def make_stack(key: object, shape: tuple[int, int, int, int] = (2, 3, 8, 9), *, mask: bool = False) -> Stack:
    """A stack of random pixels that follow from `key`."""
    affines = np.tile(np.diag([1.5, 1.5, 1.0, 1.0]), (shape[1], 1, 1))
    affines[:, 2, 3] = 8.0 * np.arange(shape[1])
    random = rng("cohort-test", key)
    return Stack(
        pixels=random.integers(0, 2000, shape, np.int16),
        affines=affines,
        spacing=(8.0, 1.5, 1.5),
        phases={"ed": 0},
        mask=random.integers(0, 4, shape, np.uint8) if mask else None,
        mask_phases=(0,) if mask else (),
    )


def make_found(key: object = 0, subject: str = "A", *, mask: bool = False, **fields: object) -> FoundStack:
    """A found stack whose content follows from `key`."""
    stack = fields.pop("stack", None) or make_stack(key, mask=mask)
    return FoundStack(stack=stack, subject=subject, series_key=str(key), source=f"{subject}/{key}", **fields)


@pytest.fixture(scope="session")
def found() -> MakeFound:
    """`make_found`, for tests."""
    return make_found


@pytest.fixture
def cohort(tmp_path: Path) -> Iterator[Cohort]:
    """An empty cohort."""
    with Cohort.open(tmp_path / "project") as cohort:
        yield cohort
