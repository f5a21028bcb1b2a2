"""The figures that know no report, one family per file; those of one report lie beside its content.

Enters: agreements, walls, masks. Leaves: matplotlib `Figure`s that no other code has seen. Must not know: contents,
HTML, files, pyplot.
"""

from medgraft.report.figures.agreement import agreement_plots
from medgraft.report.figures.bulls_eye import bulls_eyes
from medgraft.report.figures.mask_sheet import MaskedSlice, mask_sheet
from medgraft.report.figures.surface_views import surface_views

__all__ = ["MaskedSlice", "agreement_plots", "bulls_eyes", "mask_sheet", "surface_views"]
