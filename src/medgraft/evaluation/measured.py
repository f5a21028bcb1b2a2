"""Agreement of measurements of the same subjects: how they correlate, and how far apart they are."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, fdtri, ndtri

from medgraft.core.errors import InputError
from medgraft.evaluation.agreement import resampled, units_of
from medgraft.evaluation.arm import quantiles, resamples
from medgraft.evaluation.bootstrap import Interval, tail_of
from medgraft.evaluation.paired import PairedDifference, p_value_of

Floats = NDArray[np.float64]

_LIMITS = 1.96  # standard deviations to either side of the mean, as in the paper
_SAME = 1e-12  # of the variance: less is rounding, and nothing varies


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """A coefficient with its interval; NaN where it is not defined. n: subjects."""

    value: float
    low: float
    high: float
    n: int

    @property
    def interval(self) -> Interval:
        """The same as an interval; it comes from a formula, without resamples."""
        return Interval(value=self.value, low=self.low, high=self.high, n_resamples=0)


def pearson(a: NDArray[np.floating], b: NDArray[np.floating], *, level: float = 0.95) -> Correlation:
    """Pearson's correlation with Fisher's interval (z-transformed, standard error 1 / sqrt(n - 3)).

    Args:
        a: (S,) one value per subject.
        b: the same subjects measured otherwise.
        level: coverage, within 0..1.

    Raises:
        InputError: other shapes on the two sides, or a level out of range.

    >>> pearson(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 3, 5])).value
    0.9827076298239908
    """
    tail = tail_of(level, 1)
    one, other = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if one.ndim != 1 or one.shape != other.shape:
        raise InputError(f"Expected one value per subject on both sides, got shapes {one.shape} and {other.shape}.")
    value = float(_correlations(one, other, np.ones((1, len(a))))[0])
    if len(a) <= 3 or not abs(value) < 1:
        return Correlation(value=value, low=float("nan"), high=float("nan"), n=len(a))
    reach = -ndtri(tail) / np.sqrt(len(a) - 3)
    low, high = np.tanh(np.arctanh(value) + np.array([-reach, reach])).tolist()
    return Correlation(value=value, low=low, high=high, n=len(a))


def pearson_difference(
    a: NDArray[np.floating],
    b: NDArray[np.floating],
    reference: NDArray[np.floating],
    *,
    n: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> PairedDifference:
    """How much better a correlates with a reference than b does, with a percentile interval over resampled subjects.

    Both coefficients are of the same subjects in every resample: they are as paired as the measurements.

    Args:
        a: (S,) one value per subject.
        b: the same subjects measured otherwise.
        reference: the same subjects, as they should have been measured.
        n: resamples.
        seed: of the resampling.
        level: coverage, within 0..1.

    Raises:
        InputError: other shapes, no subject, or settings out of range.

    >>> true = np.array([1.0, 2, 3, 4])
    >>> round(pearson_difference(true, np.array([2.0, 1, 4, 3]), true).value, 6)
    0.4
    """
    tail = tail_of(level, n)
    measured = [np.asarray(values, np.float64) for values in (a, b, reference)]
    shapes = [values.shape for values in measured]
    if len(set(shapes)) > 1 or len(shapes[0]) != 1 or not len(a):
        raise InputError(f"Expected one value per subject three times, at least one, got shapes {shapes}.")
    weights = np.concatenate([np.ones((1, len(a))), resamples(len(a), n, seed)])
    of_a, of_b = (_correlations(one, measured[2], weights) for one in measured[:2])
    draws = (of_a - of_b)[1:]
    low, high, n_defined = quantiles(draws, tail, len(a))
    return PairedDifference(
        metric="Pearson's r",
        value_a=float(of_a[0]),
        value_b=float(of_b[0]),
        value=float(of_a[0] - of_b[0]),
        low=low,
        high=high,
        p_value=p_value_of(draws, len(a)),
        n_resamples=n_defined,
    )


def _correlations(a: Floats, b: Floats, weights: Floats) -> Floats:
    """Pearson's coefficient under each weighting of the subjects: (B, S) to (B,), NaN where nothing varies."""
    a, b = (values - values.mean() if len(values) else values for values in (a, b))
    total = weights.sum(axis=1)

    def product(one: Floats, other: Floats) -> Floats:
        return np.asarray(total * (weights @ (one * other)) - (weights @ one) * (weights @ other))

    spread_a, spread_b = product(a, a), product(b, b)
    varies = (spread_a > _SAME * total**2 * (a**2).sum()) & (spread_b > _SAME * total**2 * (b**2).sum())
    spread = np.sqrt(np.where(varies, spread_a * spread_b, np.nan))
    return np.asarray(np.clip(product(a, b) / spread, -1, 1))


