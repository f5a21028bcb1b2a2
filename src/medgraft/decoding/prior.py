"""Class priors: scores of a network that saw classes in other shares than they have in life."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError


def adjust_prior(y_score: NDArray[Any], from_prior: NDArray[Any], to_prior: NDArray[Any]) -> NDArray[np.float64]:
    """Scores as they would be had the classes come in other shares (Saerens et al. 2002, equation 2.4).

    A network trained on oversampled rare classes believes them more common than they are.

    Args:
        y_score: (N, K) probabilities.
        from_prior: (K,) class shares or counts that were trained on, all above 0.
        to_prior: (K,) class shares or counts to answer for.

    Returns:
        (N, K) probabilities; rows sum to 1.

    Raises:
        InputError: the priors do not fit the scores.

    >>> adjust_prior(np.array([[0.5, 0.5]]), np.array([1, 1]), np.array([1, 3]))
    array([[0.25, 0.75]])
    """
    scores, seen, wanted = (np.asarray(values, float) for values in (y_score, from_prior, to_prior))
    if not seen.shape == wanted.shape == scores.shape[1:]:
        raise InputError(f"Expected priors of {scores.shape[1:]}, one per class, got {seen.shape} and {wanted.shape}.")
    if not (seen > 0).all() or not (wanted >= 0).all() or not wanted.any():
        raise InputError(f"Expected from_prior above 0 and to_prior not below, got {seen} and {wanted}.")
    weighted = scores * wanted / seen
    total = weighted.sum(axis=1, keepdims=True)
    # Where all score lies on classes that no longer exist, the new prior is all that is known.
    return np.asarray(np.where(total > 0, weighted / np.where(total > 0, total, 1), wanted / wanted.sum()))
