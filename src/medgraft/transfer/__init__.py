"""From other people's weights to a model that can be trained here.

Enters: a source of weights and a network. Leaves: loaded models with a report of every name, and a model cut at its
frozen frontier with the frozen part's values cached. Must not know: images, folds, the training loop.
"""

from medgraft.transfer.cache import FrontierCache, cache_bytes, fill_cache
from medgraft.transfer.frontier import split_at_frontier
from medgraft.transfer.load import LoadReport, load_weights, would_load
from medgraft.transfer.sources.file import WeightFile
from medgraft.transfer.sources.imagenet import ImageNet
from medgraft.transfer.sources.package import PackageWeights
from medgraft.transfer.sources.parse import parse_source
from medgraft.transfer.sources.random import Random
from medgraft.transfer.split import Split
from medgraft.transfer.weights import Weights, WeightSource

__all__ = [
    "FrontierCache",
    "ImageNet",
    "LoadReport",
    "PackageWeights",
    "Random",
    "Split",
    "WeightFile",
    "WeightSource",
    "Weights",
    "cache_bytes",
    "fill_cache",
    "load_weights",
    "parse_source",
    "split_at_frontier",
    "would_load",
]
