"""VolumeRecipe: from native volumes over time to what a network of volumes or slices reads, and masks back."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.recipe.augment.distortion import Augmentation, Distortion, Phases
from medgraft.recipe.grid import Axis, Shape, VolumeGrid, cut_axis, whole_axis
from medgraft.recipe.hu_window import HuWindow
from medgraft.recipe.plain import from_plain
from medgraft.recipe.window import PercentileWindow

#: Windows by the name they have in files.
WINDOWS: dict[str, type[HuWindow] | type[PercentileWindow]] = {"hu": HuWindow, "percentile": PercentileWindow}
_NAMES = {kind: name for name, kind in WINDOWS.items()}

#: Voxels whose sizes differ by less than this share are the same: many files store spacing as float32.
_SAME = 1e-5

#: Sides in mm: of a voxel of a mouse in micro-CT, and more than any heart.
_FINEST, _COARSEST = 0.01, 200.0

#: Voxels of a volume on the network's grid, at most; their scores alone are gigabytes.
_MOST_VOXELS = 1 << 30

Item = TypeVar("Item")
Triple = tuple[float, float, float]


#: Of a sequence, unless somebody says otherwise: of 20 phases of 512 x 512 x 249 voxels on the 1 mm grid ten at once
#: take more than 8 GiB of memory, files that are mapped among them.
PHASES_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class VolumeRecipe:
    """How a native sequence becomes what a network reads. It travels with the weights.

    Grey levels are windowed, then every phase is resampled and cut or padded to `shape`, by linear interpolation along
    each axis, antialiased where voxels grow. Time is never mixed with space, and millimetres stay where they are.

    spacing: of the network's cubes in mm; None stays on the native grid, for data that do not know their spacing.
    window: HU for CT; percentiles for MR, taken once from the whole sequence.
    shape: (Z, Y, X) that the network reads. With Z = 1 it reads slices one by one: they are kept as they are along Z,
    neither resampled nor cut, and `spacing` speaks of their pixels.
    centred: only the cut about the middle is looked at, in training and afterwards; else `shape` is a patch that
    training takes anywhere and inference slides over the whole volume.
    phases: of a sequence that a network over time reads at once, in training and afterwards; others read one.
    augment: what training may change.
    """

    shape: Shape
    spacing: float | None = 1.0
    window: HuWindow | PercentileWindow = field(default_factory=HuWindow)
    centred: bool = False
    phases: int = PHASES_AT_ONCE
    augment: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        """Raise `InputError` for a grid that cannot be."""
        if len(self.shape) != 3 or min(*self.shape, self.phases) < 1:
            raise InputError(f"Expected three lengths and phases of 1 or more, got {self.shape}, {self.phases}.")
        if not (self.spacing is None or _FINEST <= self.spacing <= _COARSEST):
            raise InputError(f"Expected a spacing of {_FINEST:g} to {_COARSEST:g} mm, got {self.spacing}.")

    @property
    def by_slice(self) -> bool:
        """Whether the network reads slices one by one."""
        return self.shape[0] == 1

    def sides(self, dims: int) -> tuple[int, ...]:
        """What a network of some axes reads at once: (Y', X'), (Z', Y', X') or, over time, (T', Z', Y', X').

        >>> VolumeRecipe(shape=(4, 8, 8), phases=2).sides(4)
        (2, 4, 8, 8)
        """
        return (self.phases, *self.shape)[-dims:]

    def grid(self, native_shape: Sequence[int], spacing: Triple | None, *, full: bool = False) -> VolumeGrid:
        """Where the network's voxels lie in volumes of a sequence (T, Z, Y, X).

        Args:
            native_shape: (T, Z, Y, X).
            spacing: native (z, y, x) in mm; None where unknown.
            full: all of the volume; else what is cut about its middle.

        Raises:
            InputError: another number of axes, no spacing where the recipe speaks of mm, or voxels that are much finer
                than the volume's, so that they are more than a machine can hold.
        """
        if len(native_shape) != 4:
            raise InputError(f"Expected a sequence of shape (T, Z, Y, X), got {tuple(native_shape)}.")
        ratios = self._ratios(spacing)
        whole = [whole_axis(n, ratio) for n, ratio in zip(native_shape[1:], ratios, strict=True)]
        if not full:
            return self._cut(whole)
        if math.prod(axis.length for axis in whole) > max(_MOST_VOXELS, math.prod(native_shape[1:])):
            sides = " x ".join(str(axis.length) for axis in whole)
            raise InputError(
                f"Expected at most {_MOST_VOXELS:,} voxels of {self.spacing:g} mm, got {sides}. Do: use a recipe of "
                "larger spacing, or correct that of the volume."
            )
        return VolumeGrid(axes=_three(whole))

    def render_on(self, grid: VolumeGrid, pixels: NDArray[Any], limits: tuple[float, float]) -> Tensor:
        """Some phases of a sequence as the network reads them.

        Args:
            grid: of `grid`.
            pixels: (T, Z, Y, X), any numeric type.
            limits: grey levels of the whole sequence that become 0 and 1 (`window`).

        Returns:
            (T, Z', Y', X') float32 in 0..1; 0 outside the volume.
        """
        return torch.cat([grid.to_network(_windowed(phase[None], *limits)) for phase in pixels])

    def choose(self, *key: object) -> Distortion:
        """One recorded choice of the augmentation, from a key.

        >>> recipe = VolumeRecipe(shape=(32, 32, 32))
        >>> recipe.choose(7, "stack", 0) == recipe.choose(7, "stack", 0)
        True
        """
        return self.augment.choose(rng(*key), in_plane=self.by_slice or self.spacing is None)

    def distort(
        self, images: Phases, codes: Phases, choice: Distortion, centre: Triple | None = None
    ) -> tuple[Tensor, Tensor]:
        """Rendered images (T, Z, Y, X) and codes (S, Z, Y, X) changed as chosen, on `shape`.

        centre: the voxel (z, y, x) about which to cut; the middle of the volume by default. Rendered on a `full` grid,
        what turns into view is true voxels; else, and beyond the volume, it is 0.
        """
        return choice.apply(images, codes, self._cut([whole_axis(n, 1.0) for n in images[0].shape], centre))

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain data; `volume_recipe_from_dict` reads it back."""
        window = {"window": _NAMES[type(self.window)], **dataclasses.asdict(self.window)}
        augment = {**dataclasses.asdict(self.augment), "flips": list(self.augment.flips)}
        facts = {"spacing": self.spacing, "centred": self.centred, "phases": self.phases}
        return {"shape": list(self.shape), **facts, "window": window, "augment": augment}

    def _ratios(self, spacing: Triple | None) -> Triple:
        """A network voxel's size in native voxels."""
        if self.spacing is None:
            return 1.0, 1.0, 1.0
        if spacing is None or not all(0 < step < math.inf for step in spacing):
            raise InputError(
                f"Expected the spacing of a volume to resample it to {self.spacing:g} mm, got "
                f"{spacing or 'none, or slices that are not equally far apart'}. Do: use a recipe with spacing None, "
                "which stays on the native grid, or import with the true spacing."
            )
        ratios = [self.spacing / native for native in spacing]
        z, y, x = (1.0 if abs(ratio - 1) < _SAME else ratio for ratio in ratios)
        return (1.0 if self.by_slice else z), y, x

    def _cut(self, whole: Sequence[Axis], centre: Triple | None = None) -> VolumeGrid:
        """The grid of `shape` among axes that cover a volume."""
        about = centre or (None, None, None)
        cut = [cut_axis(a.native, a.ratio, n, at) for a, n, at in zip(whole, self.shape, about, strict=True)]
        return VolumeGrid(axes=_three([*whole[:1], *cut[1:]] if self.by_slice else cut))


def volume_recipe_from_dict(data: Mapping[str, Any]) -> VolumeRecipe:
    """The recipe that `VolumeRecipe.as_dict` wrote. Raises `InputError` for an unknown window or setting.

    >>> recipe = VolumeRecipe(shape=(1, 128, 128), spacing=None, window=PercentileWindow())
    >>> volume_recipe_from_dict(recipe.as_dict()) == recipe
    True
    """
    try:
        plain, window = dict(data), dict(data["window"])
        return replace(
            from_plain(VolumeRecipe, {name: plain[name] for name in plain if name not in ("window", "augment")}),
            window=from_plain(WINDOWS[window.pop("window")], window),
            augment=from_plain(Augmentation, data["augment"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"Expected a volume recipe of shape, spacing, window ({', '.join(WINDOWS)}) and augment, got {error!r}."
        ) from error


def _windowed(phases: NDArray[Any], low: float, high: float) -> Tensor:
    """(T, Z, Y, X) in 0..1. Clipped before resampling, so that bright bone does not bleed into its neighbours."""
    images = torch.from_numpy(np.array(phases, np.float32))
    return images.sub_(low).div_(high - low if high > low else 1.0).clamp_(0, 1).nan_to_num_(0)


def _three(items: Iterable[Item]) -> tuple[Item, Item, Item]:
    z, y, x = items
    return z, y, x
