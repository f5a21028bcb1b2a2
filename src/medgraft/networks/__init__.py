"""One `NetworkSpec` per network: how it is built, its ordered stages, its input contract, published facts, reference.

Enters: a network's name. Leaves: a description (`spec`, `NETWORKS`), and from the modules that load torch a model:
`classifier.build`, `segmenter.build_segmenter`, `freezing.freeze`, `grey.sum_stem`. Must not know: images, studies,
where weights come from.
"""

from medgraft.networks.registry import NETWORKS, described, spec
from medgraft.networks.spec import Answers, Depth, NetworkSpec, Stage

__all__ = ["NETWORKS", "Answers", "Depth", "NetworkSpec", "Stage", "described", "spec"]
