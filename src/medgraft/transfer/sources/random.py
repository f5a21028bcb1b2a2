"""Random weights from a key."""

from dataclasses import dataclass

from medgraft.core.digest import digest
from medgraft.exchange.seen import Seen
from medgraft.networks.model import build_base
from medgraft.networks.spec import NetworkSpec
from medgraft.transfer.weights import Weights


@dataclass(frozen=True, kw_only=True)
class Random:
    """Each network's own random initialisation; equal keys give equal weights, those of `networks.classifier.build`."""

    key: object = 0

    def load(self, network: NetworkSpec) -> Weights:
        """Random weights for any network, with the input contract of its usual weights."""
        return Weights(
            state=build_base(network, key=self.key).state_dict(),
            contract=network.contract,
            licence="",
            origin="random",
            digest=digest(["random", network.name, self.key]),
            seen=Seen(),
        )
