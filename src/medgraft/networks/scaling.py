"""The weights' own input scaling, as the first layer of the model: the input contract travels with the weights."""

import torch
from torch import Tensor, nn

from medgraft.core.contract import InputContract
from medgraft.core.errors import InputError


class Scaling(nn.Module):
    """Grey pictures (N, 1, S, S) or colour ones (N, 3, S, S) in 0..1 become what the weights expect.

    Grey is copied to the contract's channels, then `(x - mean) / std` per channel. Nothing here is trained or saved:
    the contract is kept beside the weights.

    >>> Scaling(InputContract(size=8, mean=(0.5,) * 3, std=(0.5,) * 3))(torch.ones(1, 1, 2, 2))[0, :, 0, 0]
    tensor([1., 1., 1.])
    """

    mean: Tensor
    std: Tensor

    def __init__(self, contract: InputContract) -> None:
        super().__init__()
        if not len(contract.mean) == len(contract.std) == contract.channels:
            raise InputError(f"Expected mean and std for {contract.channels} channels, got {contract}.")
        if not all(std > 0 for std in contract.std):
            raise InputError(f"Expected std above 0, got {contract}.")
        step = -1 if contract.order == "BGR" else 1
        self.channels = contract.channels
        self.reverse = step < 0
        self.register_buffer("mean", torch.tensor(contract.mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(contract.std).view(1, -1, 1, 1), persistent=False)
        super().train(False)

    def forward(self, images: Tensor) -> Tensor:
        """Scaled pictures (N, channels, S, S)."""
        colours = images.expand(-1, self.channels, -1, -1)
        return ((colours.flip(1) if self.reverse else colours) - self.mean) / self.std

    def train(self, mode: bool = True) -> "Scaling":
        """Nothing here can be trained: the layer stays in evaluation mode, in front of every frozen frontier."""
        del mode
        return self
