"""A report on disk: one self-contained HTML page, the figures as PNG, the tables as CSV and JSON."""

import base64
import hashlib
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
from medgraft.report.tables import Table, bounds, exact, shown, write_csv, write_json

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


def write_page(page: Page, folder: Path) -> Path:
    """Write `report.html`, `figures/*.png`, `tables/*.csv` and `tables/report.json`; gives the page's path.

    Equal content gives equal files. The page needs nothing beside itself and asks for nothing from the network.
    """
    for name in ("figures", "tables"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for picture in page.pictures:
        (folder / "figures" / f"{picture.name}.png").write_bytes(picture.png)
    for table in page.tables:
        write_csv(table, folder / "tables" / f"{table.name}.csv")
    write_json(page.tables, folder / "tables" / "report.json")
    file = folder / "report.html"
    with whole_file(file) as draft:  # it comes last: where there is a page, all that it names is there
        draft.write_text(render(page), encoding="utf-8")
    return file


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
