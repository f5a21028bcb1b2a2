"""Weight sources in one word, as study files and the command line write them."""

from pathlib import Path

from medgraft.core.errors import InputError
from medgraft.transfer.sources.file import WeightFile
from medgraft.transfer.sources.imagenet import ImageNet
from medgraft.transfer.sources.package import PackageWeights
from medgraft.transfer.sources.random import Random
from medgraft.transfer.weights import WeightSource


def parse_source(text: str, *, key: object = 0) -> WeightSource:
    """The source that "imagenet", "random", "file:PATH" or "package:PATH" stands for; `key` is for random weights.

    Raises `InputError` for anything else.

    >>> parse_source("random", key=7)
    Random(key=7)
    """
    match text.partition(":"):
        case ("imagenet", "", ""):
            return ImageNet()
        case ("random", "", ""):
            return Random(key=key)
        case ("file", ":", path) if path.strip():
            return WeightFile(Path(path.strip()))
        case ("package", ":", path) if path.strip():
            return PackageWeights(Path(path.strip()))
    raise InputError(
        f"Expected a source of weights, got {text!r}. Available: imagenet, random, file:PATH, package:PATH."
    )
