"""Damaged files: no crash, no hang, every file imported or reported."""

from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import FileDataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from medgraft.core.seeds import rng
from medgraft.images import write_dicom_multiframe, write_dicom_series

#: pydicom's own samples: JPEG-LS, J2K with an odd stream, baseline and extended JPEG.
SAMPLES = (
    "MR_small_jpeg_ls_lossless.dcm",
    "MR_small_jp2klossless.dcm",
    "JPEG2000.dcm",
    "JPGExtended.dcm",
    "SC_rgb_small_odd_jpeg.dcm",
)


@pytest.mark.parametrize("n_files", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_every_damaged_file_is_imported_or_reported(
    tmp_path: Path, make_stack, read_tree, jpeg_lossless, n_files: int
) -> None:
    for number, file in enumerate(islice(_seed_files(tmp_path / "seeds", make_stack, jpeg_lossless), n_files)):
        damaged = tmp_path / "damaged" / f"{number % 7}" / f"{number}"
        damaged.parent.mkdir(parents=True, exist_ok=True)
        damaged.write_bytes(_mutated(file.read_bytes(), number))
    found, notes = read_tree(tmp_path / "damaged")
    used = {uid for item in found for row in item.stack.instance_uids or () for uid in row}
    lost = sum(note.count for note in notes if note.kind in ("refused", "set aside"))
    assert len(used) + lost == n_files
    assert n_files // 10 < lost < n_files - n_files // 10


def _seed_files(folder: Path, make_stack: Callable, jpeg_lossless: Callable) -> Iterator[Path]:
    """Endless: cines as they are, compressed, deflated and multi-frame, and pairs of slices from other writers."""
    for batch in count():
        stack = make_stack(n_phases=2, steps=(8.0,), seed=batch, size=(36, 40))
        who = {"patient_id": f"p{batch}", "manufacturer": "m", "seed": batch}
        yield from write_dicom_series(folder / f"{batch}a", stack, series_description="plain", **who)
        for syntax in (RLELossless, JPEG2000Lossless, JPEGLSLossless, DeflatedExplicitVRLittleEndian):
            for file in write_dicom_series(folder / f"{batch}{syntax}", stack, series_description=syntax.name, **who):
                yield _rewritten(file, syntax)
        for file in write_dicom_series(folder / f"{batch}l", stack, series_description="jpeg lossless", **who):
            yield jpeg_lossless(file)
        multi = write_dicom_multiframe(folder / f"{batch}m.dcm", stack, series_description="multi", **who)
        yield multi
        yield _rewritten(
            write_dicom_multiframe(folder / f"{batch}n.dcm", stack, series_description="rle", **who), RLELossless
        )
        for name in SAMPLES:
            yield from _pair(name, folder, batch)


def _rewritten(file: Path, syntax: UID) -> Path:
    dataset = dcmread(file)
    if syntax.is_encapsulated:
        dataset.compress(syntax, generate_instance_uid=False)
    else:
        dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(file)
    return file


def _pair(name: str, folder: Path, batch: int) -> Iterator[Path]:
    """Two slices made of one sample, so that its pixels are decoded and not set aside as a single slice."""
    for z in range(2):
        dataset: FileDataset = dcmread(get_testdata_file(name, download=False))
        dataset.PatientID, dataset.StudyInstanceUID, dataset.Modality = f"p{batch}", f"2.25.{batch}", "MR"
        dataset.SeriesInstanceUID, dataset.SOPInstanceUID = f"2.25.{batch}.{len(name)}", f"2.25.{batch}.{len(name)}.{z}"
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 5 * z], [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.ImageType, dataset.SeriesDescription = [1, 1], ["ORIGINAL", "PRIMARY"], name
        path = folder / f"{batch}{name}{z}"
        dataset.save_as(path)
        yield path


def _mutated(content: bytes, number: int) -> bytes:
    draw = rng("fuzz", number)
    raw = bytearray(content)
    # Half of the damage goes to the second half of the file, where the pixels are.
    at = int(draw.integers(len(raw) // 2 if draw.random() < 0.5 else 0, len(raw)))
    match draw.integers(6):
        case 0:
            return bytes(raw[:at])
        case 1:
            raw[at : at + 4] = draw.bytes(4)
        case 2:
            raw[at : at + 4] = b"\xff" * 4
        case 3:
            del raw[at : at + int(draw.integers(1, 64))]
        case 4:
            raw[at:at] = draw.bytes(int(draw.integers(1, 64)))
        case _:
            for place in draw.integers(0, len(raw), int(draw.integers(1, 20))):
                raw[place] ^= 1 << int(draw.integers(8))
    return bytes(raw)


def test_the_same_seed_gives_the_same_damage() -> None:
    content = np.arange(1000, dtype=np.uint16).tobytes()
    assert _mutated(content, 5) == _mutated(content, 5) != content
