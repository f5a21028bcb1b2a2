"""Stochastic gradient descent of many trainings at once."""

from collections.abc import Sequence

import torch
from torch import Tensor


class StackedSGD:
    """`torch.optim.SGD` with Nesterov's momentum for stacked tensors: each of T places has its own rate and momentum.

    A step allocates nothing: fresh memory of that size costs more than the arithmetic. It uses the gradients up.
    """

    def __init__(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], momentum: Tensor) -> None:
        """Begin without momenta.

        Args:
            parameters: each (T, ...), changed in place.
            gradients: of the same shapes, read and overwritten at each step.
            momentum: (T,), 0 for none.
        """
        self._moved = list(zip(parameters, gradients, [torch.zeros_like(p) for p in parameters], strict=True))
        self._momentum = momentum

    def step(self, rates: Tensor, resting: Sequence[int] = ()) -> None:
        """One update.

        Args:
            rates: (T,), 0 for places that rest.
            resting: these places, which keep parameters and momenta.
        """
        momentum = self._momentum
        if resting:
            momentum = torch.where(rates > 0, momentum, torch.ones_like(momentum))
            for _, gradient, _ in self._moved:
                gradient[resting] = 0
        for parameter, gradient, buffer in self._moved:
            shape = (-1, *[1] * (parameter.ndim - 1))
            torch.addcmul(gradient, buffer, momentum.view(shape), out=buffer)
            gradient.addcmul_(buffer, momentum.view(shape))
            parameter.addcmul_(gradient, rates.view(shape), value=-1)
