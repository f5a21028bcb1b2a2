"""Stacks beside those that a model was trained on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from medgraft.core.errors import NotFoundError
from medgraft.exchange import Seen, Training
from medgraft.workspace import Project
from medgraft.workspace.models.fit import stack_fit


@pytest.fixture
def stacks(project: Project, keep_segmenter: Callable[[Project, Seen], Path]) -> list[str]:
    """The project's stacks; a curve's model was trained on the first two."""
    with project.cohort() as cohort:
        stacks = [entry.id for entry in cohort.entries()]
    keep_segmenter(project, Seen(trainings=(Training(name="own", stacks=tuple(stacks[:2])),)))
    return stacks


def test_stacks_are_compared_with_those_it_was_trained_on(project: Project, stacks: list[str]) -> None:
    fit = stack_fit(project, "own", "scratch-2")
    assert (fit.trained, fit.others) == (2, len(stacks) - 2)
    with pytest.raises(NotFoundError, match=r"got own/other\. Available: own/scratch-2\."):
        stack_fit(project, "own", "other")