def icc(values: NDArray[np.floating], kind: Literal["A,1", "C,1"] = "A,1", *, level: float = 0.95) -> Correlation:
    """The intraclass correlation of single measurements, with its exact interval from the F distribution.

    Args:
        values: (S, R) subjects by ways of measuring, two or more of each.
        kind: "A,1" absolute agreement, which a constant difference lowers (Shrout and Fleiss' ICC(2,1)); "C,1"
            consistency, which it does not (their ICC(3,1)).
        level: coverage, within 0..1.

    Raises:
        InputError: fewer than two subjects or ways, an unknown kind, or a level out of range.

    References:
        McGraw and Wong 1996, doi 10.1037/1082-989X.1.1.30, tables 4 and 7.

    >>> round(icc(np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]]), "A,1").value, 3)
    0.667
    >>> icc(np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]]), "C,1").value
    1.0
    """
    table, tail = np.asarray(values, np.float64), tail_of(level, 1)
    if table.ndim != 2 or min(table.shape) < 2:
        raise InputError(f"Expected two or more subjects by two or more ways of measuring, got {table.shape}.")
    if kind not in _ICC:
        raise InputError(f"Expected a kind of intraclass correlation, got {kind!r}. Available: {', '.join(_ICC)}.")
    value, low, high = _ICC[kind](_Squares.of(table), 1 - tail)
    return Correlation(value=float(value), low=float(low), high=float(high), n=len(table))


@dataclass(frozen=True, kw_only=True)
class Differences:
    """How two measurements differ over n values: a less b.

    mean: the mean difference (bias). absolute: the mean of its size. lower, upper: limits of agreement, mean -+ 1.96
    standard deviations of a single difference, within and between subjects together; NaN for one subject.
    """

    n: int
    mean: Interval
    absolute: Interval
    lower: Interval
    upper: Interval


