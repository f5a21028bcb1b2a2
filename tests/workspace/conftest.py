"""Projects of synthetic hearts, small enough for every test to have its own."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medgraft.core.stack import FoundStack
from medgraft.phantoms import PhantomHeart, short_axis_heart
from medgraft.workspace import Project, label_from_masks

if TYPE_CHECKING:
    from medgraft.study import StudyFile


@pytest.fixture(scope="session")
def hearts() -> tuple[PhantomHeart, ...]:
    """Three subjects of 32 x 32 pixels at ED and ES, with masks of every slice."""
    return tuple(short_axis_heart(subject=number, size=32, n_phases=2) for number in (1, 2, 3))


@pytest.fixture
def project(tmp_path: Path, hearts: tuple[PhantomHeart, ...]) -> Project:
    """A project that holds the hearts."""
    project = Project.create(tmp_path / "heart")
    with project.cohort() as cohort:
        for heart in hearts:
            cohort.add(FoundStack(stack=heart.stack, subject=heart.subject, series_key="sax", series="sax"))
    return project


#: One network at 32 pixels, trained in seconds.
TINY = {
    "name": "tiny",
    "networks": [{"network": "mobilenetv1_025", "weights": "random", "size": 32}],
    "stages": [
        {"depth": 0, "rates": [0.1, 0.01], "epochs": 3},
        {"depth": 1, "rates": [0.02], "epochs": 2},
    ],
    "folds": 3,
    "draws": 2,
    "balance": {"OAP": 6, "OBS": 3},
    "test": {"split": "test"},
}


@pytest.fixture(scope="session")
def tiny() -> Callable[..., "StudyFile"]:
    """A tiny study, with some keys changed."""
    from medgraft.study import parse_study

    return lambda **changes: parse_study({**TINY, **changes})


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Fresh projects with nine hearts of seven slices, three of them for the test, labelled from their masks."""
    first = Project.create(tmp_path_factory.mktemp("labelled") / "heart")
    with first.cohort() as cohort:
        for number in range(1, 10):
            heart = short_axis_heart(subject=number, size=32, n_phases=2, n_slices=7)
            split = "test" if number > 6 else "train"
            cohort.add(FoundStack(stack=heart.stack, subject=heart.subject, series_key="sax", split=split))
    label_from_masks(first)

    def copy() -> Project:
        return Project.open(Path(shutil.copytree(first.root, tmp_path_factory.mktemp("copy") / "heart")))

    return copy


@pytest.fixture(scope="session")
def studied(labelled: Callable[[], Project], tiny: Callable[..., "StudyFile"]) -> Project:
    """A project with two finished studies: `tiny` with a test set, `leaky` without one and staged as in the paper."""
    from medgraft.workspace.studies.running import start_study

    project = labelled()
    start_study(project, tiny())
    start_study(project, tiny(name="leaky", test=None, staging="paper", seeds=[7, 8]))
    return project
