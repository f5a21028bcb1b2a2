"""Sheets and contours: labels leave, come back unchanged, and belong to this project's stacks."""

from pathlib import Path

import pytest

from medgraft.core.errors import LabelError
from medgraft.workspace import (
    Project,
    export_labels,
    import_labels,
    label_from_masks,
    label_status,
    list_cohort,
)


def test_a_sheet_comes_back_unchanged(project: Project, tmp_path: Path) -> None:
    labelled = label_from_masks(project).changes.added
    before = label_status(project)
    out = export_labels(project, tmp_path / "labels.csv")
    back = import_labels(project, tmp_path / "labels.csv")
    assert out.rows == back.unchanged == labelled
    assert back.rows == 0
    assert label_status(project) == before


def test_a_sheet_fills_an_empty_copy(project: Project, tmp_path: Path) -> None:
    label_from_masks(project)
    before = label_status(project)
    export_labels(project, tmp_path / "labels.csv")
    (project.root / "fresh").mkdir()
    other = Project(root=project.root, labels_url="fresh/labels.db")
    import_labels(other, tmp_path / "labels.csv")
    assert label_status(other) == before


def test_a_row_about_a_foreign_stack_stops_the_sheet(project: Project, tmp_path: Path) -> None:
    mine = list_cohort(project).stacks[0].id
    sheet = tmp_path / "labels.csv"
    sheet.write_text(f"stack,phase,slice,task,label\n{mine},0,0,sax-range,IN\nelsewhere,0,0,sax-range,IN\n")
    with pytest.raises(LabelError, match="line 3"):
        import_labels(project, sheet, reader="ana")
    assert label_status(project).labelled == 0


@pytest.mark.parametrize(("axis", "name"), [(0, "phase"), (1, "slice")])
def test_a_row_about_a_slice_that_a_stack_lacks_stops_the_sheet(
    project: Project, tmp_path: Path, axis: int, name: str
) -> None:
    """As of who counts from 1 in a spreadsheet."""
    stack = list_cohort(project).stacks[0]
    count = (stack.phases, stack.slices)[axis]
    unit = [0, 0]
    unit[axis] = count
    (tmp_path / "labels.csv").write_text(f"stack,phase,slice,task,label\n{stack.id},{unit[0]},{unit[1]},sax-range,IN\n")
    with pytest.raises(LabelError, match=f"line 2: Expected a {name} from 0 to {count - 1} of this stack, got {count}"):
        import_labels(project, tmp_path / "labels.csv", reader="ana")
    assert label_status(project).labelled == 0


def test_a_missing_sheet_or_task_teaches(project: Project, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="is no file"):
        import_labels(project, tmp_path / "nowhere.csv")
    with pytest.raises(LabelError, match="Available"):
        export_labels(project, tmp_path / "labels.csv", task="colour")
