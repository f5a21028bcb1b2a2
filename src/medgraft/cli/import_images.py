"""medgraft import."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from medgraft.cli.bars import progress_bars
from medgraft.cli.import_options import (
    BringBackOption,
    EmptyPhasesOption,
    LabelTaskOption,
    LayoutOption,
    MaskClassesOption,
    MaskCodesOption,
    PhasesOption,
    PseudonymKeyOption,
    ShortAxisOption,
    SiteOption,
    SourceArgument,
    SubjectPatternOption,
    TableOption,
)
from medgraft.cli.mask_codes import read_mask_codes
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.cli.pseudonym_key import read_key
from medgraft.cli.spacing import SpacingOption, read_spacing
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.core.cohort import ImportNote
    from medgraft.workspace import Imported


def import_images(
    source: SourceArgument,
    *,
    project: ProjectOption = HERE,
    layout: LayoutOption = "auto",
    site: SiteOption = None,
    phases: PhasesOption = None,
    short_axis: ShortAxisOption = False,
    subject_pattern: SubjectPatternOption = None,
    mask_codes: MaskCodesOption = None,
    mask_classes: MaskClassesOption = None,
    empty_phases_labelled: EmptyPhasesOption = False,
    table: TableOption = None,
    spacing: SpacingOption = None,
    bring_back: BringBackOption = False,
    task: LabelTaskOption = None,
    pseudonym_key: PseudonymKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import a folder of images into a project, which is made if it is missing.

    Slices are put in order by geometry; cine series become a grid of slices and phases. Whatever was repaired, set
    aside or refused is said, and medgraft notes says it again. Importing the same folder again adds nothing.

    Examples:
      medgraft import scans/ --project heart
      medgraft import scans/ --project heart --pseudonym-key secret.txt
      medgraft import scans/ --project heart --mask-codes 500=pool,205=myocardium
      medgraft import pictures/ --project heart --spacing 8,1.4,1.4
      medgraft import scans/ --project heart --json
    """
    from medgraft.workspace import ImportOptions
    from medgraft.workspace import import_images as import_into
    from medgraft.workspace.stacks.importing import project_to_fill

    options = ImportOptions(
        pseudonyms=read_key(pseudonym_key),
        site=site,
        short_axis=short_axis,
        subject_pattern=subject_pattern,
        mask_codes=read_mask_codes("--mask-codes", mask_codes),
        mask_classes=tuple(name.strip() for name in mask_classes.split(",")) if mask_classes else None,
        empty_phases_labelled=empty_phases_labelled,
        table=table,
        spacing=read_spacing(spacing),
        bring_back=bring_back,
    )
    with project_to_fill(project) as place, progress_bars() as report:
        done = import_into(place, source, layout=layout, options=options, phases=phases, task=task, report=report)
    if as_json:
        write_json(done)
    else:
        _show(done)


def _show(done: "Imported") -> None:
    subjects = counted(len({row.subject for row in done.added}), "subject")
    files = counted(done.files, "file")
    added = f"{counted(len(done.added), 'stack')} of {subjects} added"
    write_line(f"{added}, {len(done.known)} known, {files} looked at in {done.source}")
    if done.labels:
        changes = done.labels.changes
        write_line(
            f"{counted(changes.added, 'label')} for {done.labels.task} came with them ({changes.unchanged} known)"
        )
    if done.notes:
        write_line("\nNotes by kind (one by one: medgraft notes)")
        write_table(("code", "kind", "files", "for example"), _summary(done.notes))


def _summary(notes: Sequence["ImportNote"]) -> list[tuple[object, ...]]:
    """One row per kind and code: how many files, and the first of them."""
    files: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], str] = {}
    for note in notes:
        files[note.kind, note.code] += note.count
        first.setdefault((note.kind, note.code), f"{note.where}: {note.text}")
    return [(code, kind, count, first[kind, code]) for (kind, code), count in sorted(files.items())]
