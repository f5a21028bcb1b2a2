"""Named lists of stacks: kept in their order, replaced by name, never of stacks that are not there."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medgraft.core.errors import InputError, ProjectError
from medgraft.workspace import Project
from medgraft.workspace.stacks.lists import forget_stack_list, make_stack_list, stack_list, stack_lists


@pytest.fixture
def stacks(project: Project) -> list[str]:
    with project.cohort() as cohort:
        return [entry.id for entry in cohort.entries()]


def test_a_list_is_kept_in_its_order(project: Project, stacks: list[str]) -> None:
    made = make_stack_list(project, "  odd\nones ", [*stacks[::-1], stacks[0]], by="ana", why="a lasso")
    assert (made.name, made.stacks, made.by, made.why) == ("odd ones", tuple(stacks[::-1]), "ana", "a lasso")
    assert stack_list(project, made.id) == made
    again = make_stack_list(project, "odd ones", stacks[:1], by="ben")
    assert stack_lists(project) == (again,)
    forget_stack_list(project, again.id)
    assert stack_lists(project) == ()


@given(st.text(max_size=100))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40)
def test_any_name_is_kept_or_refused(project: Project, stacks: list[str], name: str) -> None:
    if 0 < len(" ".join(name.split())) <= 80:
        made = make_stack_list(project, name, stacks, by="ana")
        assert stack_list(project, made.id) == made
    else:
        with pytest.raises(InputError, match="Expected a name"):
            make_stack_list(project, name, stacks, by="ana")


@pytest.mark.parametrize("wrong", [[], ["nowhere"], ["../../etc/passwd"]])
def test_stacks_that_are_not_there_are_refused(project: Project, wrong: list[str]) -> None:
    with pytest.raises(InputError, match="Expected stacks of this project"):
        make_stack_list(project, "list", wrong, by="ana")
    assert stack_lists(project) == ()


def test_a_list_that_is_not_there_or_damaged(project: Project, stacks: list[str]) -> None:
    with pytest.raises(ProjectError, match="Available: none"):
        stack_list(project, "../medgraft")
    make_stack_list(project, "list", stacks, by="ana")
    next((project.root / "worklists").glob("*.json")).write_text("{")
    with pytest.raises(ProjectError, match="damaged"):
        stack_lists(project)
