"""A report on disk: one self-contained HTML page, the figures as PNG, the tables as CSV and JSON."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from medgraft.core.counted import counted
from medgraft.core.files import whole_file
from medgraft.report.finding import Finding
from medgraft.report.picture import Picture
from medgraft.report.tables import PlainRows, Table, bounds, exact, plain_tables, shown, write_csv

#: Lists what a report wrote, so that the next one in the same folder takes away what it does not write again.
_FILES = "files.json"
_FOLDERS = ("figures", "tables")
_OURS = re.compile(r"figures/[^/\\]+\.png|tables/[^/\\]+\.(csv|json)")

_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s,;)]+[^\s,;).])")


@dataclass(frozen=True, kw_only=True)
class Page:
    """What any report has.

    template: its own one, in `templates`. scripts: names of files there, run in this order. tables, pictures: also
    written as files. values: what only this template asks for.
    """

    template: str
    title: str
    byline: str
    findings: tuple[Finding, ...]
    cautions: tuple[Finding, ...]
    methods: tuple[str, ...]
    tables: tuple[Table, ...]
    pictures: tuple[Picture, ...]
    settings: str
    digests: Mapping[str, str]
    scripts: tuple[str, ...] = ("report.js",)
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WrittenReport:
    """A report as it lies on disk, and what it says.

    page: the HTML file. files: all that was written, seen from its folder. findings, cautions: as sentences, in the
    page's order. tables: rows by table, with the numbers of the CSV files.
    """

    page: Path
    files: tuple[str, ...]
    findings: tuple[str, ...]
    cautions: tuple[str, ...]
    tables: Mapping[str, PlainRows]


def write_page(page: Page, folder: Path) -> WrittenReport:
    """Write `report.html`, `figures/*.png`, `tables/*.csv`, `tables/report.json`, and their list `files.json`.

    Equal content gives equal files. The page needs nothing beside itself and asks for nothing from the network. What an
    earlier report listed and this one does not write is removed; other files in the folder stay as they are.
    """
    files = _files_of(page)
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for old in _listed(folder) - set(files):
        (folder / old).unlink(missing_ok=True)
    (folder / _FILES).write_text(json.dumps(files, indent=1) + "\n", encoding="utf-8")
    for picture in page.pictures:
        (folder / "figures" / f"{picture.name}.png").write_bytes(picture.png)
    for table in page.tables:
        write_csv(table, folder / "tables" / f"{table.name}.csv")
    tables = plain_tables(page.tables)
    text = json.dumps(tables, indent=1, ensure_ascii=False) + "\n"
    (folder / "tables" / "report.json").write_text(text, encoding="utf-8")
    file = folder / "report.html"
    with whole_file(file) as draft:  # it comes last: where there is a page, all that it names is there
        draft.write_text(render(page), encoding="utf-8")
    return WrittenReport(
        page=file,
        files=files,
        findings=tuple(finding.text for finding in page.findings),
        cautions=tuple(finding.text for finding in page.cautions),
        tables=tables,
    )


def render(page: Page) -> str:
    """The page as text."""
    style = _asset("report.css")
    script = "\n".join(_asset(name) for name in page.scripts)
    return _TEMPLATES.get_template(page.template).render(
        page=page,
        tables={table.name: table for table in page.tables},
        pictures={picture.name: picture for picture in page.pictures},
        style=Markup(style),  # noqa: S704 - our own file, not input
        script=Markup(script),  # noqa: S704 - our own files, not input
        policy=f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}",
        **page.values,
    )


def linked(text: str) -> Markup:
    """Text with its DOIs as links; everything else escaped.

    >>> str(linked("doi 10.1/x & y"))
    'doi 10.1/x &amp; y'
    """
    parts = _DOI.split(text)
    link = Markup('<a href="https://doi.org/{0}">{0}</a>')
    return Markup("").join(link.format(part) if i % 2 else part for i, part in enumerate(parts))


def _files_of(page: Page) -> tuple[str, ...]:
    return (
        "report.html",
        _FILES,
        *(f"figures/{picture.name}.png" for picture in page.pictures),
        *(f"tables/{table.name}.csv" for table in page.tables),
        "tables/report.json",
    )


def _listed(folder: Path) -> set[str]:
    """Pictures and tables that an earlier report listed; nothing outside its two folders, whatever the list says."""
    try:
        listed = json.loads((folder / _FILES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return set(filter(_OURS.fullmatch, map(str, listed if isinstance(listed, list) else [])))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _asset(name: str) -> str:
    return _TEMPLATES.get_template(name).render()


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


_TEMPLATES = Environment(
    loader=PackageLoader("medgraft.report"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_TEMPLATES.globals.update(shown=shown, bounds=bounds, exact=exact, data_uri=_data_uri, linked=linked, counted=counted)
