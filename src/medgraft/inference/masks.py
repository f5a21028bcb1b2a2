"""Masks of a whole sequence, on its native voxels, with one phase or one temporal window in memory at a time."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.recipe import VolumeRecipe
from medgraft.training import predict_volume

#: One phase (1, Z', Y', X') as the network reads it.
Render = Callable[[int], Tensor]


def predict_masks(
    model: nn.Module,
    recipe: VolumeRecipe,
    pixels: NDArray[Any],
    spacing: tuple[float, float, float] | None,
    *,
    dims: int,
    phases: Collection[int] | None = None,
    full: bool | None = None,
    out: NDArray[np.uint8] | None = None,
    device: torch.device | None = None,
    report: Report = silent,
) -> NDArray[np.uint8]:
    """The class of each native voxel of a sequence.

    Args:
        model: gives logits of K classes, the first of them the background.
        recipe: what the model reads; its shape is the sliding window, and over time as many phases as it says.
        pixels: (T, Z, Y, X), which may be memory-mapped: one phase is read at a time.
        spacing: native (z, y, x) in mm; None where unknown.
        dims: axes the model reads: 2 slices, 3 volumes, 4 volumes over time.
        phases: which are asked for; all by default.
        full: look everywhere, by sliding window, or only at the cut about the middle; as the recipe says by default.
        out: (T, Z, Y, X) uint8 to write to, such as a memory-mapped file; phases not asked for stay as they are.
        device: where the model computes, the CPU by default; everything else stays on the CPU.
        report: told after every phase.

    Returns:
        (T, Z, Y, X) uint8: columns of the model's task; 0 at phases not asked for, and where it did not look.

    Raises:
        InputError: phases outside the sequence, no spacing where the recipe speaks of mm, a recipe of slices for a
            network of volumes or the other way round, or `out` that does not fit.
    """
    asked = sorted(range(len(pixels)) if phases is None else set(phases))
    _check(recipe, dims, asked, pixels, out)
    everywhere = not recipe.centred if full is None else full
    grid, limits = recipe.grid(pixels.shape, spacing, full=everywhere), recipe.window.limits(pixels)

    def render(phase: int) -> Tensor:
        return recipe.render_on(grid, pixels[phase : phase + 1], limits)

    masks = np.zeros(pixels.shape, np.uint8) if out is None else out
    scores = phase_scores(model.to(device or torch.device("cpu")), render, recipe.sides(dims), asked, len(pixels))
    for done, (phase, answer) in enumerate(scores, start=1):
        masks[phase] = grid.scores_to_native(answer).numpy()
        report(Progress(stage="phases", done=done, total=len(asked)))
    return masks


def _check(
    recipe: VolumeRecipe, dims: int, asked: list[int], pixels: NDArray[Any], out: NDArray[np.uint8] | None
) -> None:
    if dims not in (2, 3, 4) or (dims == 2) != recipe.by_slice:
        raise InputError(
            f"Expected a recipe with Z = 1 for a network of 2 axes and with more for 3 or 4, "
            f"got shape {recipe.shape} for {dims} axes."
        )
    if any(not 0 <= phase < len(pixels) for phase in asked):
        raise InputError(f"Expected phases within 0..{len(pixels) - 1}, got {asked}.")
    if out is not None and (out.shape != pixels.shape or out.dtype != np.uint8):
        raise InputError(f"Expected masks of shape {pixels.shape} and type uint8 to write to, got {out.shape}.")


def phase_scores(
    model: nn.Module, render: Render, window: tuple[int, ...], asked: list[int], n_phases: int
) -> Iterator[tuple[int, Tensor]]:
    """Each phase that is asked for, with its probabilities (K, Z', Y', X') on the network's grid.

    Args:
        model: gives logits of K classes.
        render: gives a phase of the sequence as the model reads it.
        window: sides of the sliding window, (Y', X'), (Z', Y', X') or, over time, (T', Z', Y', X').
        asked: phases.
        n_phases: of the whole sequence.
    """
    if len(window) == 4:
        yield from _over_time(model, render, window, asked, n_phases)
    else:
        for phase in asked:
            yield phase, _one_phase(model, render(phase), window)


def _one_phase(model: nn.Module, image: Tensor, window: tuple[int, ...]) -> Tensor:
    """One phase (1, Z, Y, X), as a volume or slice by slice."""
    if len(window) == 3:
        return predict_volume(model, image[None], window)
    return torch.stack([predict_volume(model, each, window) for each in torch.split(image, 1, dim=1)], dim=1)


def _over_time(
    model: nn.Module, render: Render, window: tuple[int, ...], asked: list[int], n_phases: int
) -> Iterator[tuple[int, Tensor]]:
    """As `phase_scores`, window after window; images and probabilities of a window are held at half precision."""
    for seen, answered in temporal_windows(n_phases, window[0]):
        wanted = sorted(set(answered) & set(asked))
        if wanted:
            images = torch.cat([render(phase).half() for phase in seen])
            yield from _within(_OfHalf(model), images, window, {phase: seen.index(phase) for phase in wanted})


def _within(
    model: nn.Module, images: Tensor, window: tuple[int, ...], wanted: Mapping[int, int]
) -> Iterator[tuple[int, Tensor]]:
    """Of one temporal window (T, Z, Y, X) the wanted phases; wanted: where in the window they are."""
    answers = predict_volume(model, images[None, None], window)
    for phase, place in wanted.items():
        yield phase, answers[:, place].float()


class _OfHalf(nn.Module):
    """A model that is given numbers of half precision and computes in its own."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, volumes: Tensor) -> Tensor:
        scores: Tensor = self.model(volumes.float())
        return scores


def temporal_windows(n_phases: int, length: int) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Windows over a beat, half a window apart at most: the phases each of them shows, and those it answers.

    The last phase of a beat is followed by the first, so windows wrap around. A phase is answered by the window in
    whose middle it lies most, where the network has seen what comes before and after.

    >>> temporal_windows(6, 4)
    [((0, 1, 2, 3), (1, 2)), ((2, 3, 4, 5), (3, 4)), ((4, 5, 0, 1), (0, 5))]
    """
    if n_phases <= length:
        return [(tuple(range(n_phases)), tuple(range(n_phases)))]
    count = -(-n_phases // max(1, length // 2))
    starts = np.arange(count) * n_phases // count
    shown = [tuple((start + step) % n_phases for step in range(length)) for start in starts.tolist()]
    after = (np.arange(n_phases)[:, None] - starts) % n_phases  # phases after each start
    best = np.abs(after - (length - 1) / 2).argmin(axis=1)
    return [(phases, tuple(np.flatnonzero(best == n).tolist())) for n, phases in enumerate(shown)]
