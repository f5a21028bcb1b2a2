"""The table of a study's figures on one set, decided in one way: the paper's Table 2, every figure with interval."""

from dataclasses import dataclass

from medgraft.core.predictions import HEADLINE
from medgraft.web.pages.studies import BASELINES
from medgraft.workspace.kept.study_results import Figure, ResultLine, StudyResults

#: Figures of the whole, after those of the classes.
_OVERALL = (
    (HEADLINE, "Macro F1"),
    ("auc_micro", "AUC, micro"),
    ("auc_weighted", "AUC, weighted"),
    ("accuracy", "Accuracy"),
    ("soft_accuracy", "Soft accuracy"),
)


@dataclass(frozen=True, kw_only=True)
class FigureCell:
    """A figure; best: the highest of its column, as it is shown."""

    figure: Figure | None
    best: bool


@dataclass(frozen=True, kw_only=True)
class FigureRow:
    """One model or baseline. model: its id, "" for a baseline."""

    title: str
    model: str
    depth: str
    weights: str
    is_best: bool
    cells: tuple[FigureCell, ...]


@dataclass(frozen=True, kw_only=True)
class ResultTable:
    """Rows under columns (key and title)."""

    on: str
    subjects: int
    images: int
    columns: tuple[tuple[str, str], ...]
    rows: tuple[FigureRow, ...]


def result_table(results: StudyResults, on: str, decision: str) -> ResultTable:
    """All models, then the baselines that see no pixels."""
    lines = [line for line in results.lines if (line.on, line.decision) == (on, decision)]
    f1 = [(f"f1_{code}", f"F1 {code}") for code in results.task.codes]
    columns = tuple((key, title) for key, title in (*f1, *_OVERALL) if any(key in line.figures for line in lines))
    tops = {key: _highest(lines, key) for key, _ in columns}
    return ResultTable(
        on=on,
        subjects=lines[0].subjects if lines else 0,
        images=lines[0].images if lines else 0,
        columns=columns,
        rows=tuple(_row(results, line, columns, tops) for line in lines),
    )


def _row(
    results: StudyResults, line: ResultLine, columns: tuple[tuple[str, str], ...], tops: dict[str, float | None]
) -> FigureRow:
    model = next((model for model in results.models if model.title == line.title), None)
    return FigureRow(
        title=model.model if model else BASELINES.get(line.title, line.title),
        model=model.id if model else "",
        depth=model.depth if model else "",
        weights=_kind(model.weights) if model else "no pixels",
        is_best=model is not None and model.id == results.best,
        cells=tuple(_cell(line.figures.get(key), tops[key]) for key, _ in columns),
    )


def _kind(weights: str) -> str:
    return "random" if weights == "random" else "pretrained"


def _cell(figure: Figure | None, top: float | None) -> FigureCell:
    shown = _shown(figure)
    return FigureCell(figure=figure, best=shown is not None and shown == top)


def _highest(lines: list[ResultLine], key: str) -> float | None:
    shown = [_shown(line.figures.get(key)) for line in lines]
    return max((value for value in shown if value is not None), default=None)


def _shown(figure: Figure | None) -> float | None:
    return None if figure is None or figure.value is None else round(figure.value, 2)
