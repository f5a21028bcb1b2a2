"""Labels: who said what about which slice, when and from where; nothing is ever overwritten.

Enters: what readers say, masks, contour files, CSV files. Leaves: one code per unit (`LabelStore.table`), with the
units on which readers disagree kept apart (`LabelStore.conflicts`), and masks filled from contours.
Must not know: the cohort (stacks are only ids here), pixels of images, networks.
"""

from medgraft.labels.contours import ContourMasks, fill_contour, masks_from_contours, read_contour_file
from medgraft.labels.event import LabelEvent
from medgraft.labels.masks import MASK_RULES, MaskLabels, MaskRule, count_by_rule, labels_from_mask
from medgraft.labels.sheet import SheetImport, export_csv, import_csv
from medgraft.labels.store import LabelStore

__all__ = [
    "MASK_RULES",
    "ContourMasks",
    "LabelEvent",
    "LabelStore",
    "MaskLabels",
    "MaskRule",
    "SheetImport",
    "count_by_rule",
    "export_csv",
    "fill_contour",
    "import_csv",
    "labels_from_mask",
    "masks_from_contours",
    "read_contour_file",
]
