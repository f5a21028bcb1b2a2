"""Recipe: steps before, a slot where training may augment, steps after."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.recipe.augment.rotation import Rotation
from medgraft.recipe.crop import CentreCrop
from medgraft.recipe.plain import from_plain
from medgraft.recipe.resize import Resize
from medgraft.recipe.step import RandomStep, Step
from medgraft.recipe.window import PercentileWindow

#: Every step by the name it has in files; a new step is one line here.
STEPS: dict[str, type[Step]] = {"percentile-window": PercentileWindow, "resize": Resize, "centre-crop": CentreCrop}
RANDOM_STEPS: dict[str, type[RandomStep]] = {"rotation": Rotation}
_NAMES: dict[type[Any], str] = {kind: name for name, kind in (*STEPS.items(), *RANDOM_STEPS.items())}

_Kind = TypeVar("_Kind", bound=Step | RandomStep)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a native slice becomes what a network reads. It travels with the weights.

    before: done once per image. augment: random steps, used in training only. after: done last, on augmented and plain
    images alike.
    """

    before: tuple[Step, ...]
    augment: tuple[RandomStep, ...] = ()
    after: tuple[Step, ...] = ()

    def choose(self, *key: object) -> tuple[float, ...]:
        """One recorded choice per random step, from a key.

        >>> PAPER.choose(7, "image", 0) == PAPER.choose(7, "image", 0)
        True
        """
        return tuple(step.choose(rng(*key, index)) for index, step in enumerate(self.augment))

    def render(self, image: NDArray[Any], size: int, choices: NDArray[np.float64] | None = None) -> Tensor:
        """One native grey image (Y, X) as the network reads it: plain, or once per row of recorded choices.

        Args:
            image: (Y, X), any numeric type.
            size: side in pixels that the network reads.
            choices: (D, number of random steps), or None for the plain picture.

        Returns:
            (1, 1, size, size) plain, or (D, 1, size, size); float32 in 0..1.
        """
        prepared = self._prepared(image, size)
        return self._finished(prepared if choices is None else self._augmented(prepared, choices), size)

    def render_rows(self, image: NDArray[Any], size: int, choices: NDArray[np.float64]) -> Tensor:
        """One native grey image (Y, X) plain and once per row of recorded choices (D, number of random steps).

        Gives (1 + D, 1, size, size): the numbers of `render`, with what comes before the random steps done once.
        """
        prepared = self._prepared(image, size)
        return self._finished(torch.cat([prepared, self._augmented(prepared, choices)]), size)

    def restore(self, maps: Tensor, shape: tuple[int, int], size: int) -> Tensor:
        """Maps (N, size, size) on plain rendered pictures, brought back to native pixels (N, Y, X)."""
        steps = [*self.before, *self.after]
        shapes = [shape]
        probe = torch.zeros((1, 1, *shape))
        for step in steps:
            probe = step.apply(probe, size)
            shapes.append((probe.shape[-2], probe.shape[-1]))
        result = maps[:, None]
        for step, before in zip(reversed(steps), reversed(shapes[:-1]), strict=True):
            result = step.inverse(result, before)
        return result[:, 0]

    def as_dict(self) -> dict[str, list[dict[str, Any]]]:
        """The recipe as plain data; `recipe_from_dict` reads it back."""
        return {part: [_step_dict(step) for step in getattr(self, part)] for part in ("before", "augment", "after")}

    def _prepared(self, image: NDArray[Any], size: int) -> Tensor:
        """One picture (1, 1, Y, X) as random steps get it."""
        if image.ndim != 2:
            raise InputError(f"Expected one grey image (Y, X), got shape {image.shape}.")
        images = torch.from_numpy(np.array(image, np.float32))[None, None]
        for step in self.before:
            images = step.apply(images, size)
        return images

    def _augmented(self, prepared: Tensor, choices: NDArray[np.float64]) -> Tensor:
        """The picture (1, 1, Y, X) once per row of choices."""
        images = prepared.expand(len(choices), -1, -1, -1)
        for index, step in enumerate(self.augment if len(choices) else ()):
            images = step.apply(images, torch.from_numpy(choices[:, index]))
        return images

    def _finished(self, images: Tensor, size: int) -> Tensor:
        for step in self.after:
            images = step.apply(images, size)
        return images.contiguous()


def recipe_from_dict(data: Mapping[str, list[dict[str, Any]]]) -> Recipe:
    """The recipe that `Recipe.as_dict` wrote. Raises `InputError` for a step or a setting that is none.

    >>> recipe_from_dict(PAPER.as_dict()) == PAPER
    True
    """
    unknown = set(data) - {"before", "augment", "after"}
    if unknown:
        raise InputError(f"Expected the parts before, augment, after in a recipe, got {', '.join(sorted(unknown))}.")
    return Recipe(
        before=tuple(_read_step(item, STEPS) for item in data.get("before", [])),
        augment=tuple(_read_step(item, RANDOM_STEPS) for item in data.get("augment", [])),
        after=tuple(_read_step(item, STEPS) for item in data.get("after", [])),
    )


def _step_dict(step: Any) -> dict[str, Any]:
    return {"step": _NAMES[type(step)], **dataclasses.asdict(step)}


def _read_step(item: Any, steps: Mapping[str, type[_Kind]]) -> _Kind:
    settings = dict(item) if isinstance(item, Mapping) else {"step": item}
    name = settings.pop("step", None)
    if not isinstance(name, str) or name not in steps:
        raise InputError(f"Expected a recipe step of {', '.join(steps)}, got {str(name)[:80]!r}.")
    try:
        return from_plain(steps[name], settings)
    except InputError as error:
        raise InputError(f"Recipe step {name}: {error}") from error


#: The paper's order of pixels (Ho and Kim 2021): resize, rotate, then crop, so that corners are true pixels.
PAPER = Recipe(
    before=(PercentileWindow(), Resize()),
    augment=(Rotation(degrees=45.0),),
    after=(CentreCrop(fraction=0.6),),
)
