"""medgraft measure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.figures import with_ends
from medgraft.cli.left_out import write_left_out
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.workspace.measuring.measured import (
        Measured,
        MeasuredAgreement,
        OverlapAgreement,
        PhaseMeasures,
        StackMeasures,
    )


def measure(
    *,
    project: ProjectOption = HERE,
    model: Annotated[
        str | None,
        typer.Option(help="A model that segments: its folder or file, or CURVE/MODEL; its masks are measured too."),
    ] = None,
    slices: Annotated[
        str | None,
        typer.Option(help="Count the ventricle's slices (IN) alone, by 'labels' or by a model that tells them."),
    ] = None,
    phases: Annotated[Literal["ed-es", "all"], typer.Option(help="Phases to measure.")] = "ed-es",
    out: Annotated[Path | None, typer.Option(help="Folder for tables, JSON and pictures.", file_okay=False)] = None,
    bulls_eyes: Annotated[bool, typer.Option("--bulls-eyes", help="Draw a bull's-eye of every stack.")] = False,
    segments: Annotated[
        Literal["16", "17"], typer.Option(help="Segments of the wall: 17 with the tip beyond the cavity, 16 without.")
    ] = "17",
    as_json: JsonOption = False,
) -> None:
    """Measure the left ventricle in every mask: volumes, ejection fraction, mass, wall thickness.

    With a model its masks are measured beside the project's own, and compared with them over subjects.

    Examples:
      medgraft measure --project heart
      medgraft measure --project heart --slices labels --out m --bulls-eyes
      medgraft measure --project heart --model two-sites/fine-tuned-8 --out m
      medgraft measure --project heart --slices hearts --phases all --json
    """
    if bulls_eyes and out is None:
        raise typer.BadParameter("--bulls-eyes goes with --out.")
    from medgraft.workspace import Project
    from medgraft.workspace.measuring.running import measure_project

    with progress_bars() as report:
        measured = measure_project(
            Project.open(project),
            model=model,
            slices_by=slices,
            phases=phases,
            folder=out,
            with_bulls_eyes=bulls_eyes,
            n_segments=17 if segments == "17" else 16,
            report=report,
        )
    if as_json:
        write_json(measured)
    else:
        _show(measured)


def _show(measured: "Measured") -> None:
    _show_stacks(measured)
    _show_phases(measured)
    _show_means(measured)
    _show_agreement(measured)
    left_out = [
        (f"{one.subject}, stack {one.stack}", ("model: " if one.source == "model" else "") + one.reason)
        for one in measured.left_out
    ]
    write_left_out(left_out, "stack", where="--json, or left-out.csv with --out")
    for file in measured.files:
        write_line(f"written: {file}")


def _show_stacks(measured: "Measured") -> None:
    notes = Counter(reason for one in measured.stacks for reason in one.reasons)
    figures = ("EDV, ml", "ESV, ml", "stroke, ml", "EF, %", "mass, g")
    changes = ("left out", "EDV change, ml", "ESV change, ml", "EF change, %", "mass change, g")
    rows = [
        (one.subject, one.stack, one.source, *_heartbeat(one), *_changes(one, measured), _numbers(one.reasons, notes))
        for one in measured.stacks
    ]
    _show_table(("subject", "stack", "mask", *figures, *changes, "notes"), rows)
    for number, (reason, count) in enumerate(notes.items(), start=1):
        write_line(f"note {number}, of {count} of {counted(len(rows), 'mask')}: {reason}")
    if rows and measured.slices_by:
        write_line("left out: slices at ED and ES that are neither IN nor muscle beside it; change: what that adds")


def _numbers(reasons: Sequence[str], notes: Iterable[str]) -> str | None:
    """Which of all notes are a mask's: such as "1, 3"."""
    return ", ".join(str(number) for number, note in enumerate(notes, start=1) if note in reasons) or None


def _heartbeat(one: "StackMeasures") -> tuple[float | None, ...]:
    return _rounded(one.edv_ml, one.esv_ml, one.stroke_ml, one.ejection_percent, one.mass_g)


def _changes(one: "StackMeasures", measured: "Measured") -> tuple[float | None, ...]:
    """Nothing where every slice counts."""
    if measured.slices_by is None:
        return (None,) * 5
    changes = one.edv_change_ml, one.esv_change_ml, one.ejection_change_percent, one.mass_change_g
    return one.left_out, *_rounded(*changes)


def _show_phases(measured: "Measured") -> None:
    columns = ("subject", "stack", "mask", "phase", "cavity, ml", "wall: median, mm", "95th percentile", "maximum")
    figures = [(one, _figures(one)) for one in measured.phases]
    rows = [(one.subject, one.stack, one.source, one.phase, *found) for one, found in figures if set(found) != {None}]
    _show_table(columns, rows, "")


def _figures(one: "PhaseMeasures") -> tuple[float | None, ...]:
    return _rounded(one.cavity_ml, one.thickness_median_mm, one.thickness_p95_mm, one.thickness_maximum_mm)


def _show_means(measured: "Measured") -> None:
    rows = [(one.figure, one.unit, one.source, one.subjects, *_rounded(one.mean, one.sd)) for one in measured.means]
    _show_table(("over subjects", "unit", "mask", "subjects", "mean", "SD"), rows, "")


def _show_agreement(measured: "Measured") -> None:
    columns = ("figure", "unit", "subjects", "Pearson", "ICC", "bias", "lower limit", "upper limit")
    title = "\nmodel against reference over subjects; in brackets: 95 % intervals"
    _show_table(columns, [_agreement_row(one) for one in measured.agreement], title)
    structures = ("structure", "phase", "subjects", "missed or invented", "Dice", "Hausdorff 95 %, mm")
    _show_table(structures, [_overlap_row(one) for one in measured.overlap], "")
    if max((one.subjects for one in measured.overlap), default=0) == 1:
        write_line("one subject alone has both masks: volumes, mass and thickness are compared over two or more")
    if measured.seen_before:
        write_line(f"not compared, as the model was trained or chosen on them: {', '.join(measured.seen_before)}")
    if measured.unknown_trainings and measured.overlap:
        trainings = ", ".join(measured.unknown_trainings)
        write_line(f"whether others were trained on is not known: the model brings no hashes of {trainings}")


def _show_table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str | None = None) -> None:
    """Nothing without rows."""
    if not rows:
        return
    if title is not None:
        write_line(title)
    write_table(columns, rows)


def _agreement_row(one: "MeasuredAgreement") -> tuple[object, ...]:
    coefficients = [with_ends(item.value, item.low, item.high) for item in (one.pearson, one.icc)]
    differences = [with_ends(item.value, item.low, item.high, ".1f") for item in (one.bias, one.lower, one.upper)]
    return one.figure, one.unit, len(one.subjects), *coefficients, *differences


def _overlap_row(one: "OverlapAgreement") -> tuple[object, ...]:
    figures = [with_ends(item.value, item.low, item.high) for item in (one.dice, one.hausdorff_mm)]
    return one.structure, one.phase, one.subjects, one.unmatched, *figures


def _rounded(*values: float | None) -> tuple[float | None, ...]:
    return tuple(None if value is None else round(value, 1) for value in values)
