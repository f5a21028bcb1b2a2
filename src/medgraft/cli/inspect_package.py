"""medgraft inspect."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.options import JsonOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.workspace.models.fit import StackFit
    from medgraft.workspace.models.inspection import Suitability


def inspect(
    package: Annotated[Path, typer.Argument(help="A package: NAME.medgraft, or a model's folder.", exists=True)],
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Build the model and compare its answers with the test vectors.")
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(help="A project: does it share subjects with the training set, do its images look alike?"),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option(help="Your own annotation rules, to see where they differ.", dir_okay=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a model from elsewhere says of itself, after checking every digest, and whether it suits your images.

    Examples:
      medgraft inspect hearts.medgraft
      medgraft inspect hearts.medgraft --verify --against heart --rules rules.yaml
    """
    from medgraft.workspace import Project
    from medgraft.workspace.models.inspection import inspect_package

    project = Project.open(against) if against else None
    with progress_bars() as report:
        found = inspect_package(package, against=project, rules=rules, report=report)
    verified = None
    if verify:
        from medgraft.workspace.models.packing import verify_package

        verified = verify_package(package)
    if as_json:
        write_json({"package": found, "verification": verified})
        return
    write_line(found.card)
    write_line("digests: right")
    if verified:
        write_line(f"test vectors: answers within {verified.error:.2g} of those where it was packed")
    if found.suitability:
        _show_suitability(found.suitability)
    if rules and found.rule_differences is None:
        write_line("annotation rules: not compared, for the package brings none; ask who sent it")
    if found.rule_differences is not None:
        columns = ("rule", "yours", "theirs")
        write_table(columns, [(rule.text, rule.ours, rule.theirs) for rule in found.rule_differences])
        write_line(f"annotation rules that differ: {len(found.rule_differences)}")


def _show_suitability(found: "Suitability") -> None:
    if found.disjoint:
        write_line(f"{found.project}: {counted(found.checked, 'subject')}, none known to have been seen by the model")
    else:
        write_line(f"subjects of {found.project} that the model has seen: {len(found.shared_subjects)}")
    for subject in found.shared_subjects:
        write_line(f"  {subject}")
    if found.shared_subjects and not found.shared_stacks:
        write_line("by their ids, not by their images: other images of theirs, or other people under the same numbers")
    if found.shared_stacks:
        write_line(
            f"{counted(len(found.shared_stacks), 'stack')} had a part in its training: {', '.join(found.shared_stacks)}"
        )
    if found.unknown_trainings:
        write_line(f"unknown, not none: the subjects of {', '.join(found.unknown_trainings)}")
    if found.fit:
        _show_fit(found.fit)


def _show_fit(fit: "StackFit") -> None:
    columns = ("property", "unit", "trained on", "here", "outside")
    rows = [
        (one.name, one.unit, _ends(one.low, one.high), _ends(one.new_low, one.new_high), one.outside)
        for one in fit.ranges
    ]
    write_table(columns, rows)
    write_line(f"unlike those trained on: {len(fit.doubts)} of {counted(fit.others, 'stack')}")


def _ends(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.4g} to {high:.4g}"
