"""Counted work: floating-point operations and bytes of the frozen and the trained part of a network, per picture."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.peers.recorded import LAST
from medgraft.networks import spec
from medgraft.networks.classifier import build
from medgraft.networks.freezing import freeze
from medgraft.study.study_file import Depth
from medgraft.transfer import split_at_frontier

#: A training step does the forward pass and two products as large: by the values and by the weights.
STEP = 3
_PICTURES = 2


@dataclass(frozen=True, kw_only=True)
class Work:
    """Per picture, forward: GFLOP of the prefix and the suffix, and the MB that the unfused prefix reads and writes."""

    prefix_gflop: float
    suffix_gflop: float
    prefix_mbytes: float

    @property
    def plain_gflop(self) -> float:
        """Of one plain training picture: the frozen part forward, the trained part forward and backward."""
        return self.prefix_gflop + STEP * self.suffix_gflop

    @property
    def limit(self) -> float:
        """How much less work a step from the cache is: (prefix + 3 suffix) / (3 suffix)."""
        return self.plain_gflop / (STEP * self.suffix_gflop)


def count_work(network: str, depth: Depth, size: int) -> Work:
    """Count on two pictures what convolutions and products do; what else there is counts as bytes alone."""
    described = spec(network)
    model = build(described, n_classes=3, contract=described.contract)
    freeze(model, depth)
    images = torch.rand((_PICTURES, 1, size, size)).contiguous(memory_format=LAST)
    model.to(memory_format=LAST).train()
    split = split_at_frontier(model, images)
    prefix, mbytes = _counted(lambda: split.frontier(images))
    values = split.frontier(images)
    with torch.no_grad():
        suffix, _ = _counted(lambda: split.suffix(*values))
    return Work(prefix_gflop=prefix, suffix_gflop=suffix, prefix_mbytes=mbytes)


def _counted(compute: Callable[[], object]) -> tuple[float, float]:
    """GFLOP and MB per picture."""
    with FlopCounterMode(display=False) as flops, _Traffic() as traffic:
        compute()
    return flops.get_total_flops() / 1e9 / _PICTURES, traffic.nbytes / 1e6 / _PICTURES


class _Traffic(TorchDispatchMode):
    """Bytes that operators read and write; views move none."""

    nbytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operator and add what it touches."""
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            self.nbytes += sum(tensor.nbytes for tensor in _tensors((args, kwargs, result)))
        return result


def _tensors(tree: object) -> Iterator[Tensor]:
    return (leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor))
