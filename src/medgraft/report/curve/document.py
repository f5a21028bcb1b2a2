"""The page of a learning curve."""

from pathlib import Path

from medgraft.report.curve.content import CurveContent
from medgraft.report.curve.findings import cautions, findings
from medgraft.report.curve.meshes import meshes
from medgraft.report.curve.methods import methods
from medgraft.report.curve.pictures import curve_pictures
from medgraft.report.curve.tables import curve_tables
from medgraft.report.lineage import hop_lines
from medgraft.report.page import Page, WrittenReport, write_page
from medgraft.report.picture import Picture
from medgraft.report.tables import Table

#: Beginnings of the names of pictures that show the wall.
_WALL = ("wall-", "surfaces", "bulls-eyes")


def write_curve_report(content: CurveContent, folder: Path) -> WrittenReport:
    """Write the report of a learning curve as `page.write_page` says."""
    return write_page(curve_page(content, curve_tables(content), tuple(curve_pictures(content))), folder)


def curve_page(content: CurveContent, tables: tuple[Table, ...], pictures: tuple[Picture, ...]) -> Page:
    """What the page of a learning curve says."""
    return Page(
        template="curve.html",
        title=content.title,
        byline=content.created_note,
        findings=findings(content),
        cautions=cautions(content),
        methods=methods(content),
        tables=tables,
        pictures=pictures,
        settings=content.settings,
        digests=content.digests,
        scripts=("report.js", "surface.js") if content.surfaces else ("report.js",),
        values={
            "walls": [picture.name for picture in pictures if picture.name.startswith("wall-")],
            "has_wall": any(picture.name.startswith(_WALL) for picture in pictures),
            "overlays": [picture.name for picture in pictures if picture.name.startswith("overlay-")],
            "meshes": meshes(content.surfaces) if content.surfaces else None,
            "lineage": {name: hop_lines(lineage) for name, lineage in content.lineage.items()},
        },
    )
