"""medgraft label: labels from masks, from contours, from and to CSV, and how far they are."""

import typer

from medgraft.cli.command import add_command
from medgraft.cli.label.export_sheet import export_sheet
from medgraft.cli.label.from_contours import from_contours
from medgraft.cli.label.from_masks import from_masks
from medgraft.cli.label.import_sheet import import_sheet
from medgraft.cli.label.status import status

app = typer.Typer(no_args_is_help=True, help="Label slices: from masks, from contours, from a CSV file.")
add_command(app, "from-masks", from_masks)
add_command(app, "from-contours", from_contours)
add_command(app, "import", import_sheet)
add_command(app, "export", export_sheet)
add_command(app, "status", status)
