"""The report on disk: one self-contained HTML page, the figures as PNG, the tables as CSV and JSON."""

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from medgraft.evaluation import confusion
from medgraft.report.content import ModelResult, StudyContent
from medgraft.report.findings import cautions, findings, leading_model
from medgraft.report.methods import methods
from medgraft.report.pictures import Picture, study_pictures
from medgraft.report.study_tables import study_tables
from medgraft.report.tables import Column, Table, bounds, exact, shown, write_csv, write_json

_TEMPLATES = Environment(
    loader=PackageLoader("medgraft.report"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s,;)]+[^\s,;).])")


def write_report(content: StudyContent, folder: Path) -> Path:
    """Write `report.html`, `figures/*.png`, `tables/*.csv` and `tables/report.json`; gives the page's path.

    Equal content gives equal files. The page needs nothing beside itself and asks for nothing from the network.
    """
    tables = (*study_tables(content), confusion_table(content))
    pictures = tuple(study_pictures(content))
    for name in ("figures", "tables"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        (folder / "figures" / f"{picture.name}.png").write_bytes(picture.png)
    for table in tables:
        write_csv(table, folder / "tables" / f"{table.name}.csv")
    write_json(tables, folder / "tables" / "report.json")
    page = folder / "report.html"
    page.write_text(render(content, tables, pictures), encoding="utf-8")
    return page


def render(content: StudyContent, tables: tuple[Table, ...], pictures: tuple[Picture, ...]) -> str:
    """The page as text."""
    style, script = _asset("report.css"), _asset("report.js")
    return _TEMPLATES.get_template("report.html").render(
        content=content,
        findings=findings(content),
        cautions=cautions(content),
        methods=methods(content),
        tables={table.name: table for table in tables},
        pictures={picture.name: picture for picture in pictures if not picture.model},
        chapters=_chapters(content, pictures),
        style=Markup(style),  # noqa: S704 - our own file, not input
        script=Markup(script),  # noqa: S704 - our own file, not input
        policy=_policy(style, script),
        shown=shown,
        bounds=bounds,
        exact=exact,
        data_uri=_data_uri,
        linked=_linked,
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
            pictures=tuple(picture for picture in pictures if picture.model == result.name),
            lineage=_hops(content, result.name),
            is_open=result.name == leading,
            n_errors=int(np.sum(result.answers != result.predictions.y_true)),
        )
        for result in content.results
    )


def _hops(content: StudyContent, name: str) -> tuple[str, ...]:
    lineage = content.lineage.get(name)
    hops = lineage.hops if lineage else ()
    return tuple(
        f"{hop.what}{f' ({hop.licence})' if hop.licence else ''}, weights {hop.weights_digest[:12]}" for hop in hops
    )


def _policy(style: str, script: str) -> str:
    return f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _asset(name: str) -> str:
    return _TEMPLATES.get_template(name).render()


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _linked(text: str) -> Markup:
    """Text with its DOIs as links; everything else escaped."""
    parts = _DOI.split(text)
    link = Markup('<a href="https://doi.org/{0}">{0}</a>')
    return Markup("").join(link.format(part) if i % 2 else part for i, part in enumerate(parts))
