"""One DICOM file's header, checked against the bytes that are really there, before any pixel is read."""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, MediaStorageDirectoryStorage

from medgraft.images.problem import FOREIGN, UnusableFileError

#: Larger images than any scanner makes; a header that claims more is taken for damaged.
MAX_SIDE = 32768
MAX_FRAMES = 100_000
MAX_BYTES = 2 << 30

#: Images that carry pixels of something else than a patient's picture (PS3.4 B.5).
NOT_PICTURES = {
    "1.2.840.10008.5.1.4.1.1.66.4": "a segmentation",
    "1.2.840.10008.5.1.4.1.1.481.2": "a dose distribution",
    "1.2.840.10008.5.1.4.1.1.30": "a parametric map",
}

_PIXEL_DATA, _FLOAT_PIXEL_DATA = 0x7FE00010, (0x7FE00008, 0x7FE00009)
_ITEM, _SEQUENCE_END, _UNDEFINED = 0xFFFEE000, 0xFFFEE0DD, 0xFFFFFFFF


@dataclass(frozen=True, kw_only=True, eq=False)
class DicomHeader:
    """A dataset up to its pixel data, and where these are; `pixels_at` is None in a deflated file."""

    dataset: Dataset
    syntax: str
    n_frames: int
    pixels_at: int | None

    @property
    def compressed(self) -> bool:
        """True if a codec is needed to read the pixels."""
        return UID(self.syntax).is_encapsulated if self.syntax else False


@dataclass
class _PixelElement:
    """Filled by pydicom's `stop_when` when it meets the pixel data."""

    file: BinaryIO
    tag: int = 0
    length: int = 0
    at: int = 0

    def __call__(self, tag: BaseTag, _vr: str | None, length: int) -> bool:
        if tag == _PIXEL_DATA or tag in _FLOAT_PIXEL_DATA:
            self.tag, self.length, self.at = int(tag), length, self.file.tell()
        return bool(self.tag)


