"""Labels: who said what about which slice, when and from where; nothing is ever overwritten.

Enters: what readers say, masks, contour files, CSV files. Leaves: one code per unit (`LabelStore.table`), with the
units on which readers disagree kept apart (`LabelStore.conflicts`), and masks filled from contours. Readers have
accounts (`Accounts`) and label in rounds, blind to each other until all are done (`Readings`).
Must not know: the cohort (stacks are only ids here), pixels of images, networks.
"""

from medgraft.labels.accounts import Accounts, NewToken, ReaderAccount, Role
from medgraft.labels.contours import ContourMasks, fill_contour, masks_from_contours, read_contour_file
from medgraft.labels.event import LabelAct, LabelEvent, adjudicator
from medgraft.labels.masks import MASK_RULES, MaskLabels, MaskRule, count_by_rule, labels_from_mask
from medgraft.labels.opinions import OpinionAsked, opinions_asked, record_opinion
from medgraft.labels.reading import Reading, ReadingEvent
from medgraft.labels.readings import Readings
from medgraft.labels.sheet import SheetImport, export_csv, import_csv
from medgraft.labels.store import LabelStore

__all__ = [
    "MASK_RULES",
    "Accounts",
    "ContourMasks",
    "LabelAct",
    "LabelEvent",
    "LabelStore",
    "MaskLabels",
    "MaskRule",
    "NewToken",
    "OpinionAsked",
    "ReaderAccount",
    "Reading",
    "ReadingEvent",
    "Readings",
    "Role",
    "SheetImport",
    "adjudicator",
    "count_by_rule",
    "export_csv",
    "fill_contour",
    "import_csv",
    "labels_from_mask",
    "masks_from_contours",
    "opinions_asked",
    "read_contour_file",
    "record_opinion",
]
