"""The choice of learning rate and epoch from validation curves, by a rule instead of by eye."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError, MedgraftError


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What was chosen.

    epoch: epochs to train, from 1. value: mean validation loss there. best: the lowest mean anywhere.
    standard_error: over folds, at the best. n_within: rates and epochs within one standard error of the best.
    """

    rate: float
    epoch: int
    value: float
    best: float
    standard_error: float
    n_within: int


def one_standard_error(curves: NDArray[Any], rates: Sequence[float]) -> Choice:
    """The least training that is as good as the best: the one-standard-error rule (Breiman et al. 1984).

    Among all rates and epochs whose mean over folds lies within one standard error of the lowest mean: the fewest
    epochs, then the smallest rate.

    Args:
        curves: (rates, epochs, folds) validation loss, lower is better; `curves[:, 0]` is after one epoch. A cell with
            a NaN or infinite fold (diverged) is never chosen.
        rates: learning rate of each row of curves.

    Raises:
        InputError: shapes do not fit. MedgraftError: every cell diverged.

    >>> one_standard_error(np.array([[[3.0, 3.2], [1.0, 1.4], [1.0, 1.3]]]), rates=[0.01]).epoch
    2
    """
    losses = np.asarray(curves, float)
    if losses.ndim != 3 or len(losses) != len(rates) or not losses.size:
        raise InputError(f"Expected curves (rates, epochs, folds) for {len(rates)} rates, got {losses.shape}.")
    usable = np.isfinite(losses).all(axis=2)
    if not usable.any():
        raise MedgraftError(
            "Expected a rate that trains, got none: every validation curve diverged. Do lower the rates."
        )
    mean = np.where(usable, np.where(np.isfinite(losses), losses, 0).mean(axis=2), np.inf)
    best = np.unravel_index(mean.argmin(), mean.shape)
    error = _standard_error(losses[best])
    within = np.argwhere(mean <= mean[best] + error)
    row, epoch = min(within.tolist(), key=lambda cell: (cell[1], rates[cell[0]]))
    return Choice(
        rate=float(rates[row]),
        epoch=epoch + 1,
        value=float(mean[row, epoch]),
        best=float(mean[best]),
        standard_error=error,
        n_within=len(within),
    )


def _standard_error(folds: NDArray[np.float64]) -> float:
    """Of the mean over folds; 0 for a single fold, which leaves the best cell alone."""
    return float(folds.std(ddof=1) / np.sqrt(len(folds))) if len(folds) > 1 else 0.0
