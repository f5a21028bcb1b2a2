"""Volumes as a network reads them, with what is labelled of them."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.digest import digest
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.seeds import rng
from medgraft.recipe import Distortion, VolumeGrid, VolumeRecipe
from medgraft.samples import MaskedSample, MaskedSamples, codes_of_task
from medgraft.training import Batch, MaskTarget
from medgraft.training.parallel import ALONE, Replica
from medgraft.transfer import fill_cache

#: Share of training patches that are taken about a structure, so that small ones are seen at all.
_ABOUT_A_STRUCTURE = 0.5

#: Changes when volumes are rendered otherwise from the same files.
_RENDERING = 1

#: So many samples are open at a time: each takes two files, of which a process may have few (256 on macOS).
_OPEN = 64

Triple = tuple[float, float, float]


class ReadVolumes(Protocol):
    """Native arrays by stack; pickled, it opens them again where it arrives."""

    def pixels(self, stack: str) -> NDArray[Any]:
        """Pixels (T, Z, Y, X)."""
        ...

    def mask(self, stack: str, digest: str) -> NDArray[np.uint8]:
        """Mask (T, Z, Y, X) in `core.task.MASK_CODES`, of a digest. Raises `ProjectError` if it is another by now."""
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

    def shape(self, position: int) -> tuple[int, int, int, int]:
        """(T', Z', Y', X') of a sample as it is rendered: the phases that are read, on the network's grid."""
        native = self.read.pixels(self.samples.items[position].stack).shape
        return len(self.phases(position)), *self.grid(position, native).shape

    def grid(self, position: int, native: Sequence[int]) -> VolumeGrid:
        """Where the network's voxels lie in a sample of a native shape (T, Z, Y, X)."""
        return self.recipe.grid(native, self.samples.items[position].spacing, full=not self.recipe.centred)


