"""Labels: who said what about which slice, when and from where; nothing is ever overwritten.

Enters: what readers say, masks, contours, CSV files. Leaves: one code per unit (`LabelStore.table`), with the units
on which readers disagree kept apart (`LabelStore.conflicts`); masks filled from contours; repaired masks and what was
changed in them. Readers have accounts (`Accounts`) and label in rounds, blind to each other until all are done
(`Readings`).
Must not know: the cohort (stacks are only ids here), pixels of images, networks.
"""

from medgraft.labels.accounts import Accounts, NewToken, ReaderAccount, Role
from medgraft.labels.contours import ContourMasks, fill_contour, masks_from_contours, read_contour_file
from medgraft.labels.event import LabelAct, LabelEvent, adjudicator
from medgraft.labels.mask_repair import (
    MASK_REPAIRS,
    PAPER_REPAIR,
    MaskChange,
    MaskRepair,
    RepairedMask,
    RepairStep,
    repair_mask,
    repair_step,
)
from medgraft.labels.masks import MASK_RULES, MaskLabels, MaskRule, count_by_rule, labels_from_mask, mask_rule
from medgraft.labels.opinions import OpinionAsked, opinions_asked, record_opinion
from medgraft.labels.planar_contours import ROI_NAMES, ContourGrid, masks_from_planar_contours, plain_name
from medgraft.labels.reading import Reading, ReadingEvent
from medgraft.labels.readings import Readings
from medgraft.labels.sheet import SheetImport, export_csv, import_csv
from medgraft.labels.store import LabelStore

__all__ = [
    "MASK_REPAIRS",
    "MASK_RULES",
    "PAPER_REPAIR",
    "ROI_NAMES",
    "Accounts",
    "ContourGrid",
    "ContourMasks",
    "LabelAct",
    "LabelEvent",
    "LabelStore",
    "MaskChange",
    "MaskLabels",
    "MaskRepair",
    "MaskRule",
    "NewToken",
    "OpinionAsked",
    "ReaderAccount",
    "Reading",
    "ReadingEvent",
    "Readings",
    "RepairStep",
    "RepairedMask",
    "Role",
    "SheetImport",
    "adjudicator",
    "count_by_rule",
    "export_csv",
    "fill_contour",
    "import_csv",
    "labels_from_mask",
    "mask_rule",
    "masks_from_contours",
    "masks_from_planar_contours",
    "opinions_asked",
    "plain_name",
    "read_contour_file",
    "record_opinion",
    "repair_mask",
    "repair_step",
]
