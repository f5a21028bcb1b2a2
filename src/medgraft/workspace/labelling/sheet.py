"""Labels in and out as CSV, checked against the project's own stacks."""

from dataclasses import dataclass
from pathlib import Path

from medgraft.core.errors import LabelError
from medgraft.core.files import AnyPath
from medgraft.labels import export_csv, import_csv
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class SheetResult:
    """What a sheet gave or took: the file, rows recorded or written, and rows that were known already."""

    file: str
    rows: int
    unchanged: int = 0


def import_labels(project: Project, sheet: AnyPath, *, reader: str | None = None) -> SheetResult:
    """Record the labels of a CSV file as one act, all rows or none.

    Args:
        project: rows must speak about its stacks, their subjects, phases and slices.
        sheet: columns stack, phase, slice, task and label; subject, reader, at and source if there.
        reader: who says so where a row names nobody.

    Raises:
        LabelError: the file is missing, lacks columns or has bad rows, named by line; nothing was stored then.
    """
    sheet = Path(sheet)
    if not sheet.is_file():
        raise LabelError(f"Expected a CSV file of labels, got {sheet}, which is no file.")
    with project.labels() as store:
        done = import_csv(store, sheet, subjects=_subjects(project), shapes=_shapes(project), reader=reader)
    return SheetResult(file=str(sheet), rows=len(done.added), unchanged=done.unchanged)


def export_labels(project: Project, sheet: AnyPath, *, task: str = "sax-range") -> SheetResult:
    """Write what every reader says now about a task as CSV; equal labels give equal bytes.

    Raises `LabelError` for an unknown task.
    """
    with project.labels() as store:
        rows = export_csv(store, Path(sheet), _subjects(project), [store.task(task).name])
    return SheetResult(file=str(sheet), rows=rows)


def _subjects(project: Project) -> dict[str, str]:
    with project.cohort() as cohort:
        return {entry.id: entry.subject for entry in cohort.entries()}


def _shapes(project: Project) -> dict[str, tuple[int, ...]]:
    with project.cohort() as cohort:
        return {entry.id: entry.shape for entry in cohort.entries()}
