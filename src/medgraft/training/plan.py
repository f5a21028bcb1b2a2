"""How to train: everything that changes the numbers, and nothing else."""

from dataclasses import dataclass

from medgraft.core.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Stochastic gradient descent as in the paper.

    rate: learning rate of the first update; update t uses rate / (1 + decay t) (Keras' `decay`, not weight decay).
    epochs: how often the training set is seen. momentum: Nesterov's, 0 for none.
    """

    rate: float
    epochs: int
    batch_size: int = 32
    momentum: float = 0.9
    decay: float = 1e-6

    def __post_init__(self) -> None:
        """Raise `InputError` for a training of no epochs."""
        if self.epochs < 1:
            raise InputError(f"Expected at least one epoch, got {self.epochs}.")

    def rate_of(self, update: int) -> float:
        """Learning rate of an update, 0 for the first.

        >>> Plan(rate=0.1, epochs=1, decay=1.0).rate_of(1)
        0.05
        """
        return self.rate / (1 + self.decay * update)
