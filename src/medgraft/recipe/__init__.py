"""From native pixels to what a network reads, the same in training and in use; pixel steps, one per file.

Enters: a grey image (Y, X) of any type (`Recipe`), or volumes over time (T, Z, Y, X) with their masks
(`VolumeRecipe`). Leaves: tensors in 0..1, and answers brought back to native voxels. Random steps live under
`augment/`: they choose first (what can be recorded) and apply afterwards (deterministically). Geometric steps have an
inverse. Must not know: where images come from, which network reads them. The weights' own scaling is the first layer of
the model (`networks.Scaling`), because the input contract belongs to the weights.
"""

from medgraft.recipe.augment.distortion import Augmentation, Distortion
from medgraft.recipe.augment.rotation import Rotation
from medgraft.recipe.crop import CentreCrop
from medgraft.recipe.grid import VolumeGrid
from medgraft.recipe.hu_window import IN_HU, HuWindow
from medgraft.recipe.recipe import PAPER, Recipe, recipe_from_dict
from medgraft.recipe.resize import Resize
from medgraft.recipe.step import RandomStep, Step
from medgraft.recipe.volume import VolumeRecipe, volume_recipe_from_dict
from medgraft.recipe.window import PercentileWindow

__all__ = [
    "IN_HU",
    "PAPER",
    "Augmentation",
    "CentreCrop",
    "Distortion",
    "HuWindow",
    "PercentileWindow",
    "RandomStep",
    "Recipe",
    "Resize",
    "Rotation",
    "Step",
    "VolumeGrid",
    "VolumeRecipe",
    "recipe_from_dict",
    "volume_recipe_from_dict",
]
