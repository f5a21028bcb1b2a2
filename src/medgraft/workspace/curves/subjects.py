"""One subject of a learning curve at one phase: image, what was drawn, and what every model sees."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort import Cohort
from medgraft.core.cohort import StackEntry
from medgraft.exchange.package import ModelPackage
from medgraft.inference.masks import predict_masks
from medgraft.networks import spec
from medgraft.recipe import VolumeRecipe
from medgraft.report import ModelKey
from medgraft.samples import MaskedSample, MaskedSamples, codes_of_task

Masks = Mapping[str, NDArray[np.uint8]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """All arrays (Z, Y, X).

    drawn: in `core.task.MASK_CODES`. reference: that as columns of the task; seen: the same by model's title.
    """

    entry: StackEntry
    phase: str
    image: NDArray[Any]
    drawn: NDArray[np.uint8]
    reference: NDArray[np.uint8]
    seen: Masks


def shown_subject(
    cohort: Cohort, samples: MaskedSamples, stack: str, phase: str, models: Mapping[ModelKey, ModelPackage]
) -> Shown:
    """One labelled phase of a sample; every model predicts again."""
    item = next(item for item in samples.items if item.stack == stack)
    index = dict(zip(item.phase_names, item.phases, strict=True))[phase]
    entry = cohort.entry(stack)
    pixels, masks = cohort.pixels(entry), cohort.mask(entry)
    assert masks is not None  # it is a masked sample
    drawn = np.asarray(masks[index])
    return Shown(
        entry=entry,
        phase=phase,
        image=np.asarray(pixels[index]),
        drawn=drawn,
        reference=codes_of_task(drawn, samples.task),
        seen={key.title: _seen(package, pixels, item, index) for key, package in models.items()},
    )


def _seen(package: ModelPackage, pixels: NDArray[Any], item: MaskedSample, phase: int) -> NDArray[np.uint8]:
    """What a model sees of the structures that are labelled here; of others it may have learned nothing."""
    recipe = package.recipe
    assert isinstance(recipe, VolumeRecipe)  # of a network that segments, as the curve has checked
    dims = spec(package.network).dims
    codes = predict_masks(package.model(), recipe, pixels, item.spacing, dims=dims, phases=(phase,))[phase]
    known = [package.task.index(code) for code in item.classes]
    return np.where(np.isin(codes, known), codes, 0).astype(np.uint8)
