"""Files on disk to `Stack` and back: DICOM, NIfTI, pictures.

Enters: paths. Leaves: stacks whose slices are ordered by geometry and whose cines are a slice x phase grid, and a note
for everything that was repaired, noticed, set aside or refused. Must not know: where stacks are kept, labels, layouts
of public data sets. No file on disk, however damaged, may raise out of `read_dicom_tree` or end the process:
compressed pixels are decoded in a process of their own.
"""

from medgraft.images.dicom_ct import write_dicom_ct
from medgraft.images.dicom_multiframe import write_dicom_multiframe
from medgraft.images.dicom_series import write_dicom_series
from medgraft.images.dicom_tree import read_dicom_tree
from medgraft.images.nifti import read_nifti
from medgraft.images.nifti_writer import write_nifti
from medgraft.images.picture import read_picture
from medgraft.images.rtstruct import StructureSet, read_rtstruct

__all__ = [
    "StructureSet",
    "read_dicom_tree",
    "read_nifti",
    "read_picture",
    "read_rtstruct",
    "write_dicom_ct",
    "write_dicom_multiframe",
    "write_dicom_series",
    "write_nifti",
]
