"""Importers: one file per layout, found in the table below; the first that recognises a folder reads it.

Enters: a `Source`. Leaves: `FoundStack` (or `LabelledStack`) and notes. Must not know: the cohort and its database.
"""

from medgraft.cohort.importers.acdc import ACDC
from medgraft.cohort.importers.dicom import DICOM
from medgraft.cohort.importers.image_folder import IMAGE_FOLDER
from medgraft.cohort.importers.importer import Importer
from medgraft.cohort.importers.nifti import NIFTI
from medgraft.cohort.importers.table import TABLE

#: From the most specific layout to the most general.
IMPORTERS: tuple[Importer, ...] = (ACDC, TABLE, NIFTI, DICOM, IMAGE_FOLDER)

__all__ = ["IMPORTERS", "Importer"]
