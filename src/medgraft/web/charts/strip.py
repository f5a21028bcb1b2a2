"""Each stack a row of coloured cells from base to apex, truth above answer, wrong ones framed."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from medgraft.core.counted import counted
from medgraft.web.charts.svg import drawing, element

_CELL, _HALF, _GAP = 34, 14, 2


@dataclass(frozen=True, kw_only=True)
class StripRow:
    """One stack. truth, answer: places of classes, from the base; link: where the stack leads."""

    subject: str
    phase: str
    truth: tuple[int, ...]
    answer: tuple[int, ...]
    link: str

    @property
    def errors(self) -> int:
        """How many slices are wrong."""
        return sum(truth != answer for truth, answer in zip(self.truth, self.answer, strict=True))


def strip(rows: Sequence[StripRow], codes: Sequence[str]) -> Markup:
    """The rows in their order, as links."""
    return Markup().join(_row(row, codes) for row in rows)


def _row(row: StripRow, codes: Sequence[str]) -> Markup:
    cells = [
        part
        for at, (truth, answer) in enumerate(zip(row.truth, row.answer, strict=True))
        for part in _pair(at, truth, answer, codes)
    ]
    words = f"{row.subject} {row.phase}: {row.errors} of {counted(len(row.truth), 'slice')} wrong"
    picture = drawing(len(row.truth) * _CELL, 2 * _HALF + 2, cells, label=words, class_="strip")
    errors = element("span", f"{row.errors}", class_="errors number", title="wrong slices")
    who = element("span", element("span", row.subject), element("span", row.phase), class_="who")
    return element("a", who, picture, errors, href=row.link, class_="strip-row")


def _pair(at: int, truth: int, answer: int, codes: Sequence[str]) -> list[Markup]:
    x, width = at * _CELL + 1, _CELL - _GAP
    parts = [
        *_cell(x, 1, width, truth, codes, written=truth != answer),
        *_cell(x, 1 + _HALF, width, answer, codes, written=True),
    ]
    if truth != answer:
        parts.append(element("rect", x=x, y=1, width=width, height=2 * _HALF, class_="frame"))
    return parts


def _cell(x: float, y: float, width: float, index: int, codes: Sequence[str], *, written: bool) -> list[Markup]:
    cell = element("rect", x=x, y=y, width=width, height=_HALF, class_=f"fill k{index}")
    if not written:  # where truth and answer are one, one of them carries the letters
        return [cell]
    text = element("text", codes[index][:4], x=x + width / 2, y=y + 10.5, text_anchor="middle", class_=f"ink k{index}")
    return [cell, text]
