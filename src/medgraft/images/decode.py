"""Decoding of one file's pixels, and the same as a process of its own.

Codecs are C and C++ code working on whatever bytes a file holds: one that crashes must not take the import with it.
"""

import json
import os
import sys
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import (
    JPEG2000,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from medgraft.images.problem import FOREIGN, UnusableFileError
from medgraft.images.where import cause

#: Red, green, blue to grey (ITU-R BT.601).
LUMINANCE = np.array([0.299, 0.587, 0.114])

#: Which of pydicom's plug-ins decodes what, so that other packages in the environment change no pixel. Syntaxes that
#: are not listed have one codec (JPEG Lossless: gdcm), or need the extra for some files (JPEG Extended of 12 bits).
PLUGINS = {
    JPEGBaseline8Bit: "pillow",
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
    JPEG2000Lossless: "pylibjpeg",
    JPEG2000: "pylibjpeg",
    RLELossless: "pydicom",  # pylibjpeg-rle panics on damaged runs, which ends the process
}

_MAX_WORKER_MEMORY = 8 << 30


def decode(path: Path, indices: Sequence[int]) -> NDArray[Any]:
    """The chosen frames of a file as grey images (N, Y, X), in the stored type. Raises `UnusableFileError`."""
    try:
        with warnings.catch_warnings(action="ignore"):
            dataset = dcmread(path, force=True)
            _name_syntax(dataset)
            _check_codec(dataset)
            plugin = PLUGINS.get(dataset.file_meta.TransferSyntaxUID, "")
            frames = iter_pixels(dataset, indices=list(indices), decoding_plugin=plugin)
            return np.stack([_grey(frame, dataset) for frame in frames])
    except FOREIGN as error:
        if isinstance(error, UnusableFileError):
            raise
        text = (cause(error, path).splitlines() or [""])[0][:200]
        raise UnusableFileError(
            "undecodable", f"The pixels cannot be decoded ({type(error).__name__}: {text})."
        ) from error


def _name_syntax(dataset: FileDataset) -> None:
    """A file without file meta information says by its bytes alone how it is written."""
    if "TransferSyntaxUID" in dataset.file_meta:
        return
    implicit, little = dataset.original_encoding
    explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit


def _check_codec(dataset: FileDataset) -> None:
    """The one kind of image that no codec under a permissive licence decodes (docs/decisions, 0005)."""
    syntax, bits = dataset.file_meta.TransferSyntaxUID, int(dataset.get("BitsStored") or 8)
    if syntax == JPEGExtended12Bit and bits > 8 and find_spec("libjpeg") is None:
        text = f"JPEG Extended of {bits} bits needs a codec under the GPL: pip install 'medgraft[gpl-codecs]'."
        raise UnusableFileError("needs-codec", text)


def _grey(frame: NDArray[Any], dataset: FileDataset) -> NDArray[Any]:
    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        frame = apply_color_lut(frame, dataset)
    if frame.ndim == 2:
        return frame
    return np.asarray(np.rint(frame[..., :3] @ LUMINANCE), frame.dtype)


def serve() -> None:
    """Answer requests from standard input until it closes: the body of the decoding process.

    A request is one line of JSON, {"path", "indices"}; the answer one line of JSON, {"shape", "dtype"} followed by
    the bytes of the array, or {"code", "text"}.
    """
    _limit_memory()
    with _private_output() as out:
        for line in sys.stdin.buffer:
            _answer(json.loads(line), out)


def _private_output() -> BinaryIO:
    """The pipe to the parent under a number of its own: what a codec prints must not mix with the answers."""
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(out, "wb")


def _answer(request: dict[str, Any], out: BinaryIO) -> None:
    try:
        images = np.ascontiguousarray(decode(Path(request["path"]), request["indices"]))
    except UnusableFileError as problem:
        out.write(json.dumps({"code": problem.code, "text": str(problem)}).encode() + b"\n")
    else:
        out.write(json.dumps({"shape": images.shape, "dtype": images.dtype.str}).encode() + b"\n")
        out.write(images.tobytes())
    out.flush()


def _limit_memory() -> None:
    """A codestream may claim any size, whatever its DICOM header says; only Unix can set a limit."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - does not exist on Windows

        resource.setrlimit(resource.RLIMIT_AS, (_MAX_WORKER_MEMORY, _MAX_WORKER_MEMORY))
