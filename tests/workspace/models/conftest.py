"""A small model that segments, kept as one of a curve's."""

from collections.abc import Callable
from pathlib import Path

import pytest

from medgraft.core.lineage import Lineage
from medgraft.core.task import LV_WALL
from medgraft.exchange import Seen
from medgraft.exchange.package import ModelPackage, write_package
from medgraft.networks.segmenter import build_segmenter
from medgraft.recipe import VolumeRecipe
from medgraft.workspace import Project


@pytest.fixture
def keep_segmenter() -> Callable[[Project, Seen], Path]:
    """Keep own/scratch-2 in a project, a model of curve "own" that has seen what is given."""

    def keep(project: Project, seen: Seen) -> Path:
        package = ModelPackage(
            name="own: scratch, 2 subjects",
            task=LV_WALL,
            network="unet2d",
            recipe=VolumeRecipe(spacing=None, shape=(1, 16, 16)),
            lineage=Lineage(),
            figures={},
            state=build_segmenter("unet2d", n_classes=3, key=1).state_dict(),
            seen=seen,
        )
        return write_package(package, project.curves / "own" / "models" / "scratch-2")

    return keep
