"""Benchmarks are no part of the package: they are imported from the repository's root, by child processes too."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from medgraft.study import StudyFile, parse_study

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)


@pytest.fixture(scope="session")
def toy_study() -> Callable[..., StudyFile]:
    """A study of one network at 32 pixels, one rate, two folds, two epochs."""

    def make(depth: int) -> StudyFile:
        return parse_study(
            {
                "networks": [{"network": "mobilenetv1_025", "weights": "random", "size": 32}],
                "stages": [{"depth": depth, "rates": [0.02], "epochs": 2}],
                "folds": 2,
                "draws": 2,
                "batch_size": 8,
                "balance": {"OAP": 2},
            }
        )

    return make


@pytest.fixture
def default_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """No allocator settings in the environment."""
    for name in [name for name in os.environ if name.startswith("MALLOC_")]:
        monkeypatch.delenv(name)
