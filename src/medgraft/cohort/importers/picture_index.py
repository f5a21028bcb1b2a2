"""The index CSV of a folder of pictures: which columns there are, and one value per line."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from medgraft.cohort.importers.picture_masks import CONTOUR_COLUMNS
from medgraft.core.errors import InputError
from medgraft.core.spreadsheet import columns_of, read_sheet

COLUMNS = ("path", "subject", "label")
OPTIONAL_COLUMNS = ("split", "site", "series", "phase", "slice", *CONTOUR_COLUMNS)
#: Other names that tables use; slices counted from the base say where the base is.
FROM_BASE = "slice_from_base"
ALIASES = {"image": "path", "patient": "subject", FROM_BASE: "slice"}
_PATHS = ("path", *CONTOUR_COLUMNS)


@dataclass(frozen=True, kw_only=True)
class IndexRow:
    """One line of the index; an empty cell is ""."""

    path: str
    subject: str
    label: str = ""
    split: str = ""
    site: str = ""
    series: str = ""
    phase: str = ""
    slice: str = ""
    endocardium: str = ""
    epicardium: str = ""
    from_base: bool = False

    @property
    def contours(self) -> dict[str, str]:
        """Paths of its contours' pictures by column."""
        return {column: path for column in CONTOUR_COLUMNS if (path := getattr(self, column))}


def is_index(path: Path) -> bool:
    """Whether a CSV has the columns that every index has, by their names or other ones."""
    return {"path", "subject"} <= set(_names(columns_of(path)))


def read_index(index: Path) -> list[IndexRow]:
    """The lines of an index CSV. Raises `InputError` if it cannot be read or lacks a column."""
    sheet = read_sheet(index)
    header = _names(sheet.columns)
    missing = [name for name in ("path", "subject") if name not in header]
    if missing:
        raise InputError(
            f"Expected the columns {', '.join(COLUMNS)} [, {', '.join(OPTIONAL_COLUMNS)}] in {index.name}, "
            f"got {', '.join(header)}. Add {', '.join(missing)}: without subjects a patient could be in two folds."
        )
    from_base = FROM_BASE in [name.lower() for name in sheet.columns] and FROM_BASE not in header
    column_of = dict(zip(header, sheet.columns, strict=True))
    return [_row({name: cells[column] for name, column in column_of.items()}, from_base) for _, cells in sheet.rows]


def _row(cells: dict[str, str], from_base: bool) -> IndexRow:
    known = {name: cells[name] for name in (*COLUMNS, *OPTIONAL_COLUMNS) if name in cells}
    return IndexRow(**known | {name: _posix(known[name]) for name in _PATHS if name in known}, from_base=from_base)


def _posix(path: str) -> str:
    """A path as files of the source are called, whatever system the index was written on."""
    return PureWindowsPath(path).as_posix() if path else ""


def _names(columns: Iterable[str]) -> list[str]:
    """Names of columns as this layout calls them; another name counts only where the first one is missing."""
    names = [name.lower() for name in columns]
    return [ALIASES[name] if name in ALIASES and ALIASES[name] not in names else name for name in names]
