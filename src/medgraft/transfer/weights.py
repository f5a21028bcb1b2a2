"""Weights: tensors by name with what belongs to them, and the protocol of everything that can give some."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from medgraft.core.contract import InputContract
from medgraft.core.lineage import Lineage
from medgraft.exchange.seen import Seen
from medgraft.networks.spec import NetworkSpec


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """State of a network's base, in the base's own names, and the input those weights expect.

    origin: where they came from, for people. digest: SHA-256 of the file they were read from, of a
    package's tensors, or of their key.
    seen: whom they have learned from. lineage: what a package's model went through; empty for other sources.
    """

    state: Mapping[str, Tensor]
    contract: InputContract
    licence: str
    origin: str
    digest: str
    seen: Seen
    lineage: Lineage = field(default_factory=Lineage)


class WeightSource(Protocol):
    """Something that has weights for a network."""

    def load(self, network: NetworkSpec) -> Weights:
        """The weights for a network. Raises `WeightsError` if there are none or they cannot be read."""
        ...
