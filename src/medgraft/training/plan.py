"""How to train: everything that changes the numbers, and nothing else."""

from dataclasses import dataclass
from typing import Literal

from medgraft.core.errors import InputError

#: Stochastic gradient descent with Nesterov's momentum (Ho and Kim 2021), or Adam (Kingma and Ba 2014).
Rule = Literal["sgd", "adam"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How to train.

    rate: learning rate of the first update; `rate_of` has that of the others.
    epochs: how often the training set is seen.
    momentum: of "sgd", Nesterov's, 0 for none.
    decay: Keras' `decay`, by update; not weight decay.
    decay_factor, decay_epochs: the rate is multiplied by the factor every so many epochs; 1.0 leaves it alone.
    """

    rate: float
    epochs: int
    batch_size: int = 32
    momentum: float = 0.9
    decay: float = 1e-6
    optimizer: Rule = "sgd"
    decay_factor: float = 1.0
    decay_epochs: int = 1

    def __post_init__(self) -> None:
        """Raise `InputError` for a training of no epochs, or a decay at every zeroth."""
        if self.epochs < 1:
            raise InputError(f"Expected at least one epoch, got {self.epochs}.")
        if self.decay_epochs < 1:
            raise InputError(f"Expected a decay every 1, 2, ... epochs, got every {self.decay_epochs}.")

    def rate_of(self, update: int, epoch: int = 0) -> float:
        """Learning rate of an update in an epoch, both counted from 0.

        >>> Plan(rate=0.1, epochs=1, decay=1.0).rate_of(1)
        0.05
        >>> Plan(rate=1.0, epochs=9, decay=0.0, decay_factor=0.5, decay_epochs=3).rate_of(80, epoch=8)
        0.25
        """
        return self.rate / (1 + self.decay * update) * self.decay_factor ** (epoch // self.decay_epochs)
