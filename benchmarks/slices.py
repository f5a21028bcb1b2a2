"""Slices to measure on: the ACDC slices beside the checkout, or random pictures of any number.

A source is small and can be sent to another process, which opens it for itself.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.place import DATA, Place
from medgraft.core.cohort import StackEntry
from medgraft.core.digest import array_digest
from medgraft.core.seeds import rng
from medgraft.core.task import SAX_RANGE, UnitKey
from medgraft.samples import Samples, join
from medgraft.workspace import Project, import_images, label_from_masks
from medgraft.workspace.studies.samples import image_reader, project_samples

_READY = "ready-to-measure"


@dataclass(frozen=True, kw_only=True, eq=False)
class Slices:
    """Labelled slices and how to read their pixels, as `run_study` wants them."""

    samples: Samples
    read: Callable[[UnitKey], NDArray[Any]]


class Source(Protocol):
    """Where slices come from."""

    @property
    def name(self) -> str:
        """What they are, for notes."""
        ...

    def open(self) -> Any:
        """A context with `Slices`."""
        ...


@dataclass(frozen=True, kw_only=True)
class AcdcSlices:
    """A project with the ACDC slices of the checkout, labelled from their masks by the rule `pool`."""

    project: Path

    @property
    def name(self) -> str:
        """What they are, for notes."""
        return "ACDC slices"

    @contextmanager
    def open(self) -> Iterator[Slices]:
        """The slices while the project's index is open."""
        project = Project.open(self.project)
        with project.cohort() as cohort:
            yield Slices(samples=project_samples(project, SAX_RANGE.name), read=image_reader(cohort))


@dataclass(frozen=True, kw_only=True)
class RandomSlices:
    """Random pictures: `subjects` with ED and ES of `slices` each; the first is OBS, the last OAP, the rest IN."""

    subjects: int
    slices: int
    side: int = 192

    @property
    def name(self) -> str:
        """What they are, for notes."""
        return f"{self.subjects * 2 * self.slices} random slices"

    @contextmanager
    def open(self) -> Iterator[Slices]:
        """The slices; pixels are made when a process first reads them, and stay in its memory."""
        read = RandomReader(source=self)
        names = [f"s{number:05d}" for number in range(self.subjects)]
        labels = {
            UnitKey(name, phase, index): self._label(index)
            for name in names
            for phase in range(2)
            for index in range(self.slices)
        }
        yield Slices(samples=join([_entry(name, read.stack(name)) for name in names], labels, SAX_RANGE), read=read)

    def _label(self, index: int) -> str:
        return {0: "OBS", self.slices - 1: "OAP"}.get(index, "IN")


@dataclass(frozen=True, kw_only=True)
class RandomReader:
    """Reads slices of a random source; small, so that it can be sent to workers with every job."""

    source: RandomSlices

    def __call__(self, unit: UnitKey) -> NDArray[Any]:
        """The slice (Y, X) of a unit."""
        image: NDArray[Any] = self.stack(unit.stack)[unit.phase, unit.slice]
        return image

    def stack(self, name: str) -> NDArray[np.uint8]:
        """Pixels (2, Z, Y, X) of a subject."""
        return _random_stack(name, (2, self.source.slices, self.source.side, self.source.side))


@lru_cache(maxsize=1024)
def _random_stack(name: str, shape: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    return rng("benchmark", name).integers(0, 256, shape, np.uint8)


def acdc_or_random(place: Place) -> Source:
    """ACDC where it is beside the checkout, else as many random slices; few random ones at toy size."""
    if place.toy:
        return RandomSlices(subjects=10, slices=4, side=48)
    if not (DATA / "acdc").is_dir():
        return RandomSlices(subjects=57, slices=10)
    return AcdcSlices(project=_acdc_project(place.work / "acdc"))


def _acdc_project(root: Path) -> Path:
    """The project, made once; doing it again after a kill adds what is missing."""
    if not (root / _READY).exists():
        project = Project.open_or_create(root)
        import_images(project, DATA / "acdc")
        label_from_masks(project)
        (root / _READY).touch()
    return root


def _entry(name: str, pixels: NDArray[np.uint8]) -> StackEntry:
    return StackEntry(
        id=name,
        subject=name,
        shape=(pixels.shape[0], pixels.shape[1], pixels.shape[2], pixels.shape[3]),
        spacing=None,
        affines=(),
        phases={"ed": 0, "es": 1},
        base_first=True,
        pixels_digest=array_digest(pixels),
    )
