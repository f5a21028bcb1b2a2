"""What was measured, as files: tables for a spreadsheet, one JSON document, pictures."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from pydantic_core import to_json

from medgraft.core.spreadsheet import write_sheet
from medgraft.evaluation import Correlation, Interval
from medgraft.measurement import AHA_SEGMENTS
from medgraft.report import BullsEye, FigureAgreement, agreement_plots, bulls_eyes, png_of
from medgraft.workspace.measuring.agreement import drawn_agreement
from medgraft.workspace.measuring.measured import Measured, MeasuredAgreement, PhaseMeasures
from medgraft.workspace.stacks.drawn_file import drawn_file

#: Tables by the field of `Measured` that they show.
_TABLES = {
    "stacks": "stacks.csv",
    "phases": "phases.csv",
    "overlaps": "overlaps.csv",
    "means": "means.csv",
    "agreement": "agreement.csv",
    "overlap": "overlap.csv",
    "left_out": "left-out.csv",
}
_AGREEMENT = "agreement.png"


def write_measured(measured: Measured, folder: Path, *, with_bulls_eyes: bool) -> tuple[str, ...]:
    """Write everything that was measured; the files.

    `measured.json` and a table for each of its lists that is not empty; `agreement.png` where a model was compared; on
    request `bulls-eyes/SUBJECT-STACK.png`, a row per phase and a column per source. Tables and `agreement.png` of what
    was measured there before, and is empty now, are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "measured.json").write_bytes(to_json(measured, indent=1, inf_nan_mode="null") + b"\n")
    tables = {folder / file: getattr(measured, field) for field, file in _TABLES.items() if getattr(measured, field)}
    for path, rows in tables.items():
        cells = [dict(_cells(row)) for row in rows]
        write_sheet(path, list(cells[0]), (row.values() for row in cells))
    pictures = {folder / name: figure for name, figure in _pictures(measured, with_bulls_eyes)}
    for path, figure in pictures.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png_of(figure))
    for name in {*_TABLES.values(), _AGREEMENT}:
        if not {folder / name} & {*tables, *pictures}:
            (folder / name).unlink(missing_ok=True)
    return tuple(map(str, (folder / "measured.json", *tables, *pictures)))


def _cells(row: Any) -> Iterator[tuple[str, object]]:
    """The columns of a row: an interval takes three, segments take seventeen, other lists are one text."""
    for name in (field.name for field in fields(row)):
        value = getattr(row, name)
        match value:
            case Interval() | Correlation():
                yield from ((f"{name}{part}", _text(end)) for part, end in _ends(value).items())
            case tuple() if name == "segments_mm":
                known = dict(enumerate(value, start=1))
                yield from ((f"segment_{number}_mm", _text(known.get(number))) for number in AHA_SEGMENTS)
            case tuple():
                yield name, "; ".join(map(_text, value))
            case _:
                yield name, _text(value)


def _ends(value: Interval | Correlation) -> Mapping[str, float]:
    return {"": value.value, "_low": value.low, "_high": value.high}


def _text(value: object) -> str:
    """Empty where nothing is known; numbers to six digits."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _pictures(measured: Measured, with_bulls_eyes: bool) -> Iterator[tuple[str, Figure]]:
    """Each picture with its place in the folder."""
    if measured.agreement:
        yield _AGREEMENT, agreement_plots([_titled(one) for one in measured.agreement])
    parted = [row for row in measured.phases if any(row.segments_mm)] if with_bulls_eyes else []
    for stack in dict.fromkeys(row.stack for row in parted):
        own = [row for row in parted if row.stack == stack]
        eyes = [_eye([row for row in own if row.phase == phase]) for phase in dict.fromkeys(row.phase for row in own)]
        yield f"bulls-eyes/{drawn_file(own[0].subject, stack)}", bulls_eyes(eyes)


def _eye(rows: Sequence[PhaseMeasures]) -> BullsEye:
    by_source: dict[str, NDArray[np.float64]] = {row.source: np.array(row.segments_mm, float) for row in rows}
    return BullsEye(subject=rows[0].subject, phase=rows[0].phase, by_source=by_source)


def _titled(agreement: MeasuredAgreement) -> FigureAgreement:
    return FigureAgreement(title=agreement.figure, unit=agreement.unit, **vars(drawn_agreement(agreement)))
