"""Progress bars are drawn on a terminal, and only there."""

import io

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
        report(Progress(stage="label", done=0, total=0))
    text = screen.getvalue()
    assert "import" in text
    assert "3/3" in text
    assert "patient3" in text
    assert "label" in text
