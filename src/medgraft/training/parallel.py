"""One training on several devices: a process on each computes its share of every batch, and gradients are averaged."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from medgraft.training.fit import Loss


@dataclass(frozen=True, kw_only=True)
class Replica:
    """One of `count` processes that train the same model; `rank` 0, 1, ... tells them apart.

    Each calls `fit` with the same arguments, but with its own `share` of every batch's rows, `forward` as forward pass
    and `loss` around the loss. All then end with the same weights and the same history, which is that of one process
    with whole batches, to rounding: as long as a unit's loss does not depend on the others of its batch (batch norm),
    and every batch is shared evenly.
    """

    rank: int
    count: int
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def share(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of a batch that this process computes: as many in each, so some twice where they do not divide.

        >>> [Replica(rank=rank, count=2).share(np.arange(5)).tolist() for rank in range(2)]
        [[0, 2, 4], [1, 3, 0]]
        """
        even = -(-len(rows) // self.count) * self.count
        return np.resize(rows, even)[self.rank :: self.count]

    def forward(self, model: nn.Module) -> Callable[..., Tensor]:
        """The forward pass of a model, frozen as wanted and on its device, whose gradients are averaged."""
        devices = None if self.device.type == "cpu" else [self.device]
        return DistributedDataParallel(model, device_ids=devices)

    def loss(self, loss: Loss) -> Loss:
        """A loss with the gradient of this process's share and the value of all of them."""

        def averaged(logits: Tensor, targets: Any) -> Tensor:
            own = loss(logits, targets)
            mean = own.detach() / self.count
            distributed.all_reduce(mean)
            return own + (mean - own.detach())

        return averaged


@contextmanager
def joined(rank: int, count: int, meeting: str, device: torch.device | None = None) -> Iterator[Replica]:
    """One of several processes, for as long as they train together.

    Args:
        rank: of this process, 0 to `count` - 1.
        count: how many there are; each waits for all others.
        meeting: where they find each other: "file:///a/new/file" that all can open, or "tcp://address:port" of the
            first; "env://" where `torchrun` started them.
        device: of this process; the CPU if None.
    """
    replica = Replica(rank=rank, count=count, device=device or torch.device("cpu"))
    backend = "nccl" if replica.device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, init_method=meeting, rank=rank, world_size=count)
    try:
        yield replica
    finally:
        distributed.destroy_process_group()
