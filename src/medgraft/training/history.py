"""What happened, epoch by epoch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """Curves of one training, E epochs, n validation units, K classes.

    train_loss: (E,) mean loss over the epoch's updates (augmented, oversampled, dropout on).
    scores: (E, n, K) float32 after each epoch: probabilities of the plain validation units, or Dice of validation
        volumes, as `fit` was asked to `evaluate`; (E, 0, 0) where it was not.
    A training that diverged holds NaN from that epoch on.
    """

    train_loss: NDArray[np.float64]
    scores: NDArray[np.float32]


def history_of(losses: Sequence[float], scores: Sequence[NDArray[np.float32]], epochs: int) -> History:
    """Curves of full length from the epochs that were done, one or more; from a divergence on they are NaN.

    losses, scores: of each epoch; a training ends early only where its last loss is not finite.
    """
    missing = epochs - len(losses)
    last = scores[-1] if np.isfinite(losses[-1]) else np.full_like(scores[-1], np.nan)
    lost = [np.full_like(last, np.nan)] * missing
    curve = np.array([*losses, *[np.nan] * missing], np.float64)
    return History(train_loss=curve, scores=np.stack([*scores[:-1], last, *lost]))
