"""Cohort: which subjects, series and stacks there are, where their pixels lie, and how they came in.

Enters: folders of DICOM, NIfTI and pictures in the layouts of `importers`. Leaves: `StackEntry`, pixels and masks
memory-mapped, labels that came with the images, and the repair log. Must not know: tasks, folds,
networks, the label store.
"""

from medgraft.cohort.cohort import Cohort
from medgraft.cohort.found import FoundLabel, LabelledStack, entry_of
from medgraft.cohort.import_history import ImportRecord
from medgraft.cohort.importing import import_source, layouts
from medgraft.cohort.options import ImportOptions, mask_codes_of
from medgraft.cohort.phases import phases_from_csv, set_phases
from medgraft.cohort.pixel_store import PixelStore
from medgraft.cohort.pseudonym import Pseudonyms
from medgraft.cohort.removal import RemovedError, speaks_about
from medgraft.cohort.spacing import Spacing, millimetres, same_spacing

__all__ = [
    "Cohort",
    "FoundLabel",
    "ImportOptions",
    "ImportRecord",
    "LabelledStack",
    "PixelStore",
    "Pseudonyms",
    "RemovedError",
    "Spacing",
    "entry_of",
    "import_source",
    "layouts",
    "mask_codes_of",
    "millimetres",
    "phases_from_csv",
    "same_spacing",
    "set_phases",
    "speaks_about",
]
