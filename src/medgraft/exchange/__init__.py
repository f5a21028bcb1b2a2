"""Model packages: a trained model as a folder that says everything needed to use it, and nothing that runs.

Enters: a model with its recipe, task, contract and lineage. Leaves: a folder with safetensors and JSON, and back again
after checking every digest. Must not know: studies, images, projects. No pickle is ever read or written.
"""

from medgraft.exchange.package import ModelPackage, read_package, write_package

__all__ = ["ModelPackage", "read_package", "write_package"]
