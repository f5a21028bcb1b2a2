"""Projects of synthetic hearts, small enough for every test to have its own."""

from pathlib import Path

import pytest

from medgraft.core.stack import FoundStack
from medgraft.phantoms import PhantomHeart, short_axis_heart
from medgraft.workspace import Project


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
