"""A stack as a volume: what its three planes are called, where they lie in the patient, and the mask of a phase."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.digest import array_digest
from medgraft.core.errors import InputError
from medgraft.core.geometry import normal_of, orientation_letters, positions_along
from medgraft.workspace.project import Project

#: A plane within about 18 degrees of one of the patient's own is called by its name.
_CLOSE = 0.95
_PLANES = ("sagittal", "coronal", "axial")
_STORED = ("as stored", "along rows", "along columns")
_SHORT_AXIS = ("short axis", "long axis along rows", "long axis along columns")
#: Directions in which readers are used to see a plane end.
_LAST = ("L", "P", "I")
_OPPOSITE = str.maketrans("LRPASI", "RLAPIS")

Ends = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class StackVolume:
    """How a stack lies in the patient.

    names: of the planes as stored, along rows, and along columns. ends: letters where columns, rows and slices begin
    and end, of L R P A S I; None where the source knows no place. positions: (Z,) of slices along their normal from
    the first, in mm; None where unknown. turned: whether columns, rows and slices are drawn from last to first, so
    that right, anterior and the head come first, as readers are used to; short-axis slices are drawn as stored, the
    base on top of the planes across them. masks: phase to the digest of its mask.
    """

    names: tuple[str, str, str]
    ends: tuple[Ends, Ends, Ends] | None
    positions: tuple[float, ...] | None
    turned: tuple[bool, bool, bool]
    masks: Mapping[int, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class PhaseMask:
    """values: (Z, Y, X) uint8 in `core.task.MASK_CODES`. digest: equal for equal masks."""

    values: NDArray[np.uint8]
    digest: str


def stack_volume(project: Project, stack: str) -> StackVolume:
    """How a stack lies in the patient. Raises `InputError` for an unknown one."""
    with project.cohort() as cohort:
        entry = cohort.entry(stack)
    masks = {phase: phase_mask(project, stack, phase).digest for phase in entry.mask_phases}
    if entry.spacing is None:
        return StackVolume(names=_STORED, ends=None, positions=None, turned=(False, False, False), masks=masks)
    affines = entry.affine_stack
    ends = _ends(affines) if entry.directions_known else None
    return StackVolume(
        names=_names(entry, affines[0]),
        ends=ends,
        positions=_positions(affines),
        turned=_turned(entry, ends),
        masks=masks,
    )


def phase_mask(project: Project, stack: str, phase: int) -> PhaseMask:
    """The mask of one phase. Raises `InputError` where there is none, `ProjectError` where it is lost."""
    with project.cohort() as cohort:
        entry = cohort.entry(stack)
        if phase not in entry.mask_phases:
            raise InputError(
                f"Expected a phase of stack {stack} that has a mask, got {phase}. "
                f"Available: {', '.join(map(str, entry.mask_phases)) or 'none'}."
            )
        stored = cohort.mask(entry)
    assert stored is not None
    return PhaseMask(values=np.asarray(stored[phase]), digest=_digest(project, stack, phase, entry.mask_digest))


@lru_cache(maxsize=4096)
def _digest(project: Project, stack: str, phase: int, _mask_digest: str) -> str:
    with project.cohort() as cohort:
        stored = cohort.mask(cohort.entry(stack))
    assert stored is not None
    return array_digest(np.asarray(stored[phase]))[:32]


def _names(entry: StackEntry, affine: NDArray[np.float64]) -> tuple[str, str, str]:
    """Short-axis stacks are tilted to the patient and have names of their own."""
    if entry.base_first is not None:
        return _SHORT_AXIS
    if not entry.directions_known:
        return _STORED
    across = normal_of(affine), affine[:3, 1], affine[:3, 0]
    named = [_name(direction) for direction in across]
    return (named[0] or _STORED[0], named[1] or _STORED[1], named[2] or _STORED[2])


def _name(across: NDArray[np.float64]) -> str | None:
    """A plane of the patient by the direction across it, None for one that is tilted."""
    share = np.abs(across) / np.linalg.norm(across)
    return _PLANES[int(share.argmax())] if share.max() > _CLOSE else None


def _ends(affines: NDArray[np.float64]) -> tuple[Ends, Ends, Ends]:
    columns, rows = orientation_letters(affines[0])
    upwards = np.eye(4)
    upwards[:3, 0] = _along(affines)
    slices = orientation_letters(upwards)[0]
    return _both(columns), _both(rows), _both(slices)


def _both(end: str) -> Ends:
    """The letters at both ends of a direction.

    >>> _both("LP")
    ('RA', 'LP')
    """
    return end.translate(_OPPOSITE), end


def _along(affines: NDArray[np.float64]) -> NDArray[np.float64]:
    """The unit normal in the direction from the first slice to the last."""
    normal = normal_of(affines[0])
    along = positions_along(affines, normal)
    return normal if along[-1] >= along[0] else -normal


def _positions(affines: NDArray[np.float64]) -> tuple[float, ...]:
    along = positions_along(affines, _along(affines))
    return tuple(round(float(mm), 3) for mm in along - along[0])


def _turned(entry: StackEntry, ends: tuple[Ends, Ends, Ends] | None) -> tuple[bool, bool, bool]:
    if entry.base_first is not None:
        return False, False, not entry.base_first
    if ends is None:
        return False, False, False
    columns, rows, slices = (first[:1] in _LAST for first, _ in ends)
    return columns, rows, slices