class Piece(NamedTuple):
    """What a network reads at once: a slice at a phase (2D), a volume at a phase (3D), volumes over time (4D).

    sample: position among the samples. place: index into its rendered phases and slices.
    """

    sample: int
    place: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Rendered:
    """Samples as the network reads them: rendered when first asked, phase by phase, into files that are mapped.

    cache: folder of those files; may be shared by processes.
    """

    data: MaskData
    cache: Path
    _opened: OrderedDict[int, tuple[Tensor, ...]] = field(default_factory=OrderedDict)

    def volumes(self, position: int) -> tuple[Tensor, ...]:
        """Grey levels in 0..1 and codes of one sample, (T, Z, Y, X) float16, of the phases that are read."""
        if position not in self._opened:
            groups = [(row, row + 1) for row in range(len(self.data.phases(position)))]
            folder = self.cache / f"volumes-{self._digest(position)}"
            kept = fill_cache(folder, groups, lambda rows: self._render(position, rows), dtype="float16")
            self._opened[position] = kept.mapped()
            if len(self._opened) > _OPEN:
                self._opened.popitem(last=False)
        self._opened.move_to_end(position)
        return self._opened[position]

    def pieces(self, positions: NDArray[np.int64], report: Report = silent) -> list[Piece]:
        """What the network reads of some samples, in order; told of samples, since a first rendering takes long."""
        found: list[Piece] = []
        for done, position in enumerate(positions.tolist(), start=1):
            places = np.ndindex(tuple(self.volumes(position)[0].shape[: 4 - self.data.dims]))
            found += [Piece(position, place) for place in places]
            report(Progress(stage="volumes", done=done, total=len(positions)))
        return found

    def batches(
        self, pieces: Sequence[Piece], batch_size: int, key: tuple[object, ...], replica: Replica = ALONE
    ) -> Iterator[Batch]:
        """Pieces as batches, in order, each cut and varied by its own choice drawn from the key.

        replica: which share of every batch is wanted.
        """
        for first in range(0, len(pieces), batch_size):
            rows = replica.share(range(first, min(first + batch_size, len(pieces))))
            parts = [self._part(pieces[row], (*key, row)) for row in rows]
            images, codes, phases = (torch.stack(values) for values in zip(*parts, strict=True))
            known = torch.tensor([self._known(pieces[row]) for row in rows])
            yield Batch(inputs=(images[:, None],), targets=MaskTarget(codes=codes, phases=phases, classes=known))

    def _digest(self, position: int) -> str:
        """Of all that rendering depends on: patches of another shape are cut out of the same volumes."""
        samples, recipe = self.data.samples.take(np.array([position])), self.data.recipe
        shape = recipe.shape if recipe.centred else recipe.by_slice
        return digest([_RENDERING, samples.digest, self.data.phases(position), recipe.spacing, recipe.window, shape])

    def _render(self, position: int, rows: Iterable[tuple[int, int]]) -> Iterator[tuple[Tensor, Tensor]]:
        """Grey levels and codes of some of the phases that are read, one by one."""
        recipe, read = self.data.recipe, self.data.read
        item, phases = self.data.samples.items[position], self.data.phases(position)
        pixels, mask = read.pixels(item.stack), read.mask(item.stack, item.mask_digest)
        grid = self.data.grid(position, pixels.shape)
        limits = recipe.window.limits(pixels)
        for row, _ in rows:
            phase = slice(phases[row], phases[row] + 1)
            codes = codes_of_task(mask[phase], self.data.samples.task)
            yield recipe.render_on(grid, pixels[phase], limits), grid.mask_to_network(torch.from_numpy(codes))

    def _part(self, piece: Piece, key: tuple[object, ...]) -> tuple[Tensor, Tensor, Tensor]:
        """One picture ([T], [Z], Y, X), its codes, and which of its phases are labelled, (T,)."""
        recipe, augment, volumes = self.data.recipe, self.data.augment, self.volumes(piece.sample)
        phases, labelled = self._phases(piece, rng(*key, "time"))
        grey, codes = ([self._slices(values[phase], piece) for phase in phases] for values in volumes)
        centre = None if recipe.centred else _centre(codes, recipe.shape, rng(*key, "patch"))
        image, seen = recipe.distort(grey, codes, recipe.choose(*key) if augment else Distortion(), centre)
        shape = image.shape[4 - self.data.dims :]
        return image.reshape(shape), seen.long().reshape(shape), torch.tensor(labelled)

    def _phases(self, piece: Piece, rng: np.random.Generator) -> tuple[Sequence[int], list[bool]]:
        """Which of the rendered phases are read, and which of these are labelled."""
        if self.data.dims < 4:
            return piece.place[:1], [True]
        item = self.data.samples.items[piece.sample]
        phases = _window(item, min(self.data.recipe.phases, item.n_phases), rng)
        return phases, [phase in item.phases for phase in phases]

    def _slices(self, volume: Tensor, piece: Piece) -> Tensor:
        """Of a volume (Z, Y, X) the slice that a network of slices reads, (1, Y, X); all of it for others."""
        return volume[piece.place[1], None] if self.data.dims == 2 else volume

    def _known(self, piece: Piece) -> list[bool]:
        """Which classes the piece's source labels."""
        return [code in self.data.samples.items[piece.sample].classes for code in self.data.samples.task.codes]


def _window(item: MaskedSample, length: int, rng: np.random.Generator) -> list[int]:
    """Phases that are read of a beat, of which one at least is labelled.

    They begin anywhere and wrap around: labels at the same moments of every window would teach nothing of the others.
    """
    first = int(rng.choice(item.phases) - rng.integers(length))
    return [(first + step) % item.n_phases for step in range(length)]


def _centre(codes: list[Tensor], shape: tuple[int, int, int], rng: np.random.Generator) -> Triple:
    """The middle of a patch within volumes (Z, Y, X), as often at a voxel of a structure as anywhere.

    A volume that is smaller than the patch gets zeros behind it.
    """
    sides, half = np.asarray(codes[0].shape), np.asarray(shape) / 2
    anywhere, at_structure = rng.integers(0, sides), rng.uniform() < _ABOUT_A_STRUCTURE
    chosen = _structure_voxel(codes, rng) if at_structure else None
    z, y, x = np.clip(anywhere if chosen is None else chosen, half, np.maximum(sides - half, half)).tolist()
    return z, y, x


def _structure_voxel(codes: list[Tensor], rng: np.random.Generator) -> list[int] | None:
    """A voxel (z, y, x) in any slice that shows a structure; None where none does.

    Slices are looked at in random order up to the first: to look for all voxels of a large volume takes longer than
    what is read of it.
    """
    n_slices = len(codes[0])
    for place in rng.permutation(len(codes) * n_slices).tolist():
        phase, z = divmod(place, n_slices)
        found = codes[phase][z].nonzero()
        if len(found):
            return [z, *found[int(rng.integers(len(found)))].tolist()]
    return None
