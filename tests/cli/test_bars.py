"""Progress bars are drawn on a terminal, and only there."""

import io
import re

import pytest
from rich.console import Console

from medgraft.cli import bars
from medgraft.core.progress import Progress, silent


def test_nothing_is_drawn_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars, "MESSAGES", Console(file=io.StringIO()))
    with bars.progress_bars() as report:
        assert report is silent


def test_a_terminal_shows_each_stage_with_its_count(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(bars, "MESSAGES", Console(file=screen, force_terminal=True, width=100))
    with bars.progress_bars() as report:
        for done in range(4):
            report(Progress(stage="import", done=done, total=3, detail=f"patient{done}"))
    with bars.progress_bars() as report:
        report(Progress(stage="label", done=0, total=0))
    text = screen.getvalue()
    assert "import" in text
    assert "3/3" in text
    assert "patient3" in text
    assert "label" in text


def test_only_what_lasts_stays_on_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(bars, "MESSAGES", Console(file=screen, force_terminal=True, width=100))
    with bars.progress_bars() as report:
        report(Progress(stage="study", done=0, total=0))
        for grid in ("grid-one", "grid-two"):
            for trial in range(2):
                report(Progress(stage=grid, done=trial, total=2))
                for epoch in range(3):
                    report(Progress(stage="epochs", done=epoch + 1, total=3))
                report(Progress(stage="study", done=trial + 1, total=4))
                report(Progress(stage=grid, done=trial + 1, total=2))
    last = screen.getvalue().rpartition("\x1b[2K")[2] or screen.getvalue()
    shown = [line for line in re.split(r"[\r\n]+", screen.getvalue()) if "━" in line][-3:]
    assert [name for name in ("study", "grid-one", "grid-two", "epochs") if any(name in line for line in shown)] == [
        "study",
        "grid-two",
        "epochs",
    ], last


def test_what_is_at_work_is_shown_as_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(bars, "MESSAGES", Console(file=screen, force_terminal=True, width=100))
    with bars.progress_bars() as report:
        report(Progress(stage="import", done=1, total=3, detail="P[/]1\x1b]0;owned"))
    assert r"P[/]1\x1b]0;owned" in screen.getvalue()
