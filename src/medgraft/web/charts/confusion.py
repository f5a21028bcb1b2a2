"""A confusion matrix as a table whose cells lead to their images."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from medgraft.core.counted import counted
from medgraft.web.charts.svg import element

#: Steps of shade, the style sheet's `.shade0` to `.shade10`.
_SHADES = 10


def confusion_table(counts: NDArray[Any], codes: Sequence[str], *, link: Callable[[int, int], str]) -> Markup:
    """Rows are the truth, columns the answer; a cell holds its count and its share of the row.

    Args:
        counts: (K, K) of images.
        codes: of the K classes.
        link: where the cell of a truth and an answer leads.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    def cell(truth: int, answer: int) -> Markup:
        count = int(counts[truth, answer])
        words = f"{counted(count, 'image')} of {codes[truth]} answered as {codes[answer]}"
        return _cell(count, float(shares[truth, answer]), wrong=truth != answer, link=link(truth, answer), words=words)

    head = element("tr", element("td"), *(_head(code, at, "col") for at, code in enumerate(codes)))
    rows = [
        element("tr", _head(code, truth, "row"), *(cell(truth, answer) for answer in range(len(codes))))
        for truth, code in enumerate(codes)
    ]
    return element("table", element("thead", head), element("tbody", *rows), class_="confusion number")


def _head(code: str, at: int, scope: str) -> Markup:
    return element("th", element("span", code, class_=f"chip k{at}"), scope=scope)


def _cell(count: int, share: float, *, wrong: bool, link: str, words: str) -> Markup:
    kind = f"shade{round(share * _SHADES)}" + (" wrong" if wrong else "")
    inside = (element("b", f"{count:,}"), element("small", f"{share:.0%}"))
    if not count:
        return element("td", element("span", *inside), class_=kind)
    return element("td", element("a", *inside, href=link, aria_label=words), class_=kind)
