"""Stack: ordered slices over phases, each slice with its own place in the patient."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CLASSES


@dataclass(frozen=True, kw_only=True, eq=False)
class FoundStack:
    """A stack with the identity its source gave it: what an importer yields.

    subject: PatientID or folder name (never PatientName). series_key: what makes the series one in its source
    (SeriesInstanceUID, or the relative path). source: path relative to the imported folder.
    """

    stack: "Stack"
    subject: str
    series_key: str
    study: str = ""
    series: str = ""
    modality: str = ""
    site: str | None = None
    split: str | None = None
    source: str = ""
    label: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Stack:
    """Parallel slices in anatomical order over the phases of a cycle.

    pixels: (T, Z, Y, X), in the stored type (rescale slope and intercept applied only when they are not 1 and 0).
    affines: (Z, 4, 4), pixel index to LPS mm for each slice (`core.geometry`); gaps and tilts survive.
    spacing: (z, y, x) in mm, z measured between slice centres; None where the source does not know it.
    directions_known: whether `affines` say which way the patient's axes run; without a spacing they tell nothing.
    times: (T,) in ms from the R wave; None where unknown.
    phases: names of known phases and their index on T, for example {"ed": 0, "es": 9}.
    base_first: slice 0 is the base of the heart. None where the order along the normal has no anatomical meaning.
    mask: (T, Z, Y, X) uint8 in the house's codes (`core.task.MASK_CODES`), or None.
    mask_phases: which phases of `mask` are labelled at all.
    mask_classes: which classes of `mask` are labelled at all (partial labels): where the source never labels the
    myocardium, it is not here, and background in the mask may be myocardium.
    instance_uids, instance_numbers: SOPInstanceUID and InstanceNumber of each image, (T, Z); None where there are none
    (-1 for a missing number).
    facts: what else the source says, for example {"Manufacturer": "GE", "group": "DCM"}.
    """

    pixels: NDArray[Any]
    affines: NDArray[np.float64]
    spacing: tuple[float, float, float] | None
    directions_known: bool = True
    times: NDArray[np.float64] | None = None
    phases: dict[str, int] = field(default_factory=dict)
    base_first: bool | None = None
    mask: NDArray[np.uint8] | None = None
    mask_phases: tuple[int, ...] = ()
    mask_classes: tuple[str, ...] = MASK_CLASSES
    instance_uids: tuple[tuple[str, ...], ...] | None = None
    instance_numbers: tuple[tuple[int, ...], ...] | None = None
    facts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `InputError` where the parts do not fit together."""
        if self.pixels.ndim != 4:
            raise InputError(f"Expected pixels of shape (T, Z, Y, X), got {self.pixels.shape}.")
        n_phases, n_slices = self.pixels.shape[:2]
        if self.affines.shape != (n_slices, 4, 4):
            raise InputError(f"Expected {n_slices} affines of 4 x 4, got {self.affines.shape}.")
        if self.times is not None and self.times.shape != (n_phases,):
            raise InputError(f"Expected {n_phases} times, got {self.times.shape}.")
        if self.mask is not None and self.mask.shape != self.pixels.shape:
            raise InputError(f"Expected a mask of shape {self.pixels.shape}, got {self.mask.shape}.")
        unknown = sorted(set(self.mask_classes) - set(MASK_CLASSES))
        if unknown:
            raise InputError(f"Expected mask_classes among {', '.join(MASK_CLASSES)}, got {', '.join(unknown)}.")
        outside = [name for name, phase in self.phases.items() if not 0 <= phase < n_phases]
        if outside:
            raise InputError(f"Expected phases within 0..{n_phases - 1}, got {self.phases}.")


def grey_levels(pixels: NDArray[Any], percentiles: Sequence[float], *, most: int) -> list[float]:
    """Percentiles (0..100) of the grey levels of (T, Z, Y, X); NaN where no voxel is a finite number.

    Voxels that are no number, as masked maps have them, have no part in it. Some `most` voxels are asked, of all phases
    and all places, which tell as well as all.

    >>> grey_levels(np.array([[[[1.0, 2.0, 3.0, np.nan]]]]), [0, 50], most=100)
    [1.0, 2.0]
    """
    asked = _thinned(pixels, most)
    numbers = asked[np.isfinite(asked)]
    return list(np.percentile(numbers, percentiles).tolist()) if numbers.size else [math.nan] * len(percentiles)


def _thinned(pixels: NDArray[Any], most: int) -> NDArray[Any]:
    """Every second, third ... voxel along each axis of space; an axis of one voxel is not thinned. A view."""
    n_axes = sum(side > 1 for side in pixels.shape[1:])
    step = max(1, math.ceil((pixels.size / most) ** (1 / max(1, n_axes))))
    return pixels[:, ::step, ::step, ::step]
