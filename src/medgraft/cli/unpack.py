"""medgraft unpack."""

from pathlib import Path
from typing import Annotated

import typer

from medgraft.cli.options import JsonOption
from medgraft.cli.output import write_json, write_line


def unpack(
    source: Annotated[
        Path, typer.Argument(help="A package, NAME.medgraft, or the folder of a MONAI bundle.", exists=True)
    ],
    folder: Annotated[Path, typer.Argument(help="A new folder for it.", file_okay=False)],
    *,
    as_json: JsonOption = False,
) -> None:
    """Unpack a model that came from elsewhere, after checking every digest; what is not as it was packed is refused.

    Examples:
      medgraft unpack hearts.medgraft model
      medgraft unpack bundles/walls model
    """
    from medgraft.workspace.models.packing import unpack_model

    unpacked = unpack_model(source, folder)
    if as_json:
        write_json(unpacked)
    else:
        write_line(f"{unpacked.folder}: {unpacked.name} ({unpacked.network}, {unpacked.task})")
