"""The index CSV of a folder of pictures: which columns there are, and one value per line."""

import csv
from dataclasses import dataclass
from pathlib import Path

from medgraft.cohort.importers.picture_masks import CONTOUR_COLUMNS
from medgraft.core.errors import InputError, reason

COLUMNS = ("path", "subject", "label")
OPTIONAL_COLUMNS = ("split", "site", "series", "phase", "slice", *CONTOUR_COLUMNS)
#: Other names that tables use; slices counted from the base say where the base is.
FROM_BASE = "slice_from_base"
ALIASES = {"image": "path", "patient": "subject", FROM_BASE: "slice"}


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
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return {"path", "subject"} <= set(_names(next(csv.reader(file), [])))
    except (OSError, UnicodeDecodeError, csv.Error):
        return False


def read_index(index: Path) -> list[IndexRow]:
    """The lines of an index CSV. Raises `InputError` if it cannot be read or lacks a column."""
    try:
        with index.open(newline="", encoding="utf-8-sig") as file:
            lines = [[cell.strip() for cell in line] for line in csv.reader(file) if any(line)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"Expected an index CSV that can be read, got {index.name}: {reason(error)}.") from error
    header = _names(lines[0]) if lines else []
    missing = [name for name in ("path", "subject") if name not in header]
    if missing:
        raise InputError(
            f"Expected the columns {', '.join(COLUMNS)} [, {', '.join(OPTIONAL_COLUMNS)}] in {index.name}, "
            f"got {', '.join(header)}. Add {', '.join(missing)}: without subjects a patient could be in two folds."
        )
    known = {*COLUMNS, *OPTIONAL_COLUMNS}
    from_base = FROM_BASE in [name.lower() for name in lines[0]] and FROM_BASE not in header
    cells = [{k: v for k, v in zip(header, line, strict=False) if k in known} for line in lines[1:]]
    return [IndexRow(**row, from_base=from_base) for row in cells]


def _names(header: list[str]) -> list[str]:
    """Names of columns as this layout calls them; another name counts only where the first one is missing."""
    names = [name.strip().lower() for name in header]
    return [ALIASES[name] if name in ALIASES and ALIASES[name] not in names else name for name in names]
