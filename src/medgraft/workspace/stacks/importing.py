"""Images into a project: files read, stacks stored, phases named, labels that came with them recorded."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from medgraft.cohort import ImportOptions, import_source, phases_from_csv, set_phases
from medgraft.core.cohort import ImportNote, StackEntry
from medgraft.core.errors import InputError, MedgraftError
from medgraft.core.files import AnyPath
from medgraft.core.progress import Report, silent
from medgraft.workspace.labelling.found import FoundLabels, record_found_labels
from medgraft.workspace.project import Project, is_project
from medgraft.workspace.stacks.cohort_list import StackRow


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What one import did.

    source: name of the folder. files: how many were looked at. added, known: stacks stored now, and there already.
    notes: everything that was repaired, set aside, refused or noticed. labels: those that came with the images.
    """

    source: str
    files: int
    added: tuple[StackRow, ...]
    known: tuple[StackRow, ...]
    notes: tuple[ImportNote, ...]
    labels: FoundLabels | None


@contextmanager
def project_to_fill(root: Path) -> Iterator[Project]:
    """The project of a folder, made now if there is none; if then nothing can be imported, it is not left behind."""
    is_new, was_there = not is_project(root), root.exists()
    project = Project.open_or_create(root)
    try:
        yield project
    except MedgraftError:
        if is_new and _is_without_stacks(project):
            shutil.rmtree(project.root)
            if was_there:
                project.root.mkdir()
        raise


def import_images(
    project: Project,
    source: AnyPath,
    *,
    layout: str = "auto",
    options: ImportOptions = ImportOptions(),  # noqa: B008 - frozen
    phases: AnyPath | None = None,
    task: str | None = None,
    report: Report = silent,
) -> Imported:
    """Import a folder of images; a file that cannot be read is a note, and the import goes on.

    Args:
        project: where stacks go.
        source: folder to read; nothing is written to it.
        layout: how the folder is arranged, a name of `cohort.layouts()`, or "auto".
        options: what the source cannot say about itself.
        phases: CSV file with the columns subject, ed, es, where the source does not know its phases.
        task: what labels that came with the images answer; see `record_found_labels`.
        report: is told of files read.

    Raises:
        InputError: the source is missing or in no known layout, or the phases do not fit.
        LabelError: labels that came with the images do not fit the task; the images are stored all the same.
    """
    source = Path(source)
    if not source.exists():
        raise InputError(f"Expected a folder of images, got {source}, which does not exist.")
    given = phases_from_csv(Path(phases), options.pseudonyms) if phases else {}
    with project.cohort() as cohort:
        done = import_source(source, cohort, layout=layout, options=options, report=report)
        set_phases(cohort, given)
        added = tuple(cohort.entry(entry.id) for entry in done.added)
    labels = record_found_labels(project, task)
    return Imported(
        source=done.source,
        files=done.n_files,
        added=_rows(added),
        known=_rows(done.known),
        notes=done.notes,
        labels=labels,
    )


def _is_without_stacks(project: Project) -> bool:
    with project.cohort() as cohort:
        return not len(cohort)


def _rows(entries: tuple[StackEntry, ...]) -> tuple[StackRow, ...]:
    return tuple(StackRow.of(entry) for entry in sorted(entries, key=lambda entry: (entry.subject, entry.series)))
