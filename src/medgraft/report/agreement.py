"""Agreement: one figure of the same subjects, as a model sees it and in the reference."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.evaluation import Interval


@dataclass(frozen=True, kw_only=True, eq=False)
class Agreement:
    """A figure of S subjects, measured twice.

    seen, reference: (S,) in the figure's unit. pearson, icc: in -1..1. bias, lower, upper: mean of seen minus
    reference and the limits within which 95 % of such differences lie, in the figure's unit.
    """

    seen: NDArray[np.float64]
    reference: NDArray[np.float64]
    pearson: Interval
    icc: Interval
    bias: Interval
    lower: Interval
    upper: Interval

    def __post_init__(self) -> None:
        """Raise `InputError` where the two sides differ in length."""
        if self.seen.shape != self.reference.shape or self.seen.ndim != 1:
            raise InputError(f"Expected two lists of one length, got {self.seen.shape} and {self.reference.shape}.")


@dataclass(frozen=True, kw_only=True, eq=False)
class FigureAgreement(Agreement):
    """The same for a figure with its name and unit, such as "ejection fraction" and "%"."""

    title: str
    unit: str
