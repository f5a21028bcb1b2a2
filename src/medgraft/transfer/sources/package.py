"""Weights of a model that medgraft trained: the next hop of a chain."""

from dataclasses import dataclass
from pathlib import Path

from medgraft.exchange.package import read_package
from medgraft.exchange.tensors import tensors_digest
from medgraft.networks.spec import NetworkSpec
from medgraft.transfer.weights import Weights

_BASE = "base."


@dataclass(frozen=True)
class PackageWeights:
    """The base of a packaged model, with the input contract it was trained with; its head stays behind."""

    folder: Path

    def load(self, network: NetworkSpec) -> Weights:  # noqa: ARG002  # a source's signature; loading compares names
        """The package's tensors. Raises `WeightsError` for a package that is missing, altered or damaged."""
        package = read_package(Path(self.folder))
        state = {name.removeprefix(_BASE): value for name, value in package.state.items() if name.startswith(_BASE)}
        licences = [hop.licence for hop in package.lineage.hops if hop.licence]
        return Weights(
            state=state,
            contract=package.contract,
            licence=licences[0] if licences else "",
            origin=package.name,
            digest=tensors_digest(state),
            seen=package.seen,
            lineage=package.lineage,
        )
