"""Heads of one shape side by side: one batched product over stacked weights instead of many small ones."""

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from medgraft.core.errors import InputError
from medgraft.networks.classifier import KeyedDropout

_TENSORS = ("hidden.weight", "hidden.bias", "scores.weight", "scores.bias")


class Heads:
    """T heads (`classifier.Head`), each with its own weights; none sees another.

    Gradients are written into the same memory at every step: fresh memory for 15 heads costs more than the products.

    parameters, gradients: stacked tensors, each (T, ...).
    dropout_name: of each head's dropout within its model, for its seeds.
    """

    def __init__(
        self,
        starts: Sequence[Mapping[str, Tensor]],
        *,
        dropout: float,
        prefix: str = "head.",
        device: torch.device | str = "cpu",
    ) -> None:
        """Stack copies of the starting tensors.

        Args:
            starts: the tensors of each head by their names in its model; others are left alone.
            dropout: as in `Head`.
            prefix: of the head's names in the model.
            device: where to compute.

        Raises:
            InputError: no heads, or a start without one of the head's tensors.
        """
        names = [f"{prefix}{name}" for name in _TENSORS]
        if not starts or any(name not in start for start in starts for name in names):
            raise InputError(f"Expected {', '.join(names)} of each head, got {[sorted(start) for start in starts]}.")
        self.device = torch.device(device)
        self.dropout_name = f"{prefix}dropout"
        self.parameters = [torch.stack([start[name].detach() for start in starts]).to(device) for name in names]
        # A single head is computed twice: one product alone may be split over threads, and rounded, in another way.
        self._places = max(2, len(starts))
        self._spread = [self._spread_out(parameter) for parameter in self.parameters]
        self._gradients = [torch.zeros_like(parameter) for parameter in self._spread]
        self.gradients = [gradient[: len(starts)] for gradient in self._gradients]
        self._names, self._dropout = names, dropout

    def __len__(self) -> int:
        """T."""
        return len(self.parameters[0])

    def state(self, index: int) -> dict[str, Tensor]:
        """A copy of one head's tensors, by their names in the model."""
        return {name: p[index].cpu().clone() for name, p in zip(self._names, self.parameters, strict=True)}

    def masks(self, seed: int, sizes: Sequence[int]) -> Iterator[Tensor]:
        """What dropout multiplies hidden values with, (n, hidden) for each batch of an epoch, as `Head` draws them.

        Args:
            seed: of the dropout's generator at the start of the epoch.
            sizes: rows n of each batch, in order.
        """
        dropout = KeyedDropout(self._dropout)
        dropout.generator.manual_seed(seed)
        width = self.parameters[0].shape[1]
        return (dropout(torch.ones(size, width)) for size in sizes)

    def scores(self, features: Tensor) -> Tensor:
        """Class probabilities (T, B, K) of features (T, B, F), without dropout."""
        weight, bias, out_weight, out_bias = self._spread
        hidden = _affine(self._spread_out(features), weight, bias).relu_()
        return _affine(hidden, out_weight, out_bias).softmax(2)[: len(self)]

    def backward(self, features: Tensor, targets: Tensor, shares: Tensor, masks: Tensor) -> Tensor:
        """Cross-entropy of each head (T,); its gradient is written into `gradients`.

        Args:
            features: (T, B, F).
            targets: (T, B) class columns.
            shares: (T, B) of each row in the mean: 1 / n for the n rows of a batch, 0 for rows that only fill it up.
            masks: (T, B, hidden).
        """
        features, targets, shares, masks = map(self._spread_out, (features, targets, shares, masks))
        weight, bias, out_weight, out_bias = self._spread
        weight_gradient, bias_gradient, out_weight_gradient, out_bias_gradient = self._gradients
        hidden = _affine(features, weight, bias).relu_()
        gate = (hidden > 0) * masks
        hidden *= masks
        log_scores = functional.log_softmax(_affine(hidden, out_weight, out_bias), 2)
        truth = functional.one_hot(targets, log_scores.shape[2])
        errors = (log_scores.exp() - truth) * shares[..., None]
        torch.bmm(errors.mT, hidden, out=out_weight_gradient)
        torch.sum(errors, 1, out=out_bias_gradient)
        errors = torch.bmm(errors, out_weight) * gate
        torch.bmm(errors.mT, features, out=weight_gradient)
        torch.sum(errors, 1, out=bias_gradient)
        log_truth = log_scores.gather(2, targets[..., None])[..., 0]
        return -(log_truth * shares).sum(1)[: len(self)]

    def _spread_out(self, values: Tensor) -> Tensor:
        return values.expand(self._places, *values.shape[1:])


def _affine(values: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The linear layer of each place: (P, B, in) to (P, B, out)."""
    return torch.bmm(values, weight.mT).add_(bias[:, None])
