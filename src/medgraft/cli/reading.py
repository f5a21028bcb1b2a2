"""medgraft reading: rounds in which several readers label the same stacks, blind to each other."""

from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.command import add_command
from medgraft.cli.figures import ends, with_ends
from medgraft.cli.options import HERE, JsonOption, ProjectOption, TaskOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.workspace import ReaderProgress, ReadingStatus
    from medgraft.workspace.reading.agreement import Interval, PairAgreement

NameArgument = Annotated[str, typer.Argument(help="The name of the round.", show_default=False)]


def open_round(
    name: NameArgument,
    reader: Annotated[
        list[str], typer.Option(help="Who takes part, at least two; give it once for each.", show_default=False)
    ],
    *,
    project: ProjectOption = HERE,
    task: TaskOption = "sax-range",
    stack: Annotated[list[str] | None, typer.Option(help="The stacks to read.", show_default="all")] = None,
    as_json: JsonOption = False,
) -> None:
    """Have several readers label the same stacks, blind to each other until all are done.

    Examples:
      medgraft reading open first --reader ana --reader bo --project heart
    """
    from medgraft.workspace import Project, open_reading

    _show(open_reading(Project.open(project), name, readers=reader, task=task, stacks=stack), as_json)


def done(
    name: NameArgument,
    reader: Annotated[str, typer.Option(help="Who is done.", show_default=False)],
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Say that a reader is done with all stacks that the reader has labelled, for example in a sheet.

    Examples:
      medgraft reading done first --reader ana --project heart
    """
    from medgraft.workspace import Project, finish_labelled

    _show(finish_labelled(Project.open(project), reading=name, reader=reader), as_json)


def close(name: NameArgument, project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """End a round; what was read by then can be seen.

    Examples:
      medgraft reading close first --project heart
    """
    from medgraft.workspace import Project, close_reading

    _show(close_reading(Project.open(project), name), as_json)


def status(project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """Show all rounds: how far each reader is, and how fast.

    Examples:
      medgraft reading status --project heart
      medgraft reading status --project heart --json
    """
    from medgraft.workspace import Project, list_readings

    found = list_readings(Project.open(project))
    if as_json:
        write_json({"readings": found})
        return
    for reading in found:
        _show_status(reading)
    write_line(counted(len(found), "round"))


def agreement(
    name: NameArgument,
    project: ProjectOption = HERE,
    seed: Annotated[int, typer.Option(help="Of the resampling of patients.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Show how far the readers of a round agree, with 95 % intervals over patients.

    Examples:
      medgraft reading agreement first --project heart
      medgraft reading agreement first --project heart --json
    """
    from medgraft.workspace import Project
    from medgraft.workspace.reading.agreement import reading_agreement

    found = reading_agreement(Project.open(project), name, seed=seed)
    if as_json:
        write_json(found)
        return
    write_line(
        f"{found.reading}, {found.task}: {counted(found.units, 'slice')} of {counted(found.stacks, 'stack')} of "
        f"{counted(found.subjects, 'subject')} read by all, {counted(len(found.left_out), 'stack')} left out"
    )
    if found.fleiss is not None:
        write_line(f"Fleiss' kappa {_figure(found.fleiss) or 'not defined'}")
    write_table(_KAPPAS, [_kappas(pair) for pair in found.pairs])
    write_table(_DIFFERENCES, [row for pair in found.pairs for row in _differences(pair)])


_KAPPAS = ("readers", "slices", "equal", "Cohen's kappa", "linear", "quadratic")
_DIFFERENCES = ("readers", "boundary", "unit", "n", "mean difference", "mean size", "limits of agreement")


def _show(found: "ReadingStatus", as_json: bool) -> None:
    if as_json:
        write_json(found)
    else:
        _show_status(found)


def _show_status(found: "ReadingStatus") -> None:
    write_line(f"{found.name}, {found.task}: {counted(found.stacks, 'stack')}, {found.state}")
    columns = ("reader", "labelled", "done", "opinions asked", "seconds per stack", "last")
    write_table(columns, [_progress(reader) for reader in found.readers])


def _progress(found: "ReaderProgress") -> tuple[object, ...]:
    pace = None if found.seconds_per_stack is None else round(found.seconds_per_stack)
    return found.reader, found.labelled, found.done, found.asked, pace, found.last_at


def _kappas(pair: "PairAgreement") -> tuple[object, ...]:
    figures = (pair.agreement, pair.kappa, pair.linear, pair.quadratic)
    return _names(pair), pair.units, *(None if figure is None else _figure(figure) for figure in figures)


def _differences(pair: "PairAgreement") -> list[tuple[object, ...]]:
    return [
        (
            _names(pair),
            boundary.boundary,
            unit,
            found.n,
            _figure(found.mean),
            _figure(found.absolute),
            ends(found.lower.value, found.upper.value),
        )
        for boundary in pair.boundaries
        for unit, found in (("slices", boundary.slices), ("mm", boundary.mm))
        if found is not None
    ]


def _names(pair: "PairAgreement") -> str:
    return ", ".join(pair.readers)


def _figure(figure: "Interval") -> str | None:
    return with_ends(figure.value, figure.low, figure.high)


app = typer.Typer(no_args_is_help=True, help="Have several readers label the same stacks, blind to each other.")
add_command(app, "open", open_round)
add_command(app, "done", done)
add_command(app, "close", close)
add_command(app, "status", status)
add_command(app, "agreement", agreement)
