"""Hearts: synthetic sequences of which two phases are labelled; the masks of the others are kept aside as truth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.digest import array_digest
from medgraft.core.task import LV_WALL
from medgraft.phantoms import CtHeart, ct_heart
from medgraft.samples import MaskedSamples, masked_samples

_SITE = "two"


@dataclass(frozen=True, kw_only=True, eq=False)
class Hearts:
    """4D heart CTs of site two in memory, read as `study.curve.ReadVolumes` does.

    hearts: by stack. splits: by stack, what its subject is for.
    """

    hearts: Mapping[str, CtHeart]
    splits: Mapping[str, str]

    @property
    def samples(self) -> MaskedSamples:
        """All sequences, labelled at end diastole and end systole."""
        entries = [_entry(heart, self.splits[stack], self.mask(stack)) for stack, heart in self.hearts.items()]
        return masked_samples(entries, LV_WALL, in_mm=True)

    def pixels(self, stack: str) -> NDArray[np.int16]:
        """Pixels (T, Z, Y, X)."""
        return self.hearts[stack].stack.pixels

    def mask(self, stack: str, digest: str = "") -> NDArray[np.uint8]:  # noqa: ARG002 (nobody replaces these masks)
        """What the readers drew, (T, Z, Y, X): 0 at all phases but two."""
        drawn = np.zeros_like(self.truth(stack))
        labelled = list(labelled_phases(self.hearts[stack]))
        drawn[labelled] = self.truth(stack)[labelled]
        return drawn

    def truth(self, stack: str) -> NDArray[np.uint8]:
        """The mask of every phase, (T, Z, Y, X)."""
        mask = self.hearts[stack].stack.mask
        assert mask is not None
        return mask


def drawn_hearts(splits: Mapping[str, int], *, side: int, n_phases: int) -> Hearts:
    """So many subjects for each purpose, on `side` voxels along each axis of the site's field of view."""
    names = [split for split, count in splits.items() for _ in range(count)]
    hearts = [ct_heart(subject=n, site=_SITE, size=side, n_phases=n_phases) for n in range(1, len(names) + 1)]
    stacks = [heart.subject for heart in hearts]
    return Hearts(
        hearts=dict(zip(stacks, hearts, strict=True)),
        splits=dict(zip(stacks, names, strict=True)),
    )


def labelled_phases(heart: CtHeart) -> tuple[int, int]:
    """End diastole and end systole."""
    return heart.stack.phases["ed"], heart.stack.phases["es"]


def _entry(heart: CtHeart, split: str, mask: NDArray[np.uint8]) -> StackEntry:
    stack = heart.stack
    return StackEntry(
        id=heart.subject,
        subject=heart.subject,
        site=heart.site,
        split=split,
        shape=stack.pixels.shape,
        spacing=stack.spacing,
        affines=(),
        phases=stack.phases,
        mask_phases=tuple(sorted(labelled_phases(heart))),
        mask_classes=stack.mask_classes,
        pixels_digest=array_digest(stack.pixels),
        mask_digest=array_digest(mask),
    )
