"""medgraft phantoms."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from medgraft.cli.options import JsonOption
from medgraft.cli.output import write_json, write_line


def phantoms(
    folder: Annotated[Path, typer.Argument(help="A new or an empty folder.", show_default=False)],
    *,
    subjects: Annotated[int, typer.Option(help="How many synthetic patients.", min=1)] = 6,
    layout: Annotated[
        Literal["acdc", "dicom"], typer.Option(help="acdc: NIfTI with masks. dicom: series of all phases.")
    ] = "acdc",
    site: Annotated[str, typer.Option(help="Whose scanner: a, b or another site of the phantoms.")] = "a",
    seed: Annotated[int, typer.Option(help="Other seeds are other patients.")] = 7,
    size: Annotated[int, typer.Option(help="Rows and columns of the images.", min=32)] = 96,
    phases: Annotated[int, typer.Option(help="Phases of the heartbeat.", min=2)] = 6,
    as_json: JsonOption = False,
) -> None:
    """Write synthetic short-axis hearts, to try everything without real patients.

    Examples:
      medgraft phantoms scans --subjects 4
      medgraft phantoms cine --layout dicom --site b --json
    """
    from medgraft.workspace import write_phantoms

    done = write_phantoms(folder, subjects=subjects, layout=layout, site=site, seed=seed, size=size, phases=phases)
    if as_json:
        write_json(done)
    else:
        write_line(f"{len(done.subjects)} synthetic patients written; import them from {done.images}")
