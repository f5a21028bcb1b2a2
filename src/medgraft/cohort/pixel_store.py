"""PixelStore: one folder of .npy files, each there whole or not at all."""

import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import ProjectError, reason
from medgraft.core.files import flush

#: A temporary file this old has lost its writer: the longest pause of a living one is one array's writing.
_STALE_SECONDS = 3600.0


@dataclass(frozen=True)
class PixelStore:
    """Arrays by id in `folder`; a reader never sees one half written."""

    folder: Path

    def prepare(self) -> None:
        """Make the folder, and sweep what killed processes left behind."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for leftover in self.folder.glob("*.tmp"):
            if is_stale(leftover):
                leftover.unlink(missing_ok=True)

    def path(self, key: str) -> Path:
        """Where the array of an id is."""
        return self.folder / f"{key}.npy"

    def has(self, key: str) -> bool:
        """Whether the array of an id is there and whole."""
        try:
            self.read(key)
        except ProjectError:
            return False
        return True

    def write(self, key: str, array: NDArray[Any]) -> None:
        """Write to a temporary name, flush to disk, then rename: killed at any moment, nothing half is left.

        Raises `ProjectError` if the disk is full or cannot be written; nothing new is left then.
        """
        temporary = self.folder / f"{key}.{uuid.uuid4().hex}.tmp"
        try:
            with temporary.open("xb") as file:
                np.save(file, array, allow_pickle=False)
            flush(temporary)
            temporary.replace(self.path(key))
            flush(self.folder)
        except OSError as error:
            raise ProjectError(self._no_room(array, error)) from error
        finally:
            temporary.unlink(missing_ok=True)

    def read(self, key: str) -> NDArray[Any]:
        """The array, memory-mapped and read-only. Raises `ProjectError` if it is missing or damaged."""
        try:
            array = np.load(self.path(key), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise ProjectError(
                f"Expected the array {self.folder.name}/{key}.npy in the project, got: {reason(error)}. "
                "Copy the project folder as a whole, or import the source again."
            ) from error
        return np.asarray(array) if array.size == 0 else array

    def _no_room(self, array: NDArray[Any], error: OSError) -> str:
        free = shutil.disk_usage(self.folder).free
        return (
            f"Expected to write {array.nbytes / 1e6:.1f} MB to {self.folder.name}/, "
            f"where {free / 1e6:.1f} MB are free, got: {reason(error)}. "
            "Make room and import again: what was imported before is kept."
        )


def is_stale(leftover: Path) -> bool:
    """Whether a file that is on its way somewhere has lost its writer."""
    try:
        return time.time() - leftover.stat().st_mtime > _STALE_SECONDS
    except FileNotFoundError:
        return False  # another process swept, or its writer finished, between our listing and now