def bland_altman(
    a: NDArray[np.floating],
    b: NDArray[np.floating],
    subject: NDArray[Any],
    *,
    n: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Differences:
    """Bias and limits of agreement of two measurements, with intervals over subjects.

    Several values of one subject are not taken for as many subjects: the variance of a single difference is that
    between subjects plus that within them, from a one-way analysis of variance (1999, section 5.3). Intervals of the
    means are percentiles over resampled subjects; those of the limits come from the distributions of mean and variances
    (Zou 2013), since few subjects, drawn again and again, hardly vary.

    Args:
        a: (V,) values; a subject may have several, of its phases for example.
        b: (V,) the same measured otherwise.
        subject: (V,) whose value it is.
        n: resamples.
        seed: of the resampling.
        level: coverage, within 0..1.

    Raises:
        InputError: no values, arrays of different lengths, or settings out of range.

    References:
        Bland and Altman 1986, doi 10.1016/S0140-6736(86)90837-8, and 1999, doi 10.1177/096228029900800204.
        Zou 2013, doi 10.1177/0962280211402548.
    """
    if not len(a) or len({len(a), len(b), len(subject)}) != 1:
        raise InputError(
            f"Expected values of the same subjects, at least one, got {len(a)} and {len(b)} of {len(subject)}."
        )
    values = np.asarray(a, float) - np.asarray(b, float)
    unit, n_units = units_of(subject)
    count, total, sizes = (np.bincount(unit, term) for term in (np.ones_like(values), values, np.abs(values)))

    def mean_of(sums: NDArray[Any]) -> Interval:
        return resampled(lambda weights: (weights @ sums) / (weights @ count), n_units, n=n, seed=seed, level=level)

    lower, upper = _limits(values, unit, tail_of(level, n))
    return Differences(n=len(values), mean=mean_of(total), absolute=mean_of(sizes), lower=lower, upper=upper)


def _limits(values: Floats, unit: NDArray[np.int64], tail: float) -> tuple[Interval, Interval]:
    """Limits of agreement; NaN for one subject."""
    n, count, mean = len(values), np.bincount(unit).astype(float), values.mean()
    free = np.array([len(count) - 1, n - len(count)])
    if not free[0]:
        undefined = Interval(value=np.nan, low=np.nan, high=np.nan, n_resamples=0)
        return undefined, undefined
    of_unit = np.bincount(unit, values) / count
    squares = np.array([(count * (of_unit - mean) ** 2).sum(), ((values - of_unit[unit]) ** 2).sum()])
    between, within = squares / np.maximum(free, 1)
    between = max(between, within)  # where subjects differ by less than chance lets them, all is within them
    per_unit = (n - (count**2).sum() / n) / free[0]  # values of a subject, on average
    parts = np.array([between / per_unit, within * (1 - 1 / per_unit)])
    of_mean = (between - within) / per_unit * (count**2).sum() / n**2 + within / n
    deviation = np.sqrt(parts.sum())
    inwards, outwards = (
        np.hypot(ndtri(1 - tail) * np.sqrt(of_mean), _LIMITS * (deviation - end))
        for end in _deviation_ends(parts, free, tail)
    )
    below, above = mean - _LIMITS * deviation, mean + _LIMITS * deviation
    return (
        Interval(value=below, low=below - outwards, high=below + inwards, n_resamples=0),
        Interval(value=above, low=above - inwards, high=above + outwards, n_resamples=0),
    )


def _deviation_ends(parts: Floats, free: NDArray[np.int64], tail: float) -> tuple[float, float]:
    """The interval of the root of a sum of variances, each with its degrees of freedom (0: it is 0)."""
    has = free > 0
    variances, df = parts[has], free[has]
    total = variances.sum()
    reach = [np.sqrt(((variances * (1 - df / chdtri(df, p))) ** 2).sum()) for p in (tail, 1 - tail)]
    return np.sqrt(max(total - reach[0], 0.0)), np.sqrt(total + reach[1])


@dataclass(frozen=True, kw_only=True)
class _Squares:
    """Mean squares of a two-way table of n subjects by k ways: of subjects, of ways, of what is left."""

    n: int
    k: int
    subjects: np.float64
    ways: np.float64
    left: np.float64

    @classmethod
    def of(cls, values: Floats) -> "_Squares":
        n, k = values.shape
        rows, columns, mean = values.mean(axis=1), values.mean(axis=0), values.mean()
        left = values - rows[:, None] - columns + mean
        return cls(
            n=n,
            k=k,
            subjects=k * ((rows - mean) ** 2).sum() / (n - 1),
            ways=n * ((columns - mean) ** 2).sum() / (k - 1),
            left=(left**2).sum() / ((n - 1) * (k - 1)),
        )


def _consistency(squares: _Squares, quantile: float) -> tuple[np.float64, np.float64, np.float64]:
    """ICC(C,1) and its interval; NaN where nothing differs."""
    n, k = squares.n, squares.k
    free = (n - 1, (n - 1) * (k - 1))

    def from_ratio(subjects: np.float64, left: np.float64) -> np.float64:
        return _share(subjects - left, subjects + (k - 1) * left)

    return (
        from_ratio(squares.subjects, squares.left),
        from_ratio(squares.subjects, squares.left * fdtri(*free, quantile)),
        from_ratio(squares.subjects * fdtri(*free[::-1], quantile), squares.left),
    )


def _agreement(squares: _Squares, quantile: float) -> tuple[np.float64, np.float64, np.float64]:
    """ICC(A,1) and its interval; NaN where nothing differs, or for less than one degree of freedom."""
    n, k, subjects, ways, left = squares.n, squares.k, squares.subjects, squares.ways, squares.left
    value = _share(subjects - left, subjects + (k - 1) * left + k * (ways - left) / n)
    # Satterthwaite's degrees of freedom; multiplied by n (1 - value), which may be 0.
    of_ways, of_left = k * value * ways, (n * (1 - value) + k * value * (n - 1)) * left
    free = _share((of_ways + of_left) ** 2, of_ways**2 / (k - 1) + of_left**2 / ((n - 1) * (k - 1)))
    if not free >= 1:
        return value, np.float64(np.nan), np.float64(np.nan)
    rest = k * ways + (k * n - k - n) * left
    down, up = fdtri(n - 1, free, quantile), fdtri(free, n - 1, quantile)
    low = _share(n * (subjects - down * left), down * rest + n * subjects)
    high = _share(n * (up * subjects - left), rest + n * up * subjects)
    return value, low, high


def _share(part: np.float64, whole: np.float64) -> np.float64:
    return part / whole if whole else np.float64(np.nan)


_ICC = {"A,1": _agreement, "C,1": _consistency}
