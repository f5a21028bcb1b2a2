"""Features as a map: each image a point, neighbours in feature space near each other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE

from medgraft.core.errors import InputError
from medgraft.core.seeds import seed_of

_FEWEST = 5


def embed(features: NDArray[Any], *, perplexity: float = 30, seed: int) -> NDArray[np.float64]:
    """A t-SNE map of penultimate features (van der Maaten and Hinton 2008), started from their principal components.

    Args:
        features: (N, F), N at least 5, F at least 2, finite and not all equal.
        perplexity: about how many neighbours a point has, above 1. With few images it is lowered to (N - 1) / 3,
            beyond which t-SNE finds no structure.
        seed: equal seeds give equal maps.

    Returns:
        (N, 2). Distances between far groups, and axes, mean nothing.

    Raises:
        InputError: if the features are too few, not finite or all equal.
    """
    values = np.asarray(features, np.float64)
    _check(values, perplexity)
    bounded = min(perplexity, (len(values) - 1) / 3)
    tsne = TSNE(perplexity=bounded, init="pca", random_state=seed_of(seed, "t-sne") % 2**32, n_jobs=1)
    return np.asarray(tsne.fit_transform(_of_size_one(values)), np.float64)


def _of_size_one(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """About 0, within -1..1: the map is the same, and squares of very large or small features are numbers, too."""
    centred = values - values.mean(axis=0)
    scaled: NDArray[np.float64] = centred / np.abs(centred).max()
    return scaled


def _check(values: NDArray[np.float64], perplexity: float) -> None:
    if values.ndim != 2 or len(values) < _FEWEST or values.shape[1] < 2:
        raise InputError(f"Expected features (N, F) of at least {_FEWEST} images and 2 features, got {values.shape}.")
    if not np.isfinite(values).all() or np.ptp(values, axis=0).max() == 0:
        raise InputError("Expected finite features that differ between images. Check the network's weights.")
    if perplexity <= 1:
        raise InputError(f"Expected a perplexity above 1, got {perplexity}. Usual values are 5 to 50.")
