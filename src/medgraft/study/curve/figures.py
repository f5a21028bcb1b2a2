"""What one subject's masks come to on the native grid: overlap, distances, volume, the wall."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from medgraft.evaluation import dice, hausdorff95
from medgraft.inference import predict_masks
from medgraft.measurement import wall_thickness
from medgraft.networks.model import Model
from medgraft.samples import MaskedSample, codes_of_task
from medgraft.study.curve.mask_data import MaskData

#: Cubic millimetres of a millilitre.
_ML = 1000.0

Spacing = tuple[float, float, float]
Mask = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class SubjectFigures:
    """One subject at one labelled phase. What cannot be said (not labelled, empty, no spacing) is None.

    dice, hausdorff95: by labelled class; the distance in mm, or in voxels where the spacing is unknown.
    volume, true_volume: of the pool in ml. thickness, true_thickness: of the wall in mm, by `WALL_FIGURES`.
    """

    subject: str
    stack: str
    phase: str
    dice: Mapping[str, float]
    hausdorff95: Mapping[str, float | None]
    volume: float | None = None
    true_volume: float | None = None
    thickness: Mapping[str, float] | None = None
    true_thickness: Mapping[str, float] | None = None


#: What is said of a wall (Gupta et al. 2020, Table 1), from the thickness at its voxels.
WALL_FIGURES: Mapping[str, Callable[[NDArray[np.float32]], Any]] = {
    "median": np.median,
    "95th percentile": lambda values: np.percentile(values, 95),
    "maximum": np.max,
}


def subject_figures(
    model: Model, data: MaskData, position: int, device: torch.device, *, with_thickness: bool
) -> list[SubjectFigures]:
    """Figures of one sample at each of its labelled phases."""
    item = data.samples.items[position]
    pixels = data.read.pixels(item.stack)
    seen = predict_masks(model, data.recipe, pixels, item.spacing, dims=data.dims, phases=item.phases, device=device)
    true = codes_of_task(data.read.mask(item.stack)[list(item.phases)], data.samples.task)
    return [
        _phase_figures(item, data, name, seen[phase], drawn, with_thickness=with_thickness)
        for phase, name, drawn in zip(item.phases, item.phase_names, true, strict=True)
    ]


def _phase_figures(
    item: MaskedSample, data: MaskData, name: str, seen: Mask, true: Mask, *, with_thickness: bool
) -> SubjectFigures:
    columns = {code: data.samples.task.index(code) for code in item.classes[1:]}
    in_ml = item.spacing is not None and "pool" in columns
    walled = with_thickness and item.spacing is not None and {"pool", "myocardium"} <= set(columns)
    return SubjectFigures(
        subject=item.subject,
        stack=item.stack,
        phase=name,
        dice={code: dice(seen == column, true == column) for code, column in columns.items()},
        hausdorff95={
            code: _finite(hausdorff95(seen == column, true == column, item.spacing)) for code, column in columns.items()
        },
        volume=_millilitres(seen == columns["pool"], item.spacing) if in_ml else None,
        true_volume=_millilitres(true == columns["pool"], item.spacing) if in_ml else None,
        thickness=_wall(seen, item.spacing) if walled else None,
        true_thickness=_wall(true, item.spacing) if walled else None,
    )


def _millilitres(mask: NDArray[np.bool_], spacing: Spacing | None) -> float:
    assert spacing is not None
    return float(np.count_nonzero(mask) * np.prod(spacing) / _ML)


def _wall(codes: Mask, spacing: Spacing | None) -> dict[str, float] | None:
    """Figures of the wall; None where there is none that joins its two surfaces."""
    thickness = wall_thickness(codes, spacing)
    values = thickness[np.isfinite(thickness)]
    return {name: float(figure(values)) for name, figure in WALL_FIGURES.items()} if len(values) else None


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
