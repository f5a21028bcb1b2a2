"""Lineage: the hops a model went through, from its first weights to the model at hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One step of a model's life: where its weights came from or what it was trained on.

    weights_digest: of its tensors after this step; of the file they were read from, for weights from elsewhere.
    data_digest: of all samples of the study or curve that trained it, held-out ones included; "" where unknown.
    stages: trained stages, deepest last. result: headline figures by name.
    """

    what: str
    weights_digest: str
    data_digest: str = ""
    task: str = ""
    stages: tuple[str, ...] = ()
    licence: str = ""
    result: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Hops in order; the last is the model at hand."""

    hops: tuple[Hop, ...] = ()

    def then(self, hop: Hop) -> "Lineage":
        """This lineage with one more hop."""
        return Lineage(hops=(*self.hops, hop))
