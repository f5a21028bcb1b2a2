"""Figures and the self-contained HTML report.

Enters: `StudyContent`, `CurveContent`, or arrays of one stack. Leaves: a folder with the page, its pictures and its
numbers, or a matplotlib `Figure`. Must not know: how anything was trained, DICOM, databases, torch.
"""

from medgraft.report.agreement import Agreement, FigureAgreement
from medgraft.report.curve.content import (
    CurveContent,
    CurveDifference,
    CurveFigure,
    ModelKey,
    Overlay,
    Plane,
    Recipe,
    RuleAnswer,
    SubjectFigure,
    TrainingCurve,
    VolumeAgreement,
    WallAgreement,
    WallDifference,
)
from medgraft.report.curve.document import write_curve_report
from medgraft.report.figures import MaskedSlice, agreement_plots, bulls_eyes, mask_sheet
from medgraft.report.page import WrittenReport
from medgraft.report.study.cams import cam_sheet
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
from medgraft.report.study.findings import against_baseline
from medgraft.report.study.stack_sheet import stack_sheet
from medgraft.report.style import png_of
from medgraft.report.tables import PlainRows
from medgraft.report.wall import BullsEye, Surface

__all__ = [
    "Agreement",
    "BullsEye",
    "CamExample",
    "Comparison",
    "CurveContent",
    "CurveDifference",
    "CurveFigure",
    "FigureAgreement",
    "FoldCurves",
    "MaskedSlice",
    "MinutesRow",
    "ModelKey",
    "ModelResult",
    "NetworkRow",
    "Overlay",
    "PlainRows",
    "Plane",
    "Recipe",
    "RuleAnswer",
    "SplitCounts",
    "StudyContent",
    "SubjectFigure",
    "Surface",
    "TrainingCurve",
    "VolumeAgreement",
    "WallAgreement",
    "WallDifference",
    "WrittenReport",
    "against_baseline",
    "agreement_plots",
    "bulls_eyes",
    "cam_sheet",
    "mask_sheet",
    "png_of",
    "stack_sheet",
    "write_curve_report",
    "write_report",
]
