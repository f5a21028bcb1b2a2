"""medgraft study: run, list, show and remove studies; learning curves of a travelling model."""

import typer

from medgraft.cli.command import add_command
from medgraft.cli.study.curve import run_curve
from medgraft.cli.study.list_studies import list_studies
from medgraft.cli.study.remove_study import remove_study
from medgraft.cli.study.run_study import run_study
from medgraft.cli.study.show_study import show_study

app = typer.Typer(no_args_is_help=True, help="Compare networks, depths and rates on the labelled slices.")
add_command(app, "run", run_study)
add_command(app, "curve", run_curve)
add_command(app, "list", list_studies)
add_command(app, "show", show_study)
add_command(app, "remove", remove_study)
