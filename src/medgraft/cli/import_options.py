"""Options of commands that read a folder of images: what a source cannot say about itself."""

from pathlib import Path
from typing import Annotated

import typer

SourceArgument = Annotated[
    Path, typer.Argument(help="A folder of images, in any known layout.", exists=True, show_default=False)
]
LayoutOption = Annotated[
    str,
    typer.Option("--layout", help="How the folder is arranged: acdc, table, nifti, dicom, imagefolder, or auto."),
]
SiteOption = Annotated[str | None, typer.Option("--site", help="Where these subjects were imaged.")]
PhasesOption = Annotated[
    Path | None,
    typer.Option("--phases", help="CSV file with the columns subject, ed, es; indices from 0.", exists=True),
]
ShortAxisOption = Annotated[bool, typer.Option("--short-axis", help="These stacks are short-axis hearts.")]
SubjectPatternOption = Annotated[
    str | None,
    typer.Option("--subject-pattern", help="Regular expression whose group is the subject in a file's path."),
]
MaskCodesOption = Annotated[
    str | None, typer.Option("--mask-codes", help="What codes of masks mean, for example 1=pool,2=myocardium.")
]
MaskClassesOption = Annotated[
    str | None,
    typer.Option("--mask-classes", help="The classes that the masks label at all, for example pool,myocardium."),
]
EmptyPhasesOption = Annotated[
    bool, typer.Option("--empty-phases-labelled", help="A phase without any mask shows that nothing is there.")
]
TableOption = Annotated[
    Path | None, typer.Option("--table", help="The index CSV, if the folder has several.", exists=True)
]
BringBackOption = Annotated[
    bool, typer.Option("--bring-back", help="Take in what medgraft remove took out of the project before.")
]
LabelTaskOption = Annotated[str | None, typer.Option("--task", help="The task that labels in the source answer.")]
PseudonymKeyOption = Annotated[
    Path | None,
    typer.Option(
        "--pseudonym-key",
        help="File with a secret: subjects become pseudonyms that only it can repeat.",
        exists=True,
        dir_okay=False,
    ),
]
