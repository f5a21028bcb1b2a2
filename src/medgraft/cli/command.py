"""How a function becomes a command of the program."""

import inspect
from collections.abc import Callable

import typer


def add_command(app: typer.Typer, name: str, command: Callable[..., None]) -> None:
    """Add a function as the command `name`; its docstring is its help, and lines under "Examples:" stay lines."""
    # A backspace before a paragraph is how Typer is told to leave its lines alone.
    text = inspect.cleandoc(command.__doc__ or "").replace("\nExamples:\n", "\n\b\nExamples:\n")
    app.command(name, help=text)(command)
