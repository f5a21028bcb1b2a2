"""The networks that medgraft describes, as rows for people."""

from dataclasses import dataclass

from medgraft.networks import NETWORKS, Answers, NetworkSpec, spec


@dataclass(frozen=True, kw_only=True)
class NetworkRow:
    """One network in a few words.

    dims: axes of an image, 2 to 4, the fourth being time. answers: "classes", one per image, or "masks".
    size: pixels of a side. features: values per image after pooling, or per voxel.
    parameters: millions, top1: ImageNet accuracy in percent, both as published, None where they are not.
    stages: from input to output; depth counts them from the end.
    weights: name of its ImageNet weights on timm's hub, "" where it has none. licence: of those weights.
    """

    name: str
    title: str
    dims: int
    answers: Answers
    size: int
    features: int
    parameters: float | None
    top1: float | None
    stages: tuple[str, ...]
    weights: str
    licence: str
    reference: str

    @classmethod
    def of(cls, network: NetworkSpec) -> "NetworkRow":
        """The row of a network."""
        return cls(
            name=network.name,
            title=network.title,
            dims=network.dims,
            answers=network.answers,
            size=network.size,
            features=network.features,
            parameters=network.parameters,
            top1=network.top1,
            stages=tuple(stage.name for stage in network.stages),
            weights=network.weights,
            licence=network.licence,
            reference=network.reference,
        )


def list_networks() -> tuple[NetworkRow, ...]:
    """The networks with an entry of their own; any other network of timm can be used by its name."""
    return tuple(NetworkRow.of(network) for network in NETWORKS.values())


def describe_network(name: str) -> NetworkRow:
    """One network. Raises `InputError` for an unknown one."""
    return NetworkRow.of(spec(name))
