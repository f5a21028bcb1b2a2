"""PixelReader: pixels of frames, compressed ones decoded in a process of their own."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from medgraft.images.decode import decode
from medgraft.images.frame import Frame
from medgraft.images.problem import UnusableFileError

#: Seconds a file may take: a start, and a generous second per frame.
PATIENCE = 30.0

#: What the decoding process runs.
PROGRAM = "from medgraft.images.decode import serve; serve()"


class PixelReader:
    """Reads pixels; a context manager, since it may hold a decoding process. Use: `with PixelReader() as reader`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Nothing starts before it is needed."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """End the decoding process."""
        self._stop()

    def read(self, frames: Sequence[Frame]) -> NDArray[Any]:
        """The images (N, Y, X) of frames of one file. Raises `UnusableFileError` for damaged ones."""
        first, indices = frames[0], [frame.index for frame in frames]
        images = self._ask(first.path, indices) if first.compressed else decode(first.path, indices)
        if images.shape != (len(frames), first.rows, first.columns):
            size = f"{images.shape[2]} x {images.shape[1]}"
            text = f"The header claims {first.columns} x {first.rows} pixels, the image has {size}."
            raise UnusableFileError("size-differs", text)
        return np.stack([_plain(image, frame) for image, frame in zip(images, frames, strict=True)])

    def _ask(self, path: Path, indices: list[int]) -> NDArray[Any]:
        process = self._running()
        limit = threading.Timer(PATIENCE + len(indices), process.kill)
        limit.start()
        try:
            return _exchange(process, {"path": str(path), "indices": indices})
        except (OSError, ValueError) as error:
            if isinstance(error, UnusableFileError):
                raise
            self._stop()
            raise UnusableFileError(
                "undecodable", "The decoder crashed on the compressed pixels or did not end."
            ) from error
        finally:
            limit.cancel()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
                [sys.executable, "-P", "-c", PROGRAM],  # nothing that lies in the folder of images is imported
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _exchange(process: subprocess.Popen[bytes], request: dict[str, Any]) -> NDArray[Any]:
    """One request, one answer. Raises `OSError` or `ValueError` if the process died meanwhile."""
    source, sink = process.stdout, process.stdin
    if source is None or sink is None:
        raise OSError("The decoding process has no pipes.")
    sink.write(json.dumps(request).encode() + b"\n")
    sink.flush()
    answer = json.loads(source.readline())
    if "code" in answer:
        raise UnusableFileError(answer["code"], answer["text"])
    dtype = np.dtype(answer["dtype"])
    raw = source.read(int(np.prod(answer["shape"])) * dtype.itemsize)
    return np.frombuffer(raw, dtype).reshape(answer["shape"])


def _plain(image: NDArray[Any], frame: Frame) -> NDArray[Any]:
    """High is bright (PS3.3 C.7.6.3.1.2) and the modality's rescale is applied (C.11.1.1.2), in the smallest type."""
    if frame.inverted_about is not None:
        image = frame.inverted_about - image.astype(np.int64)
    if (frame.slope, frame.intercept) != (1.0, 0.0):
        image = image * frame.slope + frame.intercept
    return smallest(image)


def smallest(image: NDArray[Any]) -> NDArray[Any]:
    """The image in the first of uint8 (only if it is so already), int16, uint16, float32 that holds it exactly enough.

    >>> smallest(np.array([0.0, 40000.0])).dtype.name
    'uint16'
    """
    if image.dtype in (np.uint8, np.int16, np.uint16) and image.dtype.isnative:
        return image
    whole = image.dtype.kind in "iub" or bool(np.all(image == np.rint(image)))
    low, high = (image.min(), image.max()) if image.size else (0, 0)
    for dtype in (np.int16, np.uint16):
        if whole and np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return image.astype(dtype)
    return image.astype(np.float32)
