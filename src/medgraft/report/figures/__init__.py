"""The figures, one family per file.

Enters: values of a content (`study.content`, `curve.content`) and arrays. Leaves: matplotlib `Figure`s that no other
code has seen. Must not know: HTML, files, pyplot.
"""

from medgraft.report.figures.agreement import agreement_plots
from medgraft.report.figures.bulls_eye import bulls_eyes
from medgraft.report.figures.cams import cam_matrix, cam_sheet
from medgraft.report.figures.class_counts import class_counts
from medgraft.report.figures.confusion import confusion_matrices
from medgraft.report.figures.curves import curves_at_rate, curves_by_rate
from medgraft.report.figures.feature_map import feature_maps
from medgraft.report.figures.headline import headline
from medgraft.report.figures.learning_curves import learning_curves
from medgraft.report.figures.mask_overlays import mask_overlays
from medgraft.report.figures.mask_trainings import mask_trainings
from medgraft.report.figures.stack_sheet import stack_sheet
from medgraft.report.figures.subject_strip import subject_strip
from medgraft.report.figures.surface_views import surface_views
from medgraft.report.figures.wall_agreement import wall_agreement

__all__ = [
    "agreement_plots",
    "bulls_eyes",
    "cam_matrix",
    "cam_sheet",
    "class_counts",
    "confusion_matrices",
    "curves_at_rate",
    "curves_by_rate",
    "feature_maps",
    "headline",
    "learning_curves",
    "mask_overlays",
    "mask_trainings",
    "stack_sheet",
    "subject_strip",
    "surface_views",
    "wall_agreement",
]
