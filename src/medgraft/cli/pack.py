"""medgraft pack."""

from pathlib import Path
from typing import Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line
from medgraft.core.counted import counted


def pack(
    model: Annotated[str, typer.Argument(help="STUDY/MODEL or CURVE/MODEL of the project, or a model's folder.")],
    file: Annotated[Path, typer.Argument(help="What to write, NAME.medgraft.", dir_okay=False)],
    *,
    project: ProjectOption = HERE,
    rules: Annotated[
        Path | None, typer.Option(help="The annotation rules of your site, filled in.", dir_okay=False)
    ] = None,
    notes: Annotated[Path | None, typer.Option(help="A text for the head of the model card.", dir_okay=False)] = None,
    monai_bundle: Annotated[
        Path | None, typer.Option(help="Write it as a MONAI bundle too, to this folder.", file_okay=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a model as one file that can leave: weights, recipe, rules, fingerprint, hashed subjects, test vectors.

    Examples:
      medgraft pack hearts hearts.medgraft --project heart
      medgraft pack hearts hearts.medgraft --rules rules.yaml --notes notes.md
    """
    from medgraft.workspace import Project
    from medgraft.workspace.models.packing import pack_model

    with progress_bars() as report:
        packed = pack_model(
            Project.open(project), model, file, rules=rules, notes=notes, monai_bundle=monai_bundle, report=report
        )
    if as_json:
        write_json(packed)
        return
    images = f"{counted(packed.stacks, 'stack')} of {counted(packed.subjects, 'subject')}"
    write_line(f"{packed.file}: {packed.name}, trained on {images}")
    if not packed.has_rules:
        write_line("without annotation rules: medgraft sites rules --new rules.yaml, fill it in, and pack with --rules")
