"""The page of a study."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medgraft.core.lineage import Lineage
from medgraft.evaluation import confusion
from medgraft.report.lineage import hop_lines
from medgraft.report.page import Page, WrittenReport, write_page
from medgraft.report.picture import Picture
from medgraft.report.study.content import ModelResult, StudyContent
from medgraft.report.study.findings import cautions, findings, leading_model
from medgraft.report.study.methods import methods
from medgraft.report.study.pictures import study_pictures
from medgraft.report.study.tables import study_tables
from medgraft.report.tables import Column, Table


def write_report(content: StudyContent, folder: Path) -> WrittenReport:
    """Write the report of a study as `page.write_page` says."""
    tables = (*study_tables(content), confusion_table(content))
    return write_page(study_page(content, tables, tuple(study_pictures(content))), folder)


def study_page(content: StudyContent, tables: tuple[Table, ...], pictures: tuple[Picture, ...]) -> Page:
    """What the page of a study says."""
    return Page(
        template="study.html",
        title=content.title,
        byline=content.created_note,
        findings=findings(content),
        cautions=cautions(content),
        methods=methods(content),
        tables=tables,
        pictures=pictures,
        settings=content.settings,
        digests=content.digests,
        values={"chapters": _chapters(content, pictures)},
    )


def confusion_table(content: StudyContent) -> Table:
    """Every cell of every confusion matrix, for the files."""
    columns = tuple(Column(key=key, title=key) for key in ("model", "answer", "truth", "predicted", "count"))
    rows = [
        (result.name, how, truth, predicted, int(counts[i, j]))
        for result in (*content.results, *content.baselines)
        for how, answers in (("highest score", result.predictions.y_pred), ("decoded jointly", result.decoded))
        if answers is not None
        for counts in [confusion(result.predictions.y_true, answers, len(content.task.codes))]
        for i, truth in enumerate(content.task.codes)
        for j, predicted in enumerate(content.task.codes)
    ]
    return Table(name="confusion", title="Confusion matrices", columns=columns, rows=tuple(rows))


@dataclass(frozen=True, kw_only=True)
class _Chapter:
    """One model's pictures, folded away unless it leads."""

    result: ModelResult
    pictures: tuple[Picture, ...]
    lineage: tuple[str, ...]
    is_open: bool
    n_errors: int


def _chapters(content: StudyContent, pictures: tuple[Picture, ...]) -> tuple[_Chapter, ...]:
    leading = leading_model(content).name
    return tuple(
        _Chapter(
            result=result,
            pictures=tuple(picture for picture in pictures if picture.about == result.name),
            lineage=hop_lines(content.lineage.get(result.name, Lineage())),
            is_open=result.name == leading,
            n_errors=int(np.sum(result.answers != result.predictions.y_true)),
        )
        for result in content.results
    )
