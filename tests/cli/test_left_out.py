"""What was left out of many is a line per reason."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medgraft.cli.left_out import write_left_out
from medgraft.core.stack import FoundStack
from medgraft.phantoms import short_axis_heart
from medgraft.workspace import Project


def test_reasons_are_counted_and_name_the_first_few(capsys: pytest.CaptureFixture[str]) -> None:
    found = [(f"P{n}", "no spacing") for n in range(5)] + [("P9", "no wall")]
    write_left_out(found, "stack", where="--json")
    assert capsys.readouterr().out.splitlines() == [
        "left out, 5 stacks: no spacing (P0, P1, P2 and 2 more)",
        "left out, 1 stack: no wall (P9)",
        "every one of them: --json",
    ]


def test_where_all_are_named_nothing_is_said_of_more(capsys: pytest.CaptureFixture[str]) -> None:
    write_left_out([("P1", "no wall"), ("P2", "no wall")], "case", where="--json")
    assert capsys.readouterr().out == "left out, 2 cases: no wall (P1, P2)\n"
    write_left_out([], "case", where="--json")
    assert not capsys.readouterr().out


def test_stacks_that_a_repair_does_not_fit_are_a_line(medgraft: Callable[..., Any], tmp_path: Path) -> None:
    heart = short_axis_heart(subject=1, size=32, n_phases=2, n_slices=3).stack
    with Project.create(tmp_path / "heart").cohort() as cohort:
        for number in range(5):
            stack = replace(heart, pixels=heart.pixels + number, spacing=None if number else heart.spacing)
            cohort.add(FoundStack(stack=stack, subject=f"P{number}", series_key="sax"))
    said = medgraft("masks", "repair", "--project", "heart", "--step", "closing:2mm", "--dry-run", cwd=tmp_path)
    lines = [line for line in said.out.splitlines() if line.startswith("left out")]
    assert len(lines) == 1
    assert lines[0].startswith("left out, 4 stacks: Expected a spacing for closing in mm")
    assert lines[0].endswith("and 1 more)")
