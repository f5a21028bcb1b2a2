"""medgraft unpack."""

from pathlib import Path
from typing import Annotated

import typer

from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line


def unpack(
    source: Annotated[
        Path, typer.Argument(help="A package, NAME.medgraft, or the folder of a MONAI bundle.", exists=True)
    ],
    folder: Annotated[
        Path | None,
        typer.Argument(help="A new folder for it; packages/NAME of the project by default.", file_okay=False),
    ] = None,
    *,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Unpack a model that came from elsewhere, after checking every digest; what is not as it was packed is refused.

    In a project it is packages/NAME wherever a model is asked for, and the app shows it among the models.

    Examples:
      medgraft unpack hearts.medgraft --project clinic
      medgraft unpack bundles/walls model
    """
    from medgraft.workspace import Project
    from medgraft.workspace.models.packing import add_package, unpack_model

    unpacked = unpack_model(source, folder) if folder else add_package(Project.open(project), source)
    if as_json:
        write_json(unpacked)
    else:
        write_line(f"{unpacked.folder}: {unpacked.name} ({unpacked.network}, {unpacked.task})")
