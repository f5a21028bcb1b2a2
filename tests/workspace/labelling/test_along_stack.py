"""Where classes change along a stack says what all its slices are, whichever end the base is at, and back."""

import itertools
from collections import Counter
from dataclasses import replace

import pytest

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.task import SAX_LEVELS, SAX_RANGE, Task
from medgraft.workspace import Project, changes_of, codes_between


@pytest.fixture
def entry(project: Project) -> StackEntry:
    with project.cohort() as cohort:
        return cohort.entries()[0]


@pytest.mark.parametrize("base_first", [True, False])
@pytest.mark.parametrize("task", [SAX_RANGE, SAX_LEVELS])
def test_codes_and_changes_are_each_others_inverse(entry: StackEntry, task: Task, *, base_first: bool) -> None:
    entry = replace(entry, base_first=base_first)
    n_changes = len(task.along_stack) - 1
    for changes in itertools.combinations_with_replacement(range(entry.shape[1] + 1), n_changes):
        codes = codes_between(entry, task, changes)
        assert changes_of(entry, task, codes) == changes
        counts = Counter(codes)
        assert [counts[code] for code in task.along_stack] == [
            b - a for a, b in itertools.pairwise((0, *changes, entry.shape[1]))
        ]


def test_changes_need_codes_of_all_slices_but_not_in_order(entry: StackEntry) -> None:
    inside = ["IN"] * (entry.shape[1] - 3)
    assert changes_of(entry, SAX_RANGE, ["IN", "OBS", *inside, "OAP"]) == (1, entry.shape[1] - 1)
    for codes in (["IN", None], ["mid"]):
        with pytest.raises(InputError, match=r"OBS . IN . OAP for all slices"):
            changes_of(entry, SAX_RANGE, codes)  # type: ignore[arg-type]  # what a page may hold
