"""A spacing as it is given to commands."""

from typing import Annotated

import typer

SpacingOption = Annotated[
    str | None,
    typer.Option(
        "--spacing",
        metavar="Z,Y,X",
        help="Millimetres between slices, rows and columns, for example 8,1.4,1.4, of images that do not say it.",
    ),
]


def read_spacing(text: str | None) -> tuple[float, float, float] | None:
    """(z, y, x) in mm; None where none was given.

    >>> read_spacing("8,1.4,1.4")
    (8.0, 1.4, 1.4)
    """
    if text is None:
        return None
    try:
        z, y, x = map(float, text.split(","))
    except ValueError as error:
        raise typer.BadParameter(
            f"Expected --spacing Z,Y,X in mm, three numbers with a point, for example 8,1.4,1.4, got {text!r}."
        ) from error
    return z, y, x
