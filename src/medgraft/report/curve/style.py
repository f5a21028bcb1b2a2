"""Colours and marks of arms: the same in every figure of a learning curve."""

from medgraft.report.curve.content import CurveContent, ModelKey
from medgraft.report.style import Mark

#: Okabe-Ito, dark enough for lines on white; never colour alone: a mark goes with each.
_ARMS = (("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"), ("#882255", "v"))
_AS_IS = ("#59636e", "X")


def mark_of(content: CurveContent, model: ModelKey) -> Mark:
    """The travelling model is grey; arms have the colours of their order."""
    return Mark(*(_ARMS[content.arms.index(model.arm) % len(_ARMS)] if model.size else _AS_IS))
