"""Lineage in words: one line per hop of a model's life."""

from medgraft.core.lineage import Lineage


def hop_lines(lineage: Lineage) -> tuple[str, ...]:
    """What happened at each hop, whose licence it carries, and the weights it left.

    >>> from medgraft.core.lineage import Hop
    >>> hop_lines(Lineage(hops=(Hop(what="ImageNet-1k", weights_digest="ab" * 32, licence="Apache-2.0"),)))
    ('ImageNet-1k (Apache-2.0), weights abababababab',)
    """
    return tuple(
        f"{hop.what}{f' ({hop.licence})' if hop.licence else ''}, weights {hop.weights_digest[:12]}"
        for hop in lineage.hops
    )
