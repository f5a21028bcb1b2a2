"""medgraft correct."""

from typing import Annotated, Literal

import typer

from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line
from medgraft.cli.pairs import read_pairs
from medgraft.cli.spacing import SpacingOption, read_spacing

_ENDS = {"first": True, "last": False}


def correct(
    *,
    stack: Annotated[str | None, typer.Option(help="A stack's id, as medgraft cohort shows it.")] = None,
    subject: Annotated[
        list[str] | None, typer.Option(help="A subject, with all its stacks; may be given again.")
    ] = None,
    phase: Annotated[
        list[str] | None,
        typer.Option(help="NAME=INDEX of a phase, from 0; may be given again. Names that are not given are forgotten."),
    ] = None,
    base: Annotated[
        Literal["first", "last"] | None, typer.Option(help="Which slice is at the base of the heart.")
    ] = None,
    site: Annotated[str | None, typer.Option(help="Where the subject was imaged.")] = None,
    split: Annotated[str | None, typer.Option(help='The subject\'s split, for example "test".')] = None,
    spacing: SpacingOption = None,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Say what the source of a stack or of a subject did not say.

    A spacing that is given for a stack takes the place of what its source says; for a subject, it is that of the stacks
    whose source says none. The repair log tells of it.

    Examples:
      medgraft correct --stack 5a0c2e7d91b4f368 --phase ed=0 --phase es=9
      medgraft correct --subject P012 --spacing 8,1.4,1.4
      medgraft correct --subject P012 --subject P015 --split test --site Lyon
    """
    from medgraft.workspace import Project, correct_stack, correct_subject

    if (stack is None) == (not subject):
        raise typer.BadParameter("Expected either --stack or --subject.")
    if not (phase or base or site is not None or split is not None or spacing is not None):
        raise typer.BadParameter("Expected what is to be corrected: --phase, --base, --site, --split or --spacing.")
    steps = read_spacing(spacing)
    if stack is not None:
        _refuse({"--site": site, "--split": split}, "--subject")
        named = _phases(phase) if phase else None
        base_first = _ENDS[base] if base else None
        rows = [correct_stack(Project.open(project), stack, phases=named, base_first=base_first, spacing=steps)]
    else:
        _refuse({"--phase": phase, "--base": base}, "--stack")
        rows = [
            row
            for name in subject or ()
            for row in correct_subject(Project.open(project), name, site=site, split=split, spacing=steps)
        ]
    if as_json:
        write_json({"stacks": rows})
        return
    for row in rows:
        write_line(f"{row.subject}, stack {row.id}: corrected")


def _refuse(options: dict[str, object], needs: str) -> None:
    given = [name for name, value in options.items() if value]
    if given:
        raise typer.BadParameter(f"{given[0]} goes with {needs}.")


def _phases(pairs: list[str]) -> dict[str, int]:
    phases = read_pairs("--phase", pairs, "ed=0")
    if not all(index.isdecimal() for index in phases.values()):
        raise typer.BadParameter(f"Expected --phase NAME=INDEX, for example ed=0, got {', '.join(pairs)}.")
    return {name.lower(): int(index) for name, index in phases.items()}
