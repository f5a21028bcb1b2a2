"""One training on several devices: a process on each computes its share of every batch, and gradients are averaged."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from medgraft.training.fit import Loss

Item = TypeVar("Item")

#: How long a process waits for the others: for as long as it takes them. Whoever started them sees when one is lost.
_PATIENCE = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Replica:
    """One of `count` processes that train the same model; `rank` 0, 1, ... tells them apart.

    Each calls `fit` with the same arguments, but with its own `share` of every batch's rows, `forward` as forward pass
    and `loss` around the loss. All then end with the same weights and the same history, which is that of one process
    with whole batches, to rounding: as long as a unit's loss does not depend on the others of its batch (batch norm),
    and every batch has a multiple of `count` rows. One process alone shares with nobody: the same calls do nothing.
    """

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether it is the one that writes what all have in common."""
        return self.rank == 0

    def share(self, items: Sequence[Item]) -> Sequence[Item]:
        """What this process computes of something that each holds whole.

        >>> [list(Replica(rank=rank, count=2).share(range(5))) for rank in range(2)]
        [[0, 2, 4], [1, 3]]
        """
        return items[self.rank :: self.count]

    def gathered(self, own: Sequence[Item]) -> list[Item]:
        """What the processes made of their shares, as if one had made all; each of them gets it."""
        if self.count == 1:
            return list(own)
        shares: list[Any] = [None] * self.count
        distributed.all_gather_object(shares, list(own))
        return [shares[place % self.count][place // self.count] for place in range(sum(map(len, shares)))]

    def forward(self, model: nn.Module) -> Callable[..., Tensor]:
        """The forward pass of a model, frozen as wanted and on its device, whose gradients are averaged."""
        return model if self.count == 1 else DistributedDataParallel(model)

    def loss(self, loss: Loss) -> Loss:
        """A loss with the gradient of this process's share and the value of all of them."""

        def averaged(logits: Tensor, targets: Any) -> Tensor:
            own = loss(logits, targets)
            mean = own.detach() / self.count
            distributed.all_reduce(mean)
            return own + (mean - own.detach())

        return loss if self.count == 1 else averaged


#: The only process that trains a model.
ALONE = Replica()


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
    on_gpu = device is not None and device.type == "cuda"
    if on_gpu:
        torch.cuda.set_device(device)  # NCCL takes the current one
    backend = "nccl" if on_gpu else "gloo"
    distributed.init_process_group(backend, init_method=meeting, rank=rank, world_size=count, timeout=_PATIENCE)
    try:
        yield Replica(rank=rank, count=count)
    finally:
        distributed.destroy_process_group()
