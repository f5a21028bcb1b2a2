"""Packages at work on new images.

Enters: a model package and stacks, or a network of masks and a sequence. Leaves: `Predictions` with probabilities per
slice, or the class of each native voxel. Must not know: studies, labels, how the model was trained.
"""

from medgraft.inference.masks import phase_scores, predict_masks
from medgraft.inference.stacks import PixelsOf, asked_of_each, phases_asked, predict_stacks

__all__ = ["PixelsOf", "asked_of_each", "phase_scores", "phases_asked", "predict_masks", "predict_stacks"]