def read_header(path: Path) -> DicomHeader | None:
    """The header of a file, None for a DICOMDIR.

    Raises `UnusableFileError` if the file is no DICOM image, is cut short, or declares a size its bytes do not have.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4096)
            _check_start(start)
            _check_deflated(file, start)
            file.seek(0)
            return _read(file, path.stat().st_size)
    except FOREIGN as error:
        if isinstance(error, UnusableFileError):
            raise
        raise UnusableFileError("unreadable", f"The header cannot be read ({type(error).__name__}).") from error


def _check_start(start: bytes) -> None:
    """Most files that are not DICOM are told by their first bytes; PS3.10 7.1 has the preamble."""
    if not start:
        raise UnusableFileError("empty", "The file is empty.")
    has_preamble = start[128:132] == b"DICM"
    # Without a preamble the first element is of group 0002 (file meta) or 0008 (identification), either byte order.
    starts_with_element = start[:2] in (b"\x02\x00", b"\x08\x00", b"\x00\x08") and len(start) >= 136
    if not (has_preamble or starts_with_element):
        raise UnusableFileError("not-dicom", "The file is not DICOM: neither preamble nor a first element.")


def _check_deflated(file: BinaryIO, start: bytes) -> None:
    """Refuse a deflated data set (PS3.5 A.5) that unpacks to more than `MAX_BYTES`, before pydicom unpacks it whole."""
    if DeflatedExplicitVRLittleEndian.encode() not in start:
        return
    # The value of (0002,0000), the length of the rest of the file meta group, stands at byte 140.
    file.seek(144 + int(struct.unpack_from("<I", start, 140)[0]))
    unpack, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while chunk := (unpack.unconsumed_tail or file.read(1 << 16)):
        total += len(unpack.decompress(chunk, 1 << 22))
        if total > MAX_BYTES:
            raise UnusableFileError("absurd-size", f"The deflated file unpacks to more than {MAX_BYTES >> 20} MiB.")
        if unpack.eof:
            break


def _read(file: BinaryIO, size: int) -> DicomHeader | None:
    pixels = _PixelElement(file)
    dataset = read_partial(file, stop_when=pixels, force=True)
    meta = dataset.file_meta
    if meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage or "DirectoryRecordSequence" in dataset:
        return None
    if not pixels.tag:
        raise _no_pixels(dataset)
    if pixels.tag != _PIXEL_DATA:
        raise UnusableFileError("not-an-image", "The file holds floating-point pixels (a parametric map).", "set aside")
    kind = str(dataset.get("SOPClassUID", ""))
    if kind in NOT_PICTURES:
        raise UnusableFileError("not-an-image", f"The file holds {NOT_PICTURES[kind]}.", "set aside")
    n_frames, n_bytes = _declared_size(dataset)
    syntax = str(meta.get("TransferSyntaxUID", ""))
    deflated = syntax == DeflatedExplicitVRLittleEndian
    header = DicomHeader(dataset=dataset, syntax=syntax, n_frames=n_frames, pixels_at=None if deflated else pixels.at)
    if header.compressed:
        _check_fragments(file, pixels.at, n_frames, size)
    elif not deflated:
        _check_native(pixels, n_bytes, size)
    return header


def _no_pixels(dataset: Dataset) -> UnusableFileError:
    if "SOPClassUID" not in dataset:
        return UnusableFileError("not-dicom", "The file starts like DICOM but is not: it says no SOP class.")
    if "Rows" in dataset:
        return UnusableFileError("truncated", "The file ends before its pixel data.")
    kind = UID(str(dataset.SOPClassUID)).name
    return UnusableFileError("not-an-image", f"The file holds no image: {kind}.", "set aside")


def _declared_size(dataset: Dataset) -> tuple[int, int]:
    """Number of frames, and bytes of all of them without compression (PS3.3 C.7.6.3)."""
    rows, columns, bits = (int(dataset.get(name) or 0) for name in ("Rows", "Columns", "BitsAllocated"))
    samples, n_frames = int(dataset.get("SamplesPerPixel") or 1), int(dataset.get("NumberOfFrames") or 1)
    claim = f"{columns} x {rows} pixels, {n_frames} frames, {samples} x {bits} bits"
    if bits not in (8, 16, 32) or samples not in (1, 3) or min(rows, columns, n_frames) < 1:
        raise UnusableFileError("bad-size", f"The header claims {claim}, which is no image.")
    # In YBR_FULL_422 two neighbours share their colour: four values for two pixels (C.7.6.3.1.2).
    stored = 2 if dataset.get("PhotometricInterpretation") == "YBR_FULL_422" else samples
    n_bytes = rows * columns * n_frames * stored * bits // 8
    if max(rows, columns) > MAX_SIDE or n_frames > MAX_FRAMES or n_bytes > MAX_BYTES:
        raise UnusableFileError(
            "absurd-size", f"The header claims {claim}: {n_bytes >> 20} MiB, more than is believed."
        )
    return n_frames, n_bytes


def _check_native(pixels: _PixelElement, n_bytes: int, size: int) -> None:
    left = size - pixels.at
    if pixels.length < n_bytes or pixels.length == _UNDEFINED:
        raise UnusableFileError(
            "size-differs", f"The header claims {n_bytes} bytes of pixels, the file {pixels.length}."
        )
    if left < n_bytes:
        raise UnusableFileError("truncated", f"The file is cut short: {left} of {n_bytes} bytes of pixels are there.")


def _check_fragments(file: BinaryIO, at: int, n_frames: int, size: int) -> None:
    """Walk the items of encapsulated pixel data (PS3.5 A.4): offset table, then fragments, then the delimiter."""
    n_items = 0
    while True:
        file.seek(at)
        start = file.read(8)
        if len(start) < 8:
            raise UnusableFileError(
                "truncated", f"The file is cut short within its compressed pixels, after {n_items} items."
            )
        group, element, length = struct.unpack("<HHI", start)
        tag, at = group << 16 | element, at + 8 + length
        if tag == _SEQUENCE_END:
            break
        if tag != _ITEM or length == _UNDEFINED or at > size:
            raise UnusableFileError(
                "truncated", f"The compressed pixels are damaged or cut short after {n_items} items."
            )
        n_items += 1
    if n_items - 1 < n_frames:
        raise UnusableFileError(
            "size-differs", f"The header claims {n_frames} frames, the file has {n_items - 1} fragments."
        )
