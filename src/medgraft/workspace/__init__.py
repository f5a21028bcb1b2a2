"""Workspace: a project folder on disk, and what one does with it as verbs.

Enters: paths and plain values of a caller (the command line, the app, a script). Leaves: one frozen value per verb,
whose fields are plain data, so that it can be shown as a table or as JSON; progress goes to a `Report`. Must not know:
terminals, web pages, how results are shown.

Read the folders in the order in which they may import each other: `labelling`, `stacks`, `masks` and `reading` (what
a project holds and what people say of it), `kept` (what was computed, by name), `studies`, `measuring`, `models`,
`curves` and `sites` (what is computed), `demos`. Verbs that compute load torch, so they are imported from their own
files, such as `studies.running`; so is `reading.agreement`, which loads scikit-learn.
"""

from medgraft.cohort import ImportOptions, mask_codes_of
from medgraft.labels import NewToken, ReaderAccount, adjudicator
from medgraft.workspace.kept.study_list import StudyState, study_states
from medgraft.workspace.labelling.along_stack import base_to_apex, changes_of, codes_between
from medgraft.workspace.labelling.by_hand import (
    Labelled,
    accept_proposal,
    ask_opinion,
    label_boundaries,
    label_range,
    label_slice,
    labels_seen_by,
    undo_labels,
)
from medgraft.workspace.labelling.changes import LabelChanges
from medgraft.workspace.labelling.found import FoundLabels, record_found_labels
from medgraft.workspace.labelling.sheet import SheetResult, export_labels, import_labels
from medgraft.workspace.labelling.status import LabelStatus, label_status
from medgraft.workspace.labelling.worklists import WorkItem, worklist
from medgraft.workspace.masks.contour_labels import ContourLabelling, label_from_contours
from medgraft.workspace.masks.exporting import MaskFile, MasksExported, export_masks
from medgraft.workspace.masks.repairs import MaskRepairs, StackRepair, repair_masks
from medgraft.workspace.masks.returning import MaskReturned, MasksReturned, return_masks
from medgraft.workspace.masks.slice_labels import MaskLabelling, label_from_masks
from medgraft.workspace.masks.structure_sets import StructureMask, mask_from_rtstruct
from medgraft.workspace.masks.undoing import MasksUndone, StackUndone, undo_masks
from medgraft.workspace.models.networks import NetworkRow, describe_network, list_networks
from medgraft.workspace.project import Project, is_project
from medgraft.workspace.reading.adjudication import Decision, Disagreement, adjudicate, disagreements
from medgraft.workspace.reading.progress import ReaderProgress, reader_progress
from medgraft.workspace.reading.readers import add_reader, list_readers, renew_reader, sign_in, withdraw_reader
from medgraft.workspace.reading.rounds import (
    ReadingStatus,
    ReadingStep,
    close_reading,
    finish_labelled,
    finish_stack,
    list_readings,
    open_reading,
    reading_status,
    reopen_stack,
)
from medgraft.workspace.stacks.cohort_list import CohortList, StackRow, import_notes, list_cohort
from medgraft.workspace.stacks.correction import correct_stack, correct_subject
from medgraft.workspace.stacks.importing import Imported, import_images
from medgraft.workspace.stacks.phantom_folder import PhantomFolder, write_phantoms

__all__ = [
    "CohortList",
    "ContourLabelling",
    "Decision",
    "Disagreement",
    "FoundLabels",
    "ImportOptions",
    "Imported",
    "LabelChanges",
    "LabelStatus",
    "Labelled",
    "MaskFile",
    "MaskLabelling",
    "MaskRepairs",
    "MaskReturned",
    "MasksExported",
    "MasksReturned",
    "MasksUndone",
    "NetworkRow",
    "NewToken",
    "PhantomFolder",
    "Project",
    "ReaderAccount",
    "ReaderProgress",
    "ReadingStatus",
    "ReadingStep",
    "SheetResult",
    "StackRepair",
    "StackRow",
    "StackUndone",
    "StructureMask",
    "StudyState",
    "WorkItem",
    "accept_proposal",
    "add_reader",
    "adjudicate",
    "adjudicator",
    "ask_opinion",
    "base_to_apex",
    "changes_of",
    "close_reading",
    "codes_between",
    "correct_stack",
    "correct_subject",
    "describe_network",
    "disagreements",
    "export_labels",
    "export_masks",
    "finish_labelled",
    "finish_stack",
    "import_images",
    "import_labels",
    "import_notes",
    "is_project",
    "label_boundaries",
    "label_from_contours",
    "label_from_masks",
    "label_range",
    "label_slice",
    "label_status",
    "labels_seen_by",
    "list_cohort",
    "list_networks",
    "list_readers",
    "list_readings",
    "mask_codes_of",
    "mask_from_rtstruct",
    "open_reading",
    "reader_progress",
    "reading_status",
    "record_found_labels",
    "renew_reader",
    "reopen_stack",
    "repair_masks",
    "return_masks",
    "sign_in",
    "study_states",
    "undo_labels",
    "undo_masks",
    "withdraw_reader",
    "worklist",
    "write_phantoms",
]
