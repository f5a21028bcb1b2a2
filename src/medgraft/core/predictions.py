"""Predictions: scores with subject, unit and truth. Everything is evaluated from this table, per subject."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.spreadsheet import unguarded, write_sheet

#: The figure that models are compared by: every class counts alike, however rare.
HEADLINE = "macro_f1"

_FIXED = ("subject", "site", "stack", "phase", "slice", "n_slices", "fold", "y_true")


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """One row per unit (N rows), K classes.

    subject, site, stack, phase: (N,) text; phase is a name such as "ed". site is "" where unknown.
    slice, n_slices: (N,) place in the stack from the base (0-based) and slices in that stack.
    fold: (N,) the fold in which the row was held out; -1 for a held-out test set or new data.
    y_true: (N,) class index, -1 where unknown. y_score: (N, K) probabilities, each row sums to 1.
    classes: the K class codes in column order.
    """

    subject: NDArray[np.str_]
    site: NDArray[np.str_]
    stack: NDArray[np.str_]
    phase: NDArray[np.str_]
    slice: NDArray[np.int64]
    n_slices: NDArray[np.int64]
    fold: NDArray[np.int64]
    y_true: NDArray[np.int64]
    y_score: NDArray[np.float64]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raise `InputError` where the columns do not fit together."""
        lengths = {name: len(getattr(self, name)) for name in (*_FIXED, "y_score")}
        if len(set(lengths.values())) != 1:
            raise InputError(f"Expected columns of one length, got {lengths}.")
        if self.y_score.shape[1:] != (len(self.classes),):
            raise InputError(f"Expected {len(self.classes)} score columns, got {self.y_score.shape}.")

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.y_true)

    @property
    def y_pred(self) -> NDArray[np.int64]:
        """(N,) the class with the highest score; the first of equals."""
        return np.asarray(self.y_score.argmax(axis=1), np.int64)

    @classmethod
    def joined(cls, parts: Sequence["Predictions"]) -> "Predictions":
        """The rows of one or more tables of the same classes, one after another."""
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in (*_FIXED, "y_score")}
        return cls(**columns, classes=parts[0].classes)

    def rows(self, index: NDArray[Any]) -> "Predictions":
        """The chosen rows, by boolean mask (N,) or by positions."""
        columns = {name: getattr(self, name)[index] for name in (*_FIXED, "y_score")}
        return Predictions(**columns, classes=self.classes)

    def stacks(self) -> list[NDArray[np.int64]]:
        """Row numbers of each (stack, phase), in slice order: the sequences that joint decoding works on."""
        order = np.lexsort((self.slice, self.phase, self.stack))
        keys = list(zip(self.stack[order], self.phase[order], strict=True))
        starts = [i for i, key in enumerate(keys) if i == 0 or key != keys[i - 1]]
        return [np.asarray(part, np.int64) for part in np.split(order, starts[1:])] if keys else []

    def write_csv(self, path: Path) -> None:
        """Write as CSV; equal predictions give equal bytes. Scores keep 9 significant digits."""
        fixed = zip(*(getattr(self, name) for name in _FIXED), strict=True)
        scores = ([f"{score:.9g}" for score in row] for row in self.y_score)
        rows = ([*cells, *row] for cells, row in zip(fixed, scores, strict=True))
        write_sheet(path, [*_FIXED, *(f"score_{code}" for code in self.classes)], rows)

    @classmethod
    def read_csv(cls, path: Path) -> "Predictions":
        """Read what `write_csv` wrote. Raises `InputError` if columns are missing or a cell cannot be read."""
        with path.open(newline="", encoding="utf-8") as file:
            header, *lines = list(csv.reader(file)) or [[]]
        if tuple(header[: len(_FIXED)]) != _FIXED:
            raise InputError(f"Expected the columns {', '.join(_FIXED)} in {path.name}, got {', '.join(header)}.")
        try:
            cells = list(zip(*lines, strict=True)) if lines else [()] * len(header)
            columns: dict[str, Any] = {name: _texts(cells[i]) for i, name in enumerate(_FIXED[:4])}
            columns |= {name: np.asarray(cells[i + 4], np.int64) for i, name in enumerate(_FIXED[4:])}
            scores = np.asarray(cells[len(_FIXED) :], np.float64).reshape(len(header) - len(_FIXED), len(lines))
        except (ValueError, IndexError) as error:
            raise InputError(f"Expected {len(header)} readable cells in every line of {path.name}: {error}.") from error
        classes = tuple(name.removeprefix("score_") for name in header[len(_FIXED) :])
        return cls(**columns, y_score=scores.T, classes=classes)


def _texts(cells: Iterable[str]) -> NDArray[np.str_]:
    return np.asarray(list(map(unguarded, cells)), np.str_)
