"""Figures and the self-contained HTML report.

Enters: `StudyContent`, or arrays of one stack. Leaves: a folder with the page, its pictures and its numbers, or a
matplotlib `Figure`. Must not know: how anything was trained, DICOM, databases, torch.
"""

from medgraft.report.figures import cam_sheet, stack_sheet
from medgraft.report.study.content import (
    CamExample,
    Comparison,
    FoldCurves,
    MinutesRow,
    ModelResult,
    NetworkRow,
    SplitCounts,
    StudyContent,
)
from medgraft.report.study.document import write_report
from medgraft.report.style import png_of

__all__ = [
    "CamExample",
    "Comparison",
    "FoldCurves",
    "MinutesRow",
    "ModelResult",
    "NetworkRow",
    "SplitCounts",
    "StudyContent",
    "cam_sheet",
    "png_of",
    "stack_sheet",
    "write_report",
]
