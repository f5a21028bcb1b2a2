"""Options of commands that write masks as NIfTI files."""

from typing import Annotated

import typer

PhaseOption = Annotated[
    list[str] | None, typer.Option("--phase", help="A phase by name, or by index from 0; may be given again.")
]
ImagesOption = Annotated[bool, typer.Option("--images", help="Write the images as NIfTI files beside the masks.")]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Write over files that are there already.")]
