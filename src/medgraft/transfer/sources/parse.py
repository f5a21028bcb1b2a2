"""Weight sources in one word, as study files and the command line write them."""

from collections.abc import Callable
from pathlib import Path

from medgraft.core.errors import InputError
from medgraft.transfer.sources.file import WeightFile
from medgraft.transfer.sources.imagenet import ImageNet
from medgraft.transfer.sources.random import Random
from medgraft.transfer.weights import WeightSource


def parse_source(text: str, *, key: object = 0, runs: Callable[[str], WeightSource] | None = None) -> WeightSource:
    """The source that "imagenet", "random", "file:PATH" or "run:NAME" stands for.

    key: for random weights. runs: finds the weights of an earlier run by its name; whoever keeps runs passes it.
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
        case ("run", ":", name) if name.strip() and runs is not None:
            return runs(name.strip())
    available = "imagenet, random, file:PATH" + (", run:NAME" if runs is not None else "")
    raise InputError(f"Expected a source of weights, got {text!r}. Available: {available}.")
