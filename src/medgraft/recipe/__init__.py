"""Pixel steps, one per file: from a native slice to what a network reads, the same in training and in use.

Enters: a grey image (Y, X) of any type. Leaves: a tensor (1, S, S) in 0..1. Random steps live under `augment/`: they
choose first (a number that can be recorded) and apply afterwards (deterministically). Geometric steps have an inverse.
Must not know: where images come from, which network reads them. The weights' own scaling is the first layer of the
model (`networks.Scaling`), because the input contract belongs to the weights.
"""

from medgraft.recipe.augment.rotation import Rotation
from medgraft.recipe.crop import CentreCrop
from medgraft.recipe.recipe import PAPER, Recipe, recipe_from_dict
from medgraft.recipe.resize import Resize
from medgraft.recipe.step import RandomStep, Step
from medgraft.recipe.window import PercentileWindow

__all__ = [
    "PAPER",
    "CentreCrop",
    "PercentileWindow",
    "RandomStep",
    "Recipe",
    "Resize",
    "Rotation",
    "Step",
    "recipe_from_dict",
]
