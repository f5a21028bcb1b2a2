"""medgraft study curve."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.figures import ends, number, with_ends
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_message, write_table
from medgraft.cli.study.curve_plan import curve_plan_document, show_curve_plan
from medgraft.cli.study.options import (
    ChangesOption,
    CompileOption,
    CpusOption,
    DeterministicOption,
    DevicesOption,
    DryRunOption,
    GpusOption,
    PlaceOption,
    WorkersOption,
)
from medgraft.core.progress import Progress

if TYPE_CHECKING:
    from medgraft.workspace import Project
    from medgraft.workspace.curves.running import CurveFile, CurveSummary, RuleDifference

#: What a shell expects of a command that was stopped from the keyboard: 128 and the number of the signal.
_INTERRUPTED = 130


def run_curve(
    curve_file: Annotated[Path, typer.Argument(help="A YAML curve file.", exists=True, dir_okay=False)],
    *,
    project: ProjectOption = HERE,
    changes: ChangesOption = None,
    dry_run: DryRunOption = False,
    workers: WorkersOption = 1,
    devices: DevicesOption = 1,
    on: PlaceOption = "local",
    cpus: CpusOption = 1.0,
    gpus: GpusOption = 0.0,
    deterministic: DeterministicOption = False,
    compiled: CompileOption = False,
    as_json: JsonOption = False,
) -> None:
    """Find out from how many local cases on a travelling segmentation model is worth fine-tuning, or training anew.

    Every start is trained on nested sets of local subjects, several times drawn; subjects held out are measured: Dice,
    distances, volumes, wall thickness, and what the model forgets of its home site. What an earlier start finished is
    kept. Results and models go to curves/NAME in the project.

    Examples:
      medgraft study curve two-sites.yaml --project clinic --dry-run
      medgraft study curve two-sites.yaml --project clinic
      medgraft study curve two-sites.yaml --set draws=1 --workers 2
      medgraft study curve two-sites.yaml --project clinic --json
    """
    from medgraft.workspace import Project
    from medgraft.workspace.curves.asking import read_request, rules_apart
    from medgraft.workspace.curves.running import start_curve
    from medgraft.workspace.kept.machines import Machines

    place = Project.open(project)
    curve = read_request(curve_file, tuple(changes or ()), project=place)
    if dry_run:
        _plan(place, curve, as_json=as_json)
        return
    machines = Machines(
        on=on,
        workers=workers,
        devices=devices,
        cpus=cpus,
        gpus=gpus,
        deterministic=deterministic,
        compiled=compiled,
    )
    _warn_of(rules_apart(curve))
    try:
        with progress_bars() as report:
            report(Progress(stage="study", done=0, total=0))  # the first bar, as it lasts longest
            done = start_curve(place, curve, machines=machines, report=report)
    except KeyboardInterrupt as stop:
        write_message("stopped; the same command goes on")
        raise typer.Exit(_INTERRUPTED) from stop
    if as_json:
        write_json(done)
    else:
        show_curve(done)


def _plan(project: "Project", curve: "CurveFile", *, as_json: bool) -> None:
    from medgraft.workspace.curves.planning import plan_curve

    with progress_bars() as report:
        plan = plan_curve(project, curve, report=report)
    if as_json:
        write_json(curve_plan_document(plan))
    else:
        show_curve_plan(plan)


def _warn_of(differences: Sequence["RuleDifference"]) -> None:
    """Say before training where the two sites draw otherwise: their masks are not each other's truth there."""
    for item in differences:
        write_message(f"{item.text}: {item.ours} here, {item.theirs} there", heading="[yellow]rules differ:[/] ")


def show_curve(curve: "CurveSummary") -> None:
    """Figures of every arm and size with their intervals, paired differences, the verdict and its cautions."""
    columns = ("start", "trained on", "on", "figure", "mean", "95 % interval", "best", "subjects", "draws", "missed")
    write_table(
        columns,
        [
            (
                row.arm,
                row.size,
                row.on,
                _with_unit(row.figure, curve.distance_unit),
                number(row.value.value, ".3f"),
                ends(row.value.low, row.value.high, ".3f"),
                number(row.best, ".3f"),
                row.subjects,
                len(row.draws),
                f"{row.unmatched} of {row.masks}",
            )
            for row in curve.findings.rows
        ],
    )
    if curve.findings.contrasts:
        write_line("")
        _show_contrasts(curve)
    write_line(f"\n{curve.verdict.text}")
    for caution in curve.cautions:
        write_line(f"careful: {caution}")
    write_line(f"results and models: curves/{curve.name}; with pictures: medgraft report {curve.name}")


def _with_unit(figure: str, distance_unit: str) -> str:
    return f"{figure}, {distance_unit}" if "Hausdorff" in figure else figure


def _show_contrasts(curve: "CurveSummary") -> None:
    write_table(
        ("start", "trained on", "less", "on", "difference in mean Dice", "single draws", "p after Holm"),
        [
            (
                item.arm,
                item.size,
                f"{item.other} {item.other_size or ''}".strip(),
                item.on,
                with_ends(item.difference.value, item.difference.low, item.difference.high, "+.3f"),
                ends(min(item.draws), max(item.draws), "+.3f"),
                number(item.adjusted, ".3f"),
            )
            for item in curve.findings.contrasts
        ],
    )
