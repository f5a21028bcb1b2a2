"""How far readers agree on where one class ends and the next begins along a stack, in slices and in mm."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.evaluation.agreement import resampled, units_of
from medgraft.evaluation.bootstrap import Interval

Floats = NDArray[np.float64]

_LIMITS = 1.96  # standard deviations to either side of the mean, as in the paper


@dataclass(frozen=True, kw_only=True)
class Differences:
    """How two readers' positions differ over n stacks: a less b, positive where a is further towards the apex.

    mean: the mean difference. absolute: the mean of its size. lower, upper: limits of agreement, mean -+ 1.96 standard
    deviations (Bland and Altman 1986, doi 10.1016/S0140-6736(86)90837-8); NaN for one stack.
    """

    n: int
    mean: Interval
    absolute: Interval
    lower: Interval
    upper: Interval


@dataclass(frozen=True, kw_only=True)
class BoundaryAgreement:
    """Agreement on one boundary, for example "OBS|IN". mm: over the stacks of known spacing; None if there are none."""

    boundary: str
    slices: Differences
    mm: Differences | None


def boundary_agreement(
    boundary: str,
    a: NDArray[Any],
    b: NDArray[Any],
    subject: NDArray[Any],
    spacing: NDArray[Any],
    *,
    n: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> BoundaryAgreement:
    """How two readers' positions of one boundary differ, with percentile intervals over resampled patients.

    Args:
        boundary: its name.
        a: (S,) positions in slices from the base as the one reader says, one per stack and phase.
        b: (S,) as the other says.
        subject: (S,) whose stack it is.
        spacing: (S,) mm between slice centres; NaN where unknown.
        n: resamples.
        seed: of the resampling.
        level: coverage, within 0..1.

    Raises:
        InputError: no stacks, or arrays of different lengths.
    """
    if not len(a) or len({len(a), len(b), len(subject), len(spacing)}) != 1:
        raise InputError(
            f"Expected positions, subjects and spacings of the same stacks, at least one, got {len(a)}, {len(b)}, "
            f"{len(subject)} and {len(spacing)}."
        )
    slices = np.asarray(a, float) - np.asarray(b, float)
    known = np.isfinite(np.asarray(spacing, float))

    def differences(values: Floats, whose: NDArray[Any]) -> Differences:
        return _differences(values, whose, n=n, seed=seed, level=level)

    in_mm = differences((slices * spacing)[known], np.asarray(subject)[known]) if known.any() else None
    return BoundaryAgreement(boundary=boundary, slices=differences(slices, subject), mm=in_mm)


def _differences(values: Floats, subject: NDArray[Any], *, n: int, seed: int, level: float) -> Differences:
    unit, n_units = units_of(subject)
    # Per patient: how many, their sum, their sizes, their squares; every figure is a formula of these four.
    terms = (np.ones(len(values)), values, np.abs(values), values**2)
    sums = np.stack([np.bincount(unit, term, n_units) for term in terms], axis=1)

    def interval(figure: Callable[[Floats], Floats]) -> Interval:
        return resampled(lambda weights: figure(weights @ sums), n_units, n=n, seed=seed, level=level)

    return Differences(
        n=len(values),
        mean=interval(_mean),
        absolute=interval(lambda sums: np.asarray(sums[:, 2] / sums[:, 0])),
        lower=interval(lambda sums: _mean(sums) - _LIMITS * _deviation(sums)),
        upper=interval(lambda sums: _mean(sums) + _LIMITS * _deviation(sums)),
    )


def _mean(sums: Floats) -> Floats:
    return np.asarray(sums[:, 1] / sums[:, 0])


def _deviation(sums: Floats) -> Floats:
    """The sample standard deviation, NaN for one value."""
    count = sums[:, 0]
    squares = np.clip(sums[:, 3] - count * _mean(sums) ** 2, 0, None)
    return np.asarray(np.sqrt(squares / np.where(count > 1, count - 1, np.nan)))
