"""Synthetic patients with exactly known truth, as stacks or as folders on disk.

Enters: a subject's number, a site, a seed. Leaves: `PhantomHeart` (short-axis cine) or `CtHeart` (4D CT) with its
`Stack` and truth, or a folder of DICOM, NIfTI or ACDC's layout. Must not know: cohorts, labels, networks, or any real
patient.

A heart is drawn (`population`) as continuous geometry (`heart`), cut by planes (`planes`), painted into a chest
(`heart_scene`, `chest`, `canvas`, `texture`) and acquired (`scanner`, `sites`). A CT heart (`ct_heart`) has a left
ventricle whose volumes and thickness are closed forms (`left_ventricle`, `papillary`, `outflow`); the rest is painted
around it (`coverage`, `ct_scene`, `ct_chest`), reconstructed (`ct_patient`) and drawn (`annotation`) as is the custom
of one of two hospitals (`ct_sites`).
"""

from medgraft.phantoms.annotation import Annotation
from medgraft.phantoms.ct_folders import with_labels, write_ct_dicom, write_ct_nifti
from medgraft.phantoms.ct_heart import CT_CLASSES, CtHeart, Thickness, ct_heart
from medgraft.phantoms.ct_sites import CT_SITES, SITE_ONE, SITE_TWO, SiteStyle
from medgraft.phantoms.folders import ACDC_CODES, write_acdc_layout, write_dicom
from medgraft.phantoms.short_axis import PhantomHeart, short_axis_heart
from medgraft.phantoms.sites import SITES, Site

__all__ = [
    "ACDC_CODES",
    "CT_CLASSES",
    "CT_SITES",
    "SITES",
    "SITE_ONE",
    "SITE_TWO",
    "Annotation",
    "CtHeart",
    "PhantomHeart",
    "Site",
    "SiteStyle",
    "Thickness",
    "ct_heart",
    "short_axis_heart",
    "with_labels",
    "write_acdc_layout",
    "write_ct_dicom",
    "write_ct_nifti",
    "write_dicom",
]
