"""The result table: one row per model and way of deciding, every figure with its interval."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medgraft.core.spreadsheet import write_sheet
from medgraft.evaluation.arm import Arm, ArmAnswers, runs_of
from medgraft.evaluation.bootstrap import Interval, bootstrap

_FACTS = ("model", "decision", "n_subjects", "n_rows", "n_seeds")
_PARTS = ("value", "low", "high")


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """What gets a row: predictions of one run or several seeds, and their answers (None for the argmax)."""

    model: str
    decision: str
    arm: Arm
    y_pred: ArmAnswers = None


@dataclass(frozen=True, kw_only=True)
class ResultRow:
    """Figures of one model decided in one way, by the names of `metrics_for`, over labelled rows."""

    model: str
    decision: str
    n_subjects: int
    n_rows: int
    n_seeds: int
    figures: Mapping[str, Interval]


def result_table(
    candidates: Sequence[Candidate],
    metrics: Sequence[str] | None = None,
    *,
    n: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[ResultRow, ...]:
    """One row per candidate, in their order, with patient-level intervals (arguments and errors as in `bootstrap`)."""
    return tuple(
        _row(one, bootstrap(one.arm, metrics, y_pred=one.y_pred, n=n, seed=seed, level=level)) for one in candidates
    )


def write_table_csv(rows: Sequence[ResultRow], path: Path) -> None:
    """Write one line per row; each figure in the columns `name`, `name_low`, `name_high`; undefined is empty."""
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    write_sheet(
        path,
        [*_FACTS, *(name + suffix for name in names for suffix in ("", "_low", "_high"))],
        ([*(getattr(row, fact) for fact in _FACTS), *_ends(row, names)] for row in rows),
    )


def write_table_json(rows: Sequence[ResultRow], path: Path) -> None:
    """Write a list of rows; `figures` maps each name to value, low, high and n_resamples; undefined is null."""
    plain = [
        {fact: getattr(row, fact) for fact in _FACTS}
        | {"figures": {name: _plain(interval) for name, interval in row.figures.items()}}
        for row in rows
    ]
    path.write_text(json.dumps(plain, indent=2, allow_nan=False) + "\n", encoding="utf-8", newline="\n")


def _row(candidate: Candidate, figures: dict[str, Interval]) -> ResultRow:
    seeds = runs_of(candidate.arm)
    known = seeds[0].y_true >= 0
    return ResultRow(
        model=candidate.model,
        decision=candidate.decision,
        n_subjects=len(np.unique(seeds[0].subject[known])),
        n_rows=int(known.sum()),
        n_seeds=len(seeds),
        figures=figures,
    )


def _ends(row: ResultRow, names: Sequence[str]) -> list[float | None]:
    return [_number(getattr(row.figures.get(name), part, None)) for name in names for part in _PARTS]


def _plain(interval: Interval) -> dict[str, float | int | None]:
    return {**{part: _number(getattr(interval, part)) for part in _PARTS}, "n_resamples": interval.n_resamples}


def _number(value: float | None) -> float | None:
    """Nine significant digits: what two machines agree on; None if undefined."""
    return None if value is None or not np.isfinite(value) else float(f"{value:.9g}")
