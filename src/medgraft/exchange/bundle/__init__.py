"""MONAI bundles: a package as the folder that MONAI's tools run, and back.

Enters: a model package, or a bundle's folder. Leaves: a bundle, or a package whose network, recipe and task were looked
up in tables. Must not know: how to evaluate a bundle's configuration. What is not in the tables is refused by name.
"""

from medgraft.exchange.bundle.read import is_bundle, read_bundle
from medgraft.exchange.bundle.write import write_bundle

__all__ = ["is_bundle", "read_bundle", "write_bundle"]
