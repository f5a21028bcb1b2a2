"""medgraft masks: repaired, filled from contours in the patient, and as they were before."""

import typer

from medgraft.cli.command import add_command
from medgraft.cli.masks.export import export
from medgraft.cli.masks.from_rtstruct import from_rtstruct
from medgraft.cli.masks.import_masks import import_masks
from medgraft.cli.masks.repair import repair
from medgraft.cli.masks.undo import undo

app = typer.Typer(
    no_args_is_help=True,
    help="Masks of a project: repair or fill them, take that back, or correct them in another program.",
)
add_command(app, "repair", repair)
add_command(app, "from-rtstruct", from_rtstruct)
add_command(app, "undo", undo)
add_command(app, "export", export)
add_command(app, "import", import_masks)
