"""medgraft phantoms."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from medgraft.cli.options import JsonOption
from medgraft.cli.output import write_json, write_line
from medgraft.core.counted import counted

LAYOUTS = (
    "Short-axis MR: acdc (NIfTI with masks) or dicom (series of all phases). 4D heart CT: ct-nifti (with masks) or "
    "ct-dicom."
)


def phantoms(
    folder: Annotated[Path, typer.Argument(help="A new or an empty folder.", show_default=False)],
    *,
    subjects: Annotated[int, typer.Option(help="How many synthetic patients.", min=1)] = 6,
    layout: Annotated[Literal["acdc", "dicom", "ct-nifti", "ct-dicom"], typer.Option(help=LAYOUTS)] = "acdc",
    site: Annotated[
        str | None, typer.Option(help="Whose scanner: a, b or c for MR, one or two for CT.", show_default="a or one")
    ] = None,
    seed: Annotated[int, typer.Option(help="Other seeds are other patients.")] = 7,
    size: Annotated[
        int | None,
        typer.Option(help="Rows and columns of the images, for CT slices too.", min=32, show_default="96, CT 48"),
    ] = None,
    phases: Annotated[int | None, typer.Option(help="Phases of the heartbeat.", min=2, show_default="6, CT 8")] = None,
    as_json: JsonOption = False,
) -> None:
    """Write synthetic hearts, short-axis MR or 4D CT, to try everything without real patients.

    Examples:
      medgraft phantoms scans --subjects 4
      medgraft phantoms cine --layout dicom --site b --json
      medgraft phantoms chests --layout ct-nifti --site two
    """
    from medgraft.workspace import write_phantoms

    done = write_phantoms(folder, subjects=subjects, layout=layout, site=site, seed=seed, size=size, phases=phases)
    if as_json:
        write_json(done)
        return
    write_line(f"{counted(len(done.subjects), 'synthetic patient')} written; import them from {done.images}")
    if done.phases:
        write_line(f"Which phases are end-diastole and end-systole: --phases {done.phases}")
