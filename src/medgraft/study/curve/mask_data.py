"""Volumes as a network reads them, with what is labelled of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from medgraft.core.digest import digest
from medgraft.core.seeds import rng
from medgraft.recipe import VolumeRecipe
from medgraft.samples import MaskedSamples, codes_of_task
from medgraft.training import Batch, MaskTarget

#: Share of training patches that are taken about a structure, so that small ones are seen at all.
_ABOUT_A_STRUCTURE = 0.5


class ReadVolumes(Protocol):
    """Native arrays by stack; pickled, it opens them again where it arrives."""

    def pixels(self, stack: str) -> NDArray[Any]:
        """Pixels (T, Z, Y, X)."""
        ...

    def mask(self, stack: str) -> NDArray[np.uint8]:
        """Mask (T, Z, Y, X) in `core.task.MASK_CODES`."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class MaskData:
    """The data of a learning curve. dims: of the network, 2 to 4. augment: whether training pictures are varied."""

    samples: MaskedSamples
    read: ReadVolumes
    recipe: VolumeRecipe
    dims: int
    augment: bool
    seed: int

    @cached_property
    def digest(self) -> str:
        """What all of it holds."""
        return self.digest_of(np.arange(len(self.samples)))

    def digest_of(self, positions: NDArray[np.int64]) -> str:
        """What some samples hold, and how they are read."""
        return digest([self.samples.take(positions).digest, self.recipe.as_dict(), self.dims, self.augment])

    def phases(self, position: int) -> tuple[int, ...]:
        """Phases of a sample that a network reads: those with labels, or the whole sequence in 4D."""
        item = self.samples.items[position]
        return tuple(range(item.n_phases)) if self.dims == 4 else item.phases


class Piece(NamedTuple):
    """What a network reads at once: a slice at a phase (2D), a volume at a phase (3D), a sequence of volumes (4D).

    sample: position among the samples. place: index into its rendered phases and slices.
    """

    sample: int
    place: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Rendered:
    """Samples as the network reads them: rendered when first asked, kept in memory at half precision."""

    data: MaskData
    _kept: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def volumes(self, position: int) -> tuple[Tensor, Tensor]:
        """Grey levels in 0..1 and codes of one sample, (T, Z, Y, X), of the phases that are read."""
        if position not in self._kept:
            self._kept[position] = self._render(position)
        return self._kept[position]

    def pieces(self, positions: NDArray[np.int64]) -> list[Piece]:
        """What the network reads of some samples, in order."""
        return [
            Piece(position, place)
            for position in positions.tolist()
            for place in np.ndindex(tuple(self.volumes(position)[0].shape[: 4 - self.data.dims]))
        ]

    def batches(self, pieces: Sequence[Piece], batch_size: int, key: tuple[object, ...] | None) -> Iterator[Batch]:
        """Pieces as batches, in order; with a key each piece is varied by its own choice drawn from it."""
        for first in range(0, len(pieces), batch_size):
            chosen = pieces[first : first + batch_size]
            parts = [self._part(piece, None if key is None else (*key, first + i)) for i, piece in enumerate(chosen)]
            images, codes, phases = (torch.stack(values) for values in zip(*parts, strict=True))
            known = torch.tensor([self._known(piece) for piece in chosen])
            yield Batch(inputs=(images[:, None],), targets=MaskTarget(codes=codes, phases=phases, classes=known))

    def _render(self, position: int) -> tuple[Tensor, Tensor]:
        recipe, read = self.data.recipe, self.data.read
        item, phases = self.data.samples.items[position], list(self.data.phases(position))
        pixels, mask = read.pixels(item.stack), codes_of_task(read.mask(item.stack)[phases], self.data.samples.task)
        grid = recipe.grid(pixels.shape, item.spacing, full=not recipe.centred)
        grey = recipe.render_on(grid, pixels[phases], recipe.window.limits(pixels))
        codes = recipe.render_mask(mask, item.spacing, full=not recipe.centred)
        return grey.half(), codes.to(torch.int8)

    def _part(self, piece: Piece, key: tuple[object, ...] | None) -> tuple[Tensor, Tensor, Tensor]:
        """One picture ([T], [Z], Y, X), its codes, and which of its phases are labelled, (T,)."""
        image, codes = (_at(values, piece.place) for values in self.volumes(piece.sample))
        labelled = self._labelled(piece)
        if key is not None and not self.data.recipe.centred:
            image, codes = _patch(image, codes, self.data.recipe, rng(*key, "patch"))
        image, codes = image.float(), codes.long()
        if key is not None and self.data.augment:
            image, codes = self.data.recipe.distort(image, codes, self.data.recipe.choose(*key))
            # A cycle begins anywhere: labels at the same phases of every sequence would teach nothing of the others.
            turn = int(rng(*key, "turn").integers(len(labelled)))
            image, codes, labelled = (values.roll(turn, 0) for values in (image, codes, labelled))
        shape = image.shape[4 - self.data.dims :]
        return image.reshape(shape), codes.reshape(shape), labelled

    def _labelled(self, piece: Piece) -> Tensor:
        item = self.data.samples.items[piece.sample]
        return torch.tensor([phase in item.phases for phase in range(item.n_phases)] if self.data.dims == 4 else [True])

    def _known(self, piece: Piece) -> list[bool]:
        """Which classes the piece's source labels."""
        return [code in self.data.samples.items[piece.sample].classes for code in self.data.samples.task.codes]


def _patch(image: Tensor, codes: Tensor, recipe: VolumeRecipe, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A patch of the recipe's shape out of (T, Z, Y, X), as often about a voxel of a structure as anywhere.

    A volume that is smaller gets zeros behind it.
    """
    wanted = (image.shape[1] if recipe.by_slice else recipe.shape[0], *recipe.shape[1:])
    short = [max(0, want - have) for want, have in zip(wanted, image.shape[1:], strict=True)]
    image, codes = (pad(values, [n for zeros in reversed(short) for n in (0, zeros)]) for values in (image, codes))
    sides = np.asarray(image.shape[1:])
    centre = rng.integers(0, sides)
    structures = codes.nonzero()
    if len(structures) and rng.uniform() < _ABOUT_A_STRUCTURE:
        centre = structures[int(rng.integers(len(structures))), 1:].numpy()
    first = np.clip(centre - np.asarray(wanted) // 2, 0, sides - wanted).tolist()
    box = (slice(None), *(slice(start, start + side) for start, side in zip(first, wanted, strict=True)))
    return image[box], codes[box]


def _at(values: Tensor, place: tuple[int, ...]) -> Tensor:
    """Part of (T, Z, Y, X) at a phase, or at a phase and slice; all four axes stay."""
    for axis, index in enumerate(place):
        values = values.narrow(axis, index, 1)
    return values
