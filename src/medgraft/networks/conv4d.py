"""Convolution over three dimensions of space and one of time."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

#: As values lie in memory: on a CPU, few channels are convolved in half the time.
_CHANNELS_LAST = torch.channels_last_3d


class Conv4d(nn.Module):
    """Volumes over time (B, C, T, Z, Y, X) to (B, O, T', Z', Y', X').

    Around them are zeros in space; in time the first and the last stand still, since a window is cut out of a beat that
    goes on, and zeros would tell where in the window a phase is.

    A 4D convolution is a sum of 3D convolutions, one for each offset in time, over all phases at once; what is kept for
    the gradient is one padded copy of the input. Weights (O, C, kernel, kernel, kernel, kernel) in the order T, Z, Y, X
    start as those of torch's convolutions, over all that a value is computed from, biases at 0.

    channels, out: C and O. kernel: odd, phases and voxels of a side. stride: of time and space alike; each of
    T', Z', Y', X' is that of the input divided by it, rounded up.

    >>> Conv4d(1, 8, stride=2)(torch.zeros(2, 1, 5, 4, 4, 6)).shape
    torch.Size([2, 8, 3, 2, 2, 3])
    """

    def __init__(self, channels: int, out: int, kernel: int = 3, *, stride: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out, channels, *[kernel] * 4))
        self.bias = nn.Parameter(torch.zeros(out))
        self.kernel = kernel
        self.stride = stride
        # He's weights, of six times the variance, add up in residual sums: what comes up would drown what was skipped.
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))

    def forward(self, volumes: Tensor) -> Tensor:
        """(B, C, T, Z, Y, X) to (B, O, T', Z', Y', X')."""
        phases = volumes.permute(2, 0, 3, 4, 5, 1)  # (T, B, Z, Y, X, C): a run of phases is a view of what is kept
        n_phases, n_volumes = -(-len(phases) // self.stride), phases.shape[1]
        half = self.kernel // 2
        padded = torch.cat([phases[:1]] * half + [phases] + [phases[-1:]] * half).movedim(-1, 2)
        last = (n_phases - 1) * self.stride + 1
        out = self.bias.view(-1, 1, 1, 1)
        for offset, weight in enumerate(self.weight.unbind(2)):
            seen = padded[offset : offset + last : self.stride].flatten(0, 1)  # (T' B, C, Z, Y, X)
            by_voxel = weight.contiguous(memory_format=_CHANNELS_LAST)
            out = functional.conv3d(seen, by_voxel, stride=self.stride, padding=half).add_(out)
        return out.view(n_phases, n_volumes, *out.shape[1:]).movedim(0, 2)
