"""How far readers agree on where one class ends and the next begins along a stack, in slices and in mm."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.evaluation.measured import Differences, bland_altman


@dataclass(frozen=True, kw_only=True)
class BoundaryAgreement:
    """Agreement on one boundary, for example "OBS|IN": positive where a is further towards the apex.

    mm: over the stacks of known spacing; None if there are none.
    """

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
    first, second, whose = np.asarray(a, float), np.asarray(b, float), np.asarray(subject)
    known = np.isfinite(np.asarray(spacing, float))

    def differences(mm: NDArray[Any], of: NDArray[np.bool_]) -> Differences:
        return bland_altman((first * mm)[of], (second * mm)[of], whose[of], n=n, seed=seed, level=level)

    return BoundaryAgreement(
        boundary=boundary,
        slices=differences(np.ones(len(first)), np.ones(len(first), bool)),
        mm=differences(spacing, known) if known.any() else None,
    )
