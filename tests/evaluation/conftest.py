"""Tables of predictions that look like the real thing: clustered, imbalanced, ordered along stacks."""

from collections.abc import Callable

import numpy as np
import pytest

from medgraft.core.predictions import Predictions
from medgraft.core.seeds import rng

MakeTable = Callable[..., Predictions]


@pytest.fixture(scope="session")
def make_table() -> MakeTable:
    return _table


def _table(seed: int = 0, n_subjects: int = 12, skill: float = 1.0, rounded: bool = True) -> Predictions:
    """Stacks of 6 to 9 slices at ED and ES; the first slices OBS (2), the last OAP (0); scores with ties."""
    random = rng(seed, "table")
    parts = [_stack(random, f"p{i:03}", phase, skill) for i in range(n_subjects) for phase in ("ed", "es")]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    scores = np.round(columns.pop("scores"), 2) if rounded else columns.pop("scores")
    n = len(scores)
    return Predictions(
        **columns,
        site=np.full(n, ""),
        fold=np.zeros(n, np.int64),
        y_score=scores / scores.sum(axis=1, keepdims=True),
        classes=("OAP", "IN", "OBS"),
    )


def _stack(random: np.random.Generator, name: str, phase: str, skill: float) -> dict[str, np.ndarray]:
    n = int(random.integers(6, 10))
    truth = np.ones(n, np.int64)
    truth[: random.integers(0, 3)] = 2
    truth[n - random.integers(0, 3) :] = 0
    logits = random.normal(size=(n, 3)) + random.normal(size=3) + skill * np.eye(3)[truth]
    return {
        "subject": np.full(n, name),
        "stack": np.full(n, f"stack-{name}"),
        "phase": np.full(n, phase),
        "slice": np.arange(n),
        "n_slices": np.full(n, n),
        "y_true": truth,
        "scores": np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) + 0.01,
    }
