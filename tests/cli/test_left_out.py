"""What was left out of many is a line per reason."""

import pytest

from medgraft.cli.left_out import write_left_out


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
