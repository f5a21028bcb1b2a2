"""Synthetic patients with exactly known truth, as stacks or as folders on disk.

Enters: a subject's number, a site, a seed. Leaves: `PhantomHeart` with its `Stack` and truth, or a DICOM or ACDC
folder. Must not know: cohorts, labels, networks, or any real patient.

A heart is drawn (`population`) as continuous geometry (`heart`), cut by planes (`planes`), painted into a chest
(`heart_scene`, `chest`, `canvas`, `texture`) and acquired (`scanner`, `sites`).
"""

from medgraft.phantoms.folders import ACDC_CODES, write_acdc_layout, write_dicom
from medgraft.phantoms.short_axis import PhantomHeart, short_axis_heart
from medgraft.phantoms.sites import SITES, Site

__all__ = [
    "ACDC_CODES",
    "SITES",
    "PhantomHeart",
    "Site",
    "short_axis_heart",
    "write_acdc_layout",
    "write_dicom",
]
