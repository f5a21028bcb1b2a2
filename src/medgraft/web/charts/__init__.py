"""Charts of our own: small SVG and tables made on the server, coloured by the style sheet, readable without colour.

Enters: plain numbers. Leaves: markup that may be put into a page. Must not know: studies on disk, requests.
Class colours come from `.k0`, `.k1` ... of a page's own style sheet (`class_colours`); letters go with each.
"""

from medgraft.web.charts.colours import class_colours
from medgraft.web.charts.confusion import confusion_table
from medgraft.web.charts.curves import rate_curves
from medgraft.web.charts.sparkline import sparkline
from medgraft.web.charts.strip import StripRow, strip
from medgraft.web.charts.whisker import difference_whisker, reach_of, whisker

__all__ = [
    "StripRow",
    "class_colours",
    "confusion_table",
    "difference_whisker",
    "rate_curves",
    "reach_of",
    "sparkline",
    "strip",
    "whisker",
]
