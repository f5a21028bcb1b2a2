"""Masks on disk that the index does not speak of yet: so mask and index agree, whenever a process is killed."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort.pixel_store import PixelStore, is_stale
from medgraft.core.errors import ProjectError


class WaitingMask(NamedTuple):
    """One mask that waits. digest: its own; it takes its place if the index names that one for the stack."""

    stack: str
    digest: str
    draft: str

    @property
    def key(self) -> str:
        """Its name on disk."""
        return "-".join(self)


@dataclass(frozen=True)
class WaitingMasks:
    """Masks in `next/` beside those of all stacks: written, then named by the index, then put in their place."""

    masks: PixelStore

    @property
    def _store(self) -> PixelStore:
        return PixelStore(self.masks.folder / "next")

    def write(self, stack: str, digest: str, mask: NDArray[np.uint8]) -> WaitingMask:
        """Write a mask that is to take the place of a stack's. Raises `ProjectError` if the disk is full."""
        waiting = WaitingMask(stack, digest, uuid4().hex[:8])
        self._store.prepare()
        self._store.write(waiting.key, mask)
        return waiting

    def read(self, stack: str, digest: str) -> NDArray[Any] | None:
        """The mask that the index names, if it waits still; None where it is in its place."""
        for path in self._store.folder.glob(f"{stack}-{digest}-*.npy"):
            with suppress(ProjectError):  # put in its place meanwhile
                return self._store.read(path.stem)
        return None

    def put_in_place(self, waiting: WaitingMask) -> None:
        """Let it be the mask of its stack."""
        with suppress(FileNotFoundError):  # by another process, after this one listed it
            self._path(waiting).replace(self.masks.path(waiting.stack))

    def drop(self, waiting: WaitingMask) -> None:
        """Remove it."""
        self._path(waiting).unlink(missing_ok=True)

    def __iter__(self) -> Iterator[WaitingMask]:
        """All that wait, of living writers and killed ones."""
        return (WaitingMask(*path.stem.split("-")) for path in self._store.folder.glob("*-*-*.npy"))

    def is_lost(self, waiting: WaitingMask) -> bool:
        """Whether its writer was killed before the index named it."""
        return is_stale(self._path(waiting))

    def _path(self, waiting: WaitingMask) -> Path:
        return self._store.path(waiting.key)
