"""Where weights come from: one file per source, and `parse_source` that names them in one word."""

from medgraft.transfer.sources.file import WeightFile
from medgraft.transfer.sources.imagenet import ImageNet
from medgraft.transfer.sources.package import PackageWeights
from medgraft.transfer.sources.parse import parse_source
from medgraft.transfer.sources.random import Random

__all__ = ["ImageNet", "PackageWeights", "Random", "WeightFile", "parse_source"]
