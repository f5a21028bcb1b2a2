"""Decoding of one file's pixels, and the same as a process of its own.

Codecs are C and C++ code working on whatever bytes a file holds: one that crashes must not take the import with it.
"""

import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from medgraft.images.problem import FOREIGN, UnusableFileError

#: Red, green, blue to grey (ITU-R BT.601).
LUMINANCE = np.array([0.299, 0.587, 0.114])

#: pylibjpeg-rle panics on damaged runs, which ends the process; pydicom's own decoder takes 11 ms for 512 x 512.
_PLUGINS = {RLELossless: "pydicom"}

_MAX_WORKER_MEMORY = 8 << 30


def decode(path: Path, indices: Sequence[int]) -> NDArray[Any]:
    """The chosen frames of a file as grey images (N, Y, X), in the stored type. Raises `UnusableFileError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = dcmread(path, force=True)
            _name_syntax(dataset)
            plugin = _PLUGINS.get(dataset.file_meta.TransferSyntaxUID, "")
            frames = iter_pixels(dataset, indices=list(indices), decoding_plugin=plugin)
            return np.stack([_grey(frame, dataset) for frame in frames])
    except FOREIGN as error:
        text = str(error).splitlines()[0][:200] if str(error) else ""
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
    for line in sys.stdin.buffer:
        _answer(json.loads(line), sys.stdout.buffer)


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
