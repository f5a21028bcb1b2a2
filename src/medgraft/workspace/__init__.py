"""Workspace: a project folder on disk, and what one does with it as verbs.

Enters: paths and plain values of a caller (the command line, the app, a script). Leaves: one frozen value per verb,
whose fields are plain data, so that it can be shown as a table or as JSON; progress goes to a `Report`. Must not know:
terminals, web pages, how results are shown.

Verbs that compute load torch, so they are imported from their own files: `studying`, `reporting`, `predicting`,
`explaining`, `demonstration`, `study_request`, `packing`, `measuring`; so is `reading_agreement`, which loads
scikit-learn.
"""

from medgraft.cohort import ImportOptions, mask_codes_of
from medgraft.labels import NewToken, ReaderAccount, adjudicator
from medgraft.workspace.adjudication import Decision, Disagreement, adjudicate, disagreements
from medgraft.workspace.along_stack import base_to_apex, changes_of, codes_between
from medgraft.workspace.cohort_list import CohortList, StackRow, import_notes, list_cohort
from medgraft.workspace.contour_labels import ContourLabelling, label_from_contours
from medgraft.workspace.correction import correct_stack, correct_subject
from medgraft.workspace.found_labels import FoundLabels, record_found_labels
from medgraft.workspace.importing import Imported, import_images
from medgraft.workspace.label_changes import LabelChanges
from medgraft.workspace.label_sheet import SheetResult, export_labels, import_labels
from medgraft.workspace.label_status import LabelStatus, label_status
from medgraft.workspace.labelling import (
    Labelled,
    accept_proposal,
    ask_opinion,
    label_boundaries,
    label_range,
    label_slice,
    labels_seen_by,
    undo_labels,
)
from medgraft.workspace.mask_labels import MaskLabelling, label_from_masks
from medgraft.workspace.mask_repairs import MaskRepairs, StackRepair, repair_masks
from medgraft.workspace.network_list import NetworkRow, describe_network, list_networks
from medgraft.workspace.phantom_folder import PhantomFolder, write_phantoms
from medgraft.workspace.project import Project, is_project
from medgraft.workspace.readers import add_reader, list_readers, renew_reader, sign_in, withdraw_reader
from medgraft.workspace.reading import (
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
from medgraft.workspace.reading_progress import ReaderProgress, reader_progress
from medgraft.workspace.structure_masks import StructureMask, mask_from_rtstruct
from medgraft.workspace.study_list import StudyState, study_states
from medgraft.workspace.worklists import WorkItem, worklist

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
    "MaskLabelling",
    "MaskRepairs",
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
    "sign_in",
    "study_states",
    "undo_labels",
    "withdraw_reader",
    "worklist",
    "write_phantoms",
]
