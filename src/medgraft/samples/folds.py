"""Patient folds: a subject is in one fold only, and every class is spread as evenly as whole subjects allow.

scikit-learn's StratifiedGroupKFold places each subject once and greedily, large subjects first. Here each placement may
be revised by moves and swaps: on ACDC the folds then hold 7 to 8 OAP and 5 OBS each, instead of 6 to 9 and 4 to 6.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.samples.samples import Samples

#: Sweeps of moves and swaps at most; two or three are enough as a rule.
_SWEEPS = 20

Shares = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Fold:
    """One way to part the samples: positions (n,) to train on, positions (m,) held out, both ascending."""

    index: int
    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def patient_folds(samples: Samples, n_folds: int, seed: int) -> tuple[Fold, ...]:
    """Part the samples into folds by subject, stratified by class.

    Every sample is held out in exactly one fold. The order of the samples changes nothing, and the same seed gives the
    same folds. Two subjects who alone have a class land in different folds, so that every fold trains on every class,
    unless other classes forbid it.

    Args:
        samples: what to part.
        n_folds: 2 or more, at most the number of subjects.
        seed: decides among equally good placements.

    Raises:
        InputError: fewer than 2 folds, or fewer subjects than folds.
    """
    names, owner = np.unique(samples.subjects, return_inverse=True)
    _check_count(n_folds, len(names))
    shares = _shares(samples.labels, owner, len(names))
    order = rng(seed, "patient folds", n_folds).permutation(len(names))
    placed = np.empty(len(names), np.int64)
    placed[order] = _spread(shares[order], n_folds)
    return _folds_of_subjects(owner, placed, n_folds)


def _folds_of_subjects(owner: NDArray[Any], placed: NDArray[np.int64], n_folds: int) -> tuple[Fold, ...]:
    """Folds from the subject (N,) of each sample, as a number, and the fold (S,) of each subject."""
    held_out = placed[owner]
    folds = tuple(
        Fold(index=k, train=np.flatnonzero(held_out != k), validation=np.flatnonzero(held_out == k))
        for k in range(n_folds)
    )
    for fold in folds:
        shared = np.intersect1d(owner[fold.train], owner[fold.validation])
        assert shared.size == 0, f"subjects {shared} are on both sides of fold {fold.index}"
    return folds


def _check_count(n_folds: int, n_subjects: int) -> None:
    if n_folds < 2:
        raise InputError(f"Expected 2 or more folds, got {n_folds}.")
    if n_folds > n_subjects:
        raise InputError(
            f"Expected at least one subject per fold, got {n_subjects} subjects for {n_folds} folds. "
            f"Do ask for at most {n_subjects} folds, or label more subjects."
        )


def _shares(labels: NDArray[np.int64], owner: NDArray[Any], n_subjects: int) -> Shares:
    """(S, C + 1): which part of each class a subject holds, and which part of all subjects it is."""
    present = np.unique(labels)
    counts = np.stack([np.bincount(owner[labels == label], minlength=n_subjects) for label in present], axis=1)
    return np.column_stack([counts / counts.sum(axis=0), np.full(n_subjects, 1 / n_subjects)])


def _spread(shares: Shares, n_folds: int) -> NDArray[np.int64]:
    """The fold (S,) of each subject."""
    placed, totals = _place_once(shares, n_folds)
    for _ in range(_SWEEPS):
        improved = sum(_improve(subject, shares, placed, totals) for subject in range(len(shares)))
        if not improved:
            break
    return placed


def _place_once(shares: Shares, n_folds: int) -> tuple[NDArray[np.int64], Shares]:
    """Greedy: who holds most of any class first, each where the shares stay most even."""
    placed = np.zeros(len(shares), np.int64)
    totals = np.zeros((n_folds, shares.shape[1]))
    for subject in np.argsort(-shares.max(axis=1), kind="stable"):
        gain = _unevenness(totals + shares[subject]) - _unevenness(totals)
        placed[subject] = np.lexsort((totals[:, -1], gain.round(12)))[0]
        totals[placed[subject]] += shares[subject]
    return placed, totals


def _improve(subject: int, shares: Shares, placed: NDArray[np.int64], totals: Shares) -> bool:
    """Make the move or the swap of one subject that evens the shares most, if there is one."""
    here = placed[subject]
    others = np.flatnonzero(placed != here)
    folds = np.flatnonzero(np.arange(len(totals)) != here)
    # Each row is a candidate: swap with another subject, or (share 0 comes back) move to another fold.
    goes_to = np.concatenate([placed[others], folds])
    comes_back = np.concatenate([shares[others], np.zeros((len(folds), shares.shape[1]))])
    moved = shares[subject] - comes_back
    after = _unevenness(totals[here] - moved) + _unevenness(totals[goes_to] + moved)
    gain = _unevenness(totals[here]) + _unevenness(totals[goes_to]) - after
    best = int(gain.round(12).argmax())
    if gain[best] <= 1e-9 or (best >= len(others) and np.count_nonzero(placed == here) == 1):
        return False
    totals[here] -= moved[best]
    totals[goes_to[best]] += moved[best]
    placed[subject] = goes_to[best]
    if best < len(others):
        placed[others[best]] = here
    return True


def _unevenness(totals: Shares) -> NDArray[np.float64]:
    """Sum of squared shares (...,): the smaller over all folds, the more evenly each class is spread."""
    return np.asarray((totals**2).sum(axis=-1), float)
