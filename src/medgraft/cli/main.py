"""The program `medgraft`: its commands, and what its exit codes mean.

0: done. 1: medgraft cannot do what was asked, and says why in one message. 2: the command line was not understood.
130: interrupted with Ctrl-C; what was finished is kept.
"""

import sys
from typing import Annotated

import typer

from medgraft import __version__
from medgraft.cli import label, study
from medgraft.cli.app import open_app
from medgraft.cli.cache import cache
from medgraft.cli.cohort import cohort
from medgraft.cli.command import add_command
from medgraft.cli.correct import correct
from medgraft.cli.demo import demo
from medgraft.cli.explain import explain
from medgraft.cli.import_images import import_images
from medgraft.cli.inspect_package import inspect
from medgraft.cli.masks import app as masks
from medgraft.cli.measure import measure
from medgraft.cli.networks import networks
from medgraft.cli.notes import notes
from medgraft.cli.output import write_message
from medgraft.cli.pack import pack
from medgraft.cli.phantoms import phantoms
from medgraft.cli.predict import predict
from medgraft.cli.readers import app as readers
from medgraft.cli.reading import app as reading
from medgraft.cli.remove import remove
from medgraft.cli.report import report
from medgraft.cli.sites import app as sites
from medgraft.cli.unpack import unpack
from medgraft.core.errors import MedgraftError, reason

EXIT_ERROR = 1

app = typer.Typer(
    name="medgraft",
    help="Graft pretrained networks onto your own medical images, and find out honestly which graft to trust.",
    epilog="Start with: medgraft demo, or with your own images: medgraft import SOURCE --project heart",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
add_command(app, "import", import_images)
add_command(app, "cohort", cohort)
add_command(app, "notes", notes)
add_command(app, "correct", correct)
add_command(app, "remove", remove)
app.add_typer(label.app, name="label")
app.add_typer(masks, name="masks")
app.add_typer(readers, name="readers")
app.add_typer(reading, name="reading")
app.add_typer(study.app, name="study")
add_command(app, "report", report)
add_command(app, "measure", measure)
add_command(app, "predict", predict)
add_command(app, "explain", explain)
add_command(app, "pack", pack)
add_command(app, "inspect", inspect)
add_command(app, "unpack", unpack)
app.add_typer(sites, name="sites")
add_command(app, "networks", networks)
add_command(app, "cache", cache)
add_command(app, "phantoms", phantoms)
add_command(app, "demo", demo)
add_command(app, "app", open_app)


def main() -> None:
    """Run the program on the process's arguments and leave with its exit code."""
    try:
        app()
    except MedgraftError as error:
        _explain(str(error))
    except OSError as error:
        # The machine's own answers (no space, no permission) are for the user, not for a developer.
        _explain(reason(error))


def _explain(text: str) -> None:
    write_message(text, heading="[bold red]error:[/] ")
    sys.exit(EXIT_ERROR)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"medgraft {__version__}\n")
        raise typer.Exit


@app.callback()
def medgraft(
    version: Annotated[  # read by its callback only
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Graft pretrained networks onto your own medical images, and find out honestly which graft to trust."""
