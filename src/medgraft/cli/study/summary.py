"""How a finished study is shown."""

from typing import TYPE_CHECKING

from medgraft.cli.figures import with_ends
from medgraft.cli.output import write_line, write_table
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.workspace.studies.summary import Interval, StudySummary

_DECISIONS = {"argmax": "each slice alone", "stack": "whole stack"}


def show_summary(study: "StudySummary") -> None:
    """Figures with their intervals, one row per model and way of deciding; the best one named."""
    columns = ("model", "decided by", "macro F1", "accuracy")
    write_table(
        columns,
        [
            (row.model, _DECISIONS.get(row.decision, row.decision), _figure(row.macro_f1), _figure(row.accuracy))
            for row in study.rows
        ],
    )
    images = f"{counted(study.images, 'slice')} of {counted(study.subjects, 'subject')}"
    write_line(f"\n{images}; in brackets: 95 % intervals over subjects")
    for model in study.lost:
        write_line(f"not in the table: {model}")
    for code in study.unlabelled:
        write_line(f"no image is labelled {code}: no model has learned it")
    write_line(f"best by validation loss: {study.best}. {study.verdict}")
    write_line(f"results and models: {study.folder}; with pictures: medgraft report {study.name}")


def _figure(figure: "Interval") -> str | None:
    return with_ends(figure.value, figure.low, figure.high, ".3f")
