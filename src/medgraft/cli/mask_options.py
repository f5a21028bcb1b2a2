"""Options that commands on masks share."""

from typing import Annotated

import typer

StacksOption = Annotated[
    list[str] | None, typer.Option("--stack", help="A stack's id; may be given again. Left out: all.")
]
PhaseOption = Annotated[
    list[str] | None, typer.Option("--phase", help="A phase by name, or by index from 0; may be given again.")
]
ImagesOption = Annotated[bool, typer.Option("--images", help="Write the images as NIfTI files beside the masks.")]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Write over files that are there already.")]
InPlaceOption = Annotated[
    bool, typer.Option("--replace", help="Put them in place of masks that are there, which masks/before/ keeps.")
]
TrialOption = Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")]
