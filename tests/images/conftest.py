"""A small oblique short-axis stack, and an import that keeps its notes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import gdcm
import numpy as np
import pytest

from medgraft.core.cohort import ImportNote
from medgraft.core.geometry import BASE_TO_APEX
from medgraft.core.seeds import rng
from medgraft.core.stack import FoundStack, Stack
from medgraft.images import read_dicom_tree


def to_jpeg_lossless(file: Path) -> Path:
    """The file rewritten as JPEG Lossless SV1 by GDCM (pydicom has no encoder for it)."""
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(file))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(file))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return file


class Imported(NamedTuple):
    """Stacks and notes of one import."""

    found: list[FoundStack]
    notes: list[ImportNote]

    def codes(self) -> set[tuple[str, str]]:
        return {(note.kind, note.code) for note in self.notes}


@pytest.fixture(scope="session")
def make_stack() -> Callable[..., Stack]:
    """A stack of noise with exact geometry: steps along the normal in mm, tilts in degrees about the rows."""

    def make(
        *,
        n_phases: int = 3,
        steps: tuple[float, ...] = (8.0, 8.0, 8.0),
        tilts: tuple[float, ...] = (),
        dtype: str = "int16",
        seed: int = 1,
        size: tuple[int, int] = (10, 12),
        normal: Any = BASE_TO_APEX,
    ) -> Stack:
        along = np.asarray(normal, float) / np.linalg.norm(normal)
        row = np.cross([0.0, 0.0, 1.0], along)
        row = row / np.linalg.norm(row) if np.linalg.norm(row) > 1e-6 else np.array([1.0, 0.0, 0.0])
        column = np.cross(along, row)
        origins = np.concatenate([[0.0], np.cumsum(steps)])
        affines = np.stack([np.eye(4)] * len(origins))
        for z, origin in enumerate(origins):
            angle = np.radians(tilts[z] if tilts else 0.0)
            turned = np.cos(angle) * column + np.sin(angle) * along
            affines[z, :3, 0], affines[z, :3, 1] = row * 1.4, turned * 1.3
            affines[z, :3, 2], affines[z, :3, 3] = np.cross(row, turned), origin * along + [-20, 15, 40]
        info = np.iinfo(dtype)
        pixels = rng(seed, "pixels").integers(max(info.min, -900), min(info.max, 3000), (n_phases, len(origins), *size))
        return Stack(
            pixels=pixels.astype(dtype),
            affines=affines,
            spacing=(float(np.median(steps)) if steps else 8.0, 1.3, 1.4),
            times=10.0 + 40.0 * np.arange(n_phases) if n_phases > 1 else None,
        )

    return make


@pytest.fixture(scope="session")
def jpeg_lossless() -> Callable[[Path], Path]:
    return to_jpeg_lossless


@pytest.fixture(scope="session")
def read_tree() -> Callable[[Path], Imported]:
    def read(root: Path) -> Imported:
        notes: list[ImportNote] = []
        files = sorted(path for path in root.rglob("*") if path.is_file())
        return Imported(list(read_dicom_tree(files, root, notes.append)), notes)

    return read
