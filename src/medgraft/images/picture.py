"""Pictures (PNG, JPEG, BMP, TIFF) to grey images."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medgraft.core.errors import ImageError
from medgraft.images.problem import FOREIGN
from medgraft.images.where import cause

#: More pixels than a film digitised at 40 micrometres; a header that claims more is not believed.
MAX_PIXELS = 80_000_000

FORMATS = ("PNG", "JPEG", "BMP", "TIFF")


def read_picture(path: Path) -> NDArray[Any]:
    """A picture as a grey image (Y, X): uint8, or uint16 / int32 / float32 where the file has deeper grey.

    Colours become luminance (ITU-R BT.601), transparency is ignored. Raises `ImageError` if the file is no picture, is
    cut short, has several pages, or more than `MAX_PIXELS`.
    """
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=FORMATS) as picture:
            _check_size(picture, path)
            _check_pages(picture, path)
            return _grey(picture)
    except (*FOREIGN, SyntaxError, Image.DecompressionBombError) as error:
        if isinstance(error, ImageError):
            raise
        raise ImageError(
            f"Expected a {', '.join(FORMATS)} picture in {path.name}, got: {cause(error, path)}."
        ) from error


def _check_size(picture: Image.Image, path: Path) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise ImageError(
            f"Expected at most {MAX_PIXELS} pixels in {path.name}, got {picture.width} x {picture.height}."
        )


def _check_pages(picture: Image.Image, path: Path) -> None:
    pages = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
    if pages > 1:
        raise ImageError(
            f"Expected one picture in {path.name}, got {pages} pages. "
            "Do: save each as a file of its own, or all of them as NIfTI."
        )


def _grey(picture: Image.Image) -> NDArray[Any]:
    deep = picture.mode in ("I", "F") or picture.mode.startswith("I;16")
    grey = np.array(picture if deep else picture.convert("RGB" if picture.mode == "P" else picture.mode).convert("L"))
    return grey.astype(grey.dtype.newbyteorder("="))
