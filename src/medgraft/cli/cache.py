"""medgraft cache."""

from typing import Annotated

import typer

from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table


def cache(
    project: ProjectOption = HERE,
    clear: Annotated[bool, typer.Option("--clear", help="Delete it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show how much room a project's cache takes, or free it.

    It holds what is computed once: frozen features, volumes as networks read them, Grad-CAM and maps. What is needed
    after it was deleted is computed again; images, labels, trainings, results and models stay.

    Examples:
      medgraft cache --project heart
      medgraft cache --project heart --clear
    """
    from medgraft.workspace import Project
    from medgraft.workspace.kept.cache import clear_cache, project_cache

    place = Project.open(project)
    found = clear_cache(place) if clear else project_cache(place)
    if as_json:
        write_json(found)
        return
    if found.parts:
        write_table(("kept", "MB"), [(part.kind, f"{part.bytes / 1e6:,.1f}") for part in found.parts])
    write_line(f"{'freed' if found.cleared else 'in all'}: {found.bytes / 1e6:,.1f} MB in {found.folder}")
