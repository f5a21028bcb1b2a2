"""Packages at work on new images.

Enters: a model package and stacks. Leaves: `Predictions` with probabilities per slice. Must not know: studies, labels,
how the model was trained.
"""

from medgraft.inference.stacks import PixelsOf, predict_stacks

__all__ = ["PixelsOf", "predict_stacks"]
