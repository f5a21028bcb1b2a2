"""medgraft app."""

import getpass
import webbrowser
from typing import Annotated

import typer

from medgraft.cli.options import HERE, ProjectOption
from medgraft.cli.output import write_line


def open_app(
    project: ProjectOption = HERE,
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen at; others than loopback can be reached by others.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at; 0 finds a free one.", min=0, max=65535)] = 8080,
    name: Annotated[list[str] | None, typer.Option(help="A further host name that the app answers to.")] = None,
    reader: Annotated[str | None, typer.Option(help="Who the link signs in.", show_default="your login name")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only show the link.")] = False,
) -> None:
    """Open the project as a local web app: label, read, look inside models.

    The link that is shown works once, for whoever opens it first; a new one is shown then. Readers with an account
    sign in by name and token.

    Examples:
      medgraft app --project heart
      medgraft app --project heart --port 9000 --no-browser
    """
    from medgraft.web import Settings, serve
    from medgraft.workspace import Project

    settings = Settings(host=host, port=port, names=tuple(name or ()), owner=reader or _login())
    links: list[str] = []

    def announce(link: str) -> None:
        write_line(f"Open {link}" if not links else f"For another browser: {link}")
        if not links and not no_browser:
            webbrowser.open(link)
        links.append(link)

    serve(Project.open(project), settings, announce=announce)


def _login() -> str:
    """The login name; "reader" for a user whom the machine knows by number alone, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "reader"
