"""Progress bars with the time left, on stderr, and only where somebody watches."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from medgraft.cli.output import MESSAGES
from medgraft.core.progress import Progress, Report, silent


@contextmanager
def progress_bars() -> Iterator[Report]:
    """A `Report` that draws one bar per stage while the block runs; silent where stderr is no terminal."""
    if not MESSAGES.is_terminal:
        yield silent
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}", style="dim"),
    )
    with Bars(*columns, console=MESSAGES) as bars:
        tasks: dict[str, TaskID] = {}

        def draw(progress: Progress) -> None:
            if progress.stage not in tasks:
                tasks[progress.stage] = bars.add_task(progress.stage, total=None, detail="")
            total = progress.total or None
            bars.update(tasks[progress.stage], completed=progress.done, total=total, detail=progress.detail)

        yield draw
