"""Progress bars with the time left, on stderr, and only where somebody watches."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from medgraft.cli.output import MESSAGES, shown
from medgraft.core.progress import Progress, Report, silent

#: The past that the time left is judged by, in seconds: trainings of a study take minutes each.
_PAST = 3600


@contextmanager
def progress_bars() -> Iterator[Report]:
    """A `Report` that draws a bar per stage while the block runs; silent where stderr is no terminal.

    A finished stage's bar goes when another stage begins, and a stage that begins again begins its bar again, so that
    only what lasts is on the screen: a study, its present grid, its present epochs.
    """
    if not MESSAGES.is_terminal:
        yield silent
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}", style="dim", markup=False),
    )
    with Bars(*columns, console=MESSAGES, speed_estimate_period=_PAST) as bars:
        tasks: dict[str, TaskID] = {}

        def draw(progress: Progress) -> None:
            if progress.stage not in tasks:
                _remove_finished(bars, tasks)
                tasks[progress.stage] = bars.add_task(progress.stage, total=None, detail="")
            task = tasks[progress.stage]
            if progress.done < bars.tasks[bars.task_ids.index(task)].completed:
                bars.reset(task)
            bars.update(task, completed=progress.done, total=progress.total or None, detail=shown(progress.detail))

        yield draw


def _remove_finished(bars: Bars, tasks: dict[str, TaskID]) -> None:
    finished = {task.id for task in bars.tasks if task.finished}
    for stage in [stage for stage, task in tasks.items() if task in finished]:
        bars.remove_task(tasks.pop(stage))
