"""Workspace: a project folder on disk, and what one does with it as verbs.

Enters: paths and plain values of a caller (the command line, the app, a script). Leaves: one frozen value per verb,
whose fields are plain data, so that it can be shown as a table or as JSON; progress goes to a `Report`. Must not know:
terminals, web pages, how results are shown.

Verbs that compute load torch, so they are imported from their own files: `studying`, `reporting`, `predicting`,
`explaining`, `demonstration`, `study_request`.
"""

from medgraft.cohort import ImportOptions
from medgraft.workspace.cohort_list import CohortList, StackRow, import_notes, list_cohort
from medgraft.workspace.contour_labels import ContourLabelling, label_from_contours
from medgraft.workspace.correction import correct_stack, correct_subject
from medgraft.workspace.found_labels import FoundLabels, record_found_labels
from medgraft.workspace.importing import Imported, import_images
from medgraft.workspace.label_changes import LabelChanges
from medgraft.workspace.label_sheet import SheetResult, export_labels, import_labels
from medgraft.workspace.label_status import LabelStatus, label_status
from medgraft.workspace.mask_labels import MaskLabelling, label_from_masks
from medgraft.workspace.network_list import NetworkRow, describe_network, list_networks
from medgraft.workspace.phantom_folder import PhantomFolder, write_phantoms
from medgraft.workspace.project import Project, is_project
from medgraft.workspace.study_list import StudyState, study_states

__all__ = [
    "CohortList",
    "ContourLabelling",
    "FoundLabels",
    "ImportOptions",
    "Imported",
    "LabelChanges",
    "LabelStatus",
    "MaskLabelling",
    "NetworkRow",
    "PhantomFolder",
    "Project",
    "SheetResult",
    "StackRow",
    "StudyState",
    "correct_stack",
    "correct_subject",
    "describe_network",
    "export_labels",
    "import_images",
    "import_labels",
    "import_notes",
    "is_project",
    "label_from_contours",
    "label_from_masks",
    "label_status",
    "list_cohort",
    "list_networks",
    "record_found_labels",
    "study_states",
    "write_phantoms",
]
