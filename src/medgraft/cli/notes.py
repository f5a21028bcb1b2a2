"""medgraft notes."""

from typing import Annotated, Literal

import typer

from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.core.counted import counted


def notes(
    project: ProjectOption = HERE,
    kind: Annotated[
        Literal["repaired", "set aside", "refused", "noticed"] | None, typer.Option(help="Only notes of this kind.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the repair log: what imports repaired, set aside, refused or noticed, and why.

    Examples:
      medgraft notes --project heart
      medgraft notes --project heart --kind refused --json
    """
    from medgraft.workspace import Project, import_notes

    found = [note for note in import_notes(Project.open(project)) if kind in {None, note.kind}]
    if as_json:
        write_json({"notes": found})
        return
    rows = [(note.code, note.kind, note.count, note.where, note.text) for note in found]
    write_table(("code", "kind", "files", "where", "what"), rows)
    write_line(counted(len(found), "note"))
