"""Stacks beside those that a model was trained on."""

import pytest

from medgraft.core.errors import InputError
from medgraft.core.lineage import Lineage
from medgraft.core.task import LV_WALL
from medgraft.exchange import Seen, Training
from medgraft.exchange.package import ModelPackage, write_package
from medgraft.networks.segmenter import build_segmenter
from medgraft.recipe import VolumeRecipe
from medgraft.workspace import Project
from medgraft.workspace.models.fit import stack_fit


@pytest.fixture
def stacks(project: Project) -> list[str]:
    """The project's stacks; a curve's model was trained on the first two."""
    with project.cohort() as cohort:
        stacks = [entry.id for entry in cohort.entries()]
    package = ModelPackage(
        name="own: scratch, 2 subjects",
        task=LV_WALL,
        network="unet2d",
        recipe=VolumeRecipe(spacing=None, shape=(1, 16, 16)),
        lineage=Lineage(),
        figures={},
        state=build_segmenter("unet2d", n_classes=3, key=1).state_dict(),
        seen=Seen(trainings=(Training(name="own", stacks=tuple(stacks[:2])),)),
    )
    write_package(package, project.curves / "own" / "models" / "scratch-2")
    return stacks


def test_stacks_are_compared_with_those_it_was_trained_on(project: Project, stacks: list[str]) -> None:
    fit = stack_fit(project, "own", "scratch-2")
    assert (fit.trained, fit.others) == (2, len(stacks) - 2)
    with pytest.raises(InputError, match=r"got own/other\. Available: own/scratch-2\."):
        stack_fit(project, "own", "other")
