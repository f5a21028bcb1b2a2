"""Synthetic patients with exactly known truth, as stacks or as folders on disk.

Enters: a subject's number, a site, a seed. Leaves: `PhantomHeart` with its `Stack` and truth, or a DICOM or ACDC
folder. Must not know: cohorts, labels, networks, or any real patient.
"""

from medgraft.phantoms.short_axis import PhantomHeart, short_axis_heart
from medgraft.phantoms.sites import SITES, Site

__all__ = ["SITES", "PhantomHeart", "Site", "short_axis_heart"]
