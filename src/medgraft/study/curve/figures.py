"""What one subject's masks come to on the native grid: overlap, distances, volume, the wall."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from medgraft.core.digest import array_digest, digest
from medgraft.evaluation import dice, hausdorff95_or_worst
from medgraft.inference import predict_masks
from medgraft.measurement import moved_over, structure_volume, thickness_of, wall_thickness
from medgraft.networks.model import Model
from medgraft.samples import MaskedSample, codes_of_task, mask_of_task
from medgraft.study.curve.mask_data import MaskData

Spacing = tuple[float, float, float]
Mask = NDArray[np.uint8]
#: How far slices lie aside of each other, (Z, 2); None where they lie over each other.
Moved = NDArray[np.float64] | None
#: Figures of the wall (Gupta et al. 2020, Table 1); None where there is none that joins its two surfaces.
Wall = dict[str, float] | None


@dataclass(frozen=True, kw_only=True)
class SubjectFigures:
    """One stack at one labelled phase. What cannot be said (not labelled, no spacing, no wall) is None.

    dice, hausdorff95: by labelled class; the distance in mm, or in voxels where any sample that is measured has no
    spacing. unmatched: classes that the model missed altogether (drawn, not seen) or invented (seen, not
    drawn): Dice 0, and for the distance the diagonal of the image, so that no mean gains by a miss. A class that
    neither shows has Dice 1 and distance 0.
    volume, true_volume: of the pool in ml. thickness, true_thickness: of the wall in mm: median, 95th percentile and
    maximum over its voxels.
    """

    subject: str
    stack: str
    phase: str
    dice: Mapping[str, float]
    hausdorff95: Mapping[str, float]
    unmatched: tuple[str, ...]
    volume: float | None = None
    true_volume: float | None = None
    thickness: Mapping[str, float] | None = None
    true_thickness: Mapping[str, float] | None = None

    @property
    def mean_dice(self) -> float:
        """Of the labelled structures."""
        return float(np.mean(list(self.dice.values())))


def read_figures(facts: Mapping[str, Any]) -> SubjectFigures:
    """Figures from plain data, as `dataclasses.asdict` makes it. Raises `TypeError` or `KeyError` for other keys."""
    return SubjectFigures(**{**facts, "unmatched": tuple(facts["unmatched"])})


def subject_figures(
    model: Model, data: MaskData, position: int, device: torch.device, *, in_mm: bool, walls: dict[str, Wall] | None
) -> list[SubjectFigures]:
    """Figures of one sample at each of its labelled phases.

    in_mm: distances are in mm, else in voxels. walls: those measured before, by mask, and now also these: a reference
    is measured once for all models; None to measure none.
    """
    item = data.samples.items[position]
    pixels = data.read.pixels(item.stack)
    seen = predict_masks(model, data.recipe, pixels, item.spacing, dims=data.dims, phases=item.phases, device=device)
    true = codes_of_task(data.read.mask(item.stack, item.mask_digest)[list(item.phases)], data.samples.task)
    return [
        _phase_figures(item, data, name, seen[phase], drawn, in_mm=in_mm, walls=walls)
        for phase, name, drawn in zip(item.phases, item.phase_names, true, strict=True)
    ]


def _phase_figures(
    item: MaskedSample, data: MaskData, name: str, seen: Mask, true: Mask, *, in_mm: bool, walls: dict[str, Wall] | None
) -> SubjectFigures:
    pairs = {code: (seen == column, true == column) for code, column in _columns(item, data).items()}
    spacing, aside = item.spacing if in_mm else None, _aside(item, data)
    in_ml = item.spacing is not None and "pool" in pairs
    known = walls if item.spacing is not None and {"pool", "myocardium"} <= set(pairs) else None
    seen, true = (mask_of_task(mask, data.samples.task) for mask in (seen, true))
    return SubjectFigures(
        subject=item.subject,
        stack=item.stack,
        phase=name,
        dice={code: dice(*pair) for code, pair in pairs.items()},
        hausdorff95={code: _distance(*pair, spacing, aside) for code, pair in pairs.items()},
        unmatched=tuple(code for code, (one, other) in pairs.items() if one.any() != other.any()),
        volume=structure_volume(seen, item.spacing) if in_ml else None,
        true_volume=structure_volume(true, item.spacing) if in_ml else None,
        thickness=_wall(seen, item.spacing, aside, known),
        true_thickness=_wall(true, item.spacing, aside, known),
    )


def _columns(item: MaskedSample, data: MaskData) -> dict[str, int]:
    """The labelled classes, without the background, as masks have them."""
    return {code: data.samples.task.index(code) for code in item.classes[1:]}


def _aside(item: MaskedSample, data: MaskData) -> Moved:
    aside = data.samples.aside.get(item.stack)
    return None if aside is None else np.array(aside)


def _distance(seen: NDArray[np.bool_], true: NDArray[np.bool_], spacing: Spacing | None, aside: Moved) -> float:
    if aside is not None:
        seen, true = (moved_over(mask, aside, beyond="nothing") for mask in (seen, true))
    return hausdorff95_or_worst(seen, true, spacing)


def _wall(codes: Mask, spacing: Spacing | None, aside: Moved, known: dict[str, Wall] | None) -> Wall:
    """What is known of this mask, or is now; None where nothing is asked."""
    if known is None:
        return None
    key = digest([array_digest(codes), spacing, aside])
    if key not in known:
        found = thickness_of(wall_thickness(codes, spacing, aside=aside))
        figures = {"median": found.median, "95th percentile": found.p95, "maximum": found.maximum}
        known[key] = figures if found.n_voxels else None
    return known[key]
