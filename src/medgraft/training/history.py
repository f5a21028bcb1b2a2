"""What happened, epoch by epoch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """Curves of one training, E epochs, n validation units, K classes.

    train_loss: (E,) mean cross-entropy over the epoch's updates (augmented, oversampled, dropout on).
    scores: (E, n, K) float32 probabilities on the plain validation units after each epoch; (E, 0, K) without any.
    A training that diverged holds NaN from that epoch on.
    """

    train_loss: NDArray[np.float64]
    scores: NDArray[np.float32]
