"""Stacks beside those that a model was trained on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from medgraft.core.errors import NotFoundError
from medgraft.exchange import Seen, Training
from medgraft.workspace import Project
from medgraft.workspace.models.fit import stack_fit
from medgraft.workspace.stacks.correction import correct_stack


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


def test_a_doubt_writes_large_figures_out(project: Project, stacks: list[str]) -> None:
    correct_stack(project, stacks[2], spacing=(10, 100, 100))
    (doubt,) = (doubt for doubt in stack_fit(project, "own", "scratch-2").doubts if doubt.stack == stacks[2])
    (text,) = (text for text in doubt.reasons if text.startswith("field of view"))
    assert text.removeprefix("field of view ").removesuffix(" mm").isdigit()
