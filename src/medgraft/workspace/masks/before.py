"""Masks as they were before something else was put in their place."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort import Cohort, PixelStore
from medgraft.core.digest import array_digest


def keep_mask(cohort: Cohort, stack: str) -> str:
    """Copy the mask of a stack to `masks/before/`, under the stack's id and the mask's digest.

    Gives the copy's path, relative to the project. A mask that is kept already is not copied again.
    """
    mask = np.asarray(cohort.mask_arrays.read(stack))
    kept = _store(cohort)
    kept.prepare()
    key = f"{stack}-{array_digest(mask)[:16]}"
    if not kept.has(key):
        kept.write(key, mask)
    return kept.path(key).relative_to(cohort.root).as_posix()


def kept_mask(cohort: Cohort, kept: str) -> NDArray[Any]:
    """The mask that `keep_mask` kept, memory-mapped. Raises `ProjectError` if it is missing or damaged."""
    return _store(cohort).read(Path(kept).stem)


def _store(cohort: Cohort) -> PixelStore:
    return PixelStore(cohort.mask_arrays.folder / "before")
