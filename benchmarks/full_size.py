"""Full size: masks of a study of 512 x 512 x 249 voxels at 20 phases on the 1 mm grid, and the memory that takes."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import Tensor, nn

from benchmarks import targets
from benchmarks.child import Child
from benchmarks.machine import PeakMemory, peak_resident_megabytes
from benchmarks.place import Place
from benchmarks.result import Measured, Result, less_is_better
from medgraft.inference import predict_masks
from medgraft.networks import spec
from medgraft.networks.segmenter import build_segmenter
from medgraft.recipe import VolumeRecipe
from medgraft.study import Compute
from medgraft.training import predict_volume

#: The paper's largest studies: 20 phases of 249 slices of 0.7 mm, 512 x 512 pixels of 0.5 mm.
_SHAPE, _SPACING = (20, 249, 512, 512), (0.7, 0.5, 0.5)
_TOY_SHAPE = (6, 40, 64, 64)
#: What a network reads at once, in cubes of 1 mm; of a sequence as many phases as a recipe says.
_RECIPE, _TOY_RECIPE = VolumeRecipe(shape=(64, 96, 96)), VolumeRecipe(shape=(16, 16, 16))
_BLOOD, _MUSCLE = 300, 90


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to infer.

    network: its name; "" for one layer that tells voxels apart by their grey level, all phases in seconds.
    phases: how many are done, None for all. real: which window of each volume or sequence the network computes, the
    layer the others, so that the memory is the network's and the time is not; None for all windows.
    """

    name: str
    dims: int
    network: str = ""
    phases: int | None = None
    real: int | None = None


_WAYS = (
    Way(name="phase by phase, one layer", dims=3),
    Way(name="phase by phase, unet3d", dims=3, network="unet3d", phases=2),
    Way(name="by temporal window, one layer", dims=4),
    Way(name="by temporal window, segnet4d at one window in 64", dims=4, network="segnet4d", real=64),
)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a way took.

    seconds: by phase. all, anonymous, mapped: peaks in MB, each at its own time. found: share of voxels of the last
    phase that are not background.
    """

    seconds: float
    all: float
    anonymous: float
    mapped: float
    found: float


@dataclass(frozen=True, kw_only=True)
class FullSize:
    """The piece."""

    def measure(self, place: Place) -> Measured:
        """Write a study, do all ways, each in a fresh process, and delete it."""
        folder, shape = place.fresh("full-size"), _TOY_SHAPE if place.toy else _SHAPE
        try:
            _write_study(folder / "pixels.npy", shape)
            return Measured(results=tuple(_line(way, _taken(way, folder, place), shape) for way in _WAYS))
        finally:
            shutil.rmtree(folder)


class GreyLevels(nn.Module):
    """One layer: muscle and blood by the grey level of each voxel of (B, 1, [T,] Z, Y, X)."""

    def __init__(self) -> None:
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor(20.0))

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, 3, ...) of background, pool and myocardium."""
        grey = images[:, 0]
        return self.sharpness * torch.stack([0.25 - grey, 2 * grey - 1.0, torch.zeros_like(grey)], dim=1)


class OneWindowIn(nn.Module):
    """A network at every `every`-th call, `GreyLevels` at the others."""

    def __init__(self, network: nn.Module, every: int) -> None:
        super().__init__()
        self.network, self.quick = network, GreyLevels()
        self._every, self._calls = every, 0

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, 3, ...)."""
        self._calls += 1
        logits: Tensor = self.quick(images) if self._calls % self._every else self.network(images)
        return logits


def _write_study(path: Path, shape: tuple[int, int, int, int]) -> None:
    """A ball of blood in muscle that beats, in HU, as int16."""
    pixels = open_memmap(path, mode="w+", dtype=np.int16, shape=shape)
    z, y, x = (np.linspace(-1, 1, n, dtype=np.float32) ** 2 for n in shape[1:])
    distance = np.sqrt(z[:, None, None] + y[:, None] + x)
    for phase, angle in enumerate(np.linspace(0, 2 * np.pi, shape[0], endpoint=False)):
        inner = 0.4 + 0.1 * np.cos(angle)
        pixels[phase] = np.select([distance < inner, distance < inner + 0.2], [_BLOOD, _MUSCLE], -100)
    pixels.flush()


def _taken(way: Way, folder: Path, place: Place) -> Taken:
    with Child(inferred, way, folder, place.toy) as child:
        taken: Taken = child.ask("go")
    return taken


@contextmanager
def inferred(way: Way, folder: Path, toy: bool) -> Iterator[Callable[[object], Taken]]:
    """The target of a `Child`: masks of the study into a mapped file, once, in a process set up as for any study."""
    Compute(device="cpu").prepare()
    model, recipe = _model(way), _TOY_RECIPE if toy else _RECIPE
    predict_volume(GreyLevels(), torch.zeros(1, 1, 4, 4, 4), (2, 2, 2))  # loading what it takes does not count

    def answer(_: object) -> Taken:
        pixels = np.load(folder / "pixels.npy", mmap_mode="r")
        out = open_memmap(folder / "masks.npy", mode="w+", dtype=np.uint8, shape=pixels.shape)
        phases = range(way.phases or len(pixels))
        with PeakMemory() as memory:
            started = time.perf_counter()
            predict_masks(model, recipe, pixels, _SPACING, dims=way.dims, phases=phases, out=out)
            seconds = time.perf_counter() - started
        return Taken(
            seconds=seconds / len(phases),
            all=peak_resident_megabytes(),
            anonymous=memory.megabytes,
            mapped=memory.mapped,
            found=float(np.count_nonzero(out[phases[-1]]) / out[0].size),
        )

    yield answer


def _model(way: Way) -> nn.Module:
    if not way.network:
        return GreyLevels()
    network = build_segmenter(spec(way.network), n_classes=3)
    return network if way.real is None else OneWindowIn(network, way.real)


def _line(way: Way, taken: Taken, shape: tuple[int, ...]) -> Result:
    note = (
        f"at most {targets.FULL_SIZE_GIB:g} GiB (peer); highest resident set, of which anonymous at most "
        f"{taken.anonymous / 1024:.2f} GiB and mapped files at most {taken.mapped / 1024:.2f} GiB; "
        f"{way.phases or shape[0]} of {shape[0]} phases done, {taken.seconds:.1f} s each on {torch.get_num_threads()} "
        f"threads; {'x'.join(map(str, shape))} int16 to cubes of 1 mm; heart in {100 * taken.found:.0f} % of voxels"
    )
    return less_is_better(f"full size, {way.name}: peak memory", taken.all / 1024, targets.FULL_SIZE_GIB, "GiB", note)
