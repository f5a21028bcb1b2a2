"""medgraft readers: who may sign in to label."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from medgraft.cli.command import add_command
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.workspace import NewToken

Role = Literal["reader", "adjudicator", "admin"]
NameArgument = Annotated[str, typer.Argument(help="The reader's name.", show_default=False)]


def add(
    name: NameArgument,
    project: ProjectOption = HERE,
    role: Annotated[
        Role, typer.Option(help="adjudicator: also decides disagreements. admin: also opens rounds.")
    ] = "reader",
    as_json: JsonOption = False,
) -> None:
    """Add a reader and show the token to sign in with, this once.

    Examples:
      medgraft readers add ana --project heart
      medgraft readers add di --role adjudicator --project heart
    """
    from medgraft.workspace import Project, add_reader

    _show(add_reader(Project.open(project), name, role=role), as_json)


def renew(name: NameArgument, project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """Give a reader a new token in place of the old one; a removed reader is back with it.

    Examples:
      medgraft readers renew ana --project heart
    """
    from medgraft.workspace import Project, renew_reader

    _show(renew_reader(Project.open(project), name), as_json)


def remove(name: NameArgument, project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """Let a reader sign in no more; what the reader labelled stays.

    Examples:
      medgraft readers remove ana --project heart
    """
    from medgraft.workspace import Project, withdraw_reader

    account = withdraw_reader(Project.open(project), name)
    if as_json:
        write_json(account)
    else:
        write_line(f"{account.name} can sign in no more")


def list_all(project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """List the readers of a project, removed ones too.

    Examples:
      medgraft readers list --project heart
      medgraft readers list --project heart --json
    """
    from medgraft.workspace import Project, list_readers

    found = list_readers(Project.open(project))
    if as_json:
        write_json({"readers": found})
        return
    columns = ("reader", "role", "may sign in", "since", "changed")
    cells = [(a.name, a.role, "yes" if a.active else "no", a.created_at, a.changed_at) for a in found]
    write_table(columns, cells)
    write_line(counted(len(found), "reader"))


def _show(given: "NewToken", as_json: bool) -> None:
    if as_json:
        write_json(given)
    else:
        write_line(f"{given.name}, {given.role}\ntoken: {given.token}\nIt is not shown again.")


app = typer.Typer(no_args_is_help=True, help="Keep the accounts of those who label.")
add_command(app, "add", add)
add_command(app, "renew", renew)
add_command(app, "remove", remove)
add_command(app, "list", list_all)
