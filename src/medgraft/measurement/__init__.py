"""From masks to millimetres and millilitres: wall thickness, segments, volumes, surfaces.

Enters: masks in `core.task.MASK_CODES` with their spacing. Leaves: arrays and numbers. Must not know: images, networks,
where masks come from, how measurements are compared (`evaluation`) or drawn (`report`).
"""

from medgraft.measurement.aha import AHA_SEGMENTS, aha_segments, seen_from_apex, segment_thickness, septum_angle
from medgraft.measurement.aside import moved_over
from medgraft.measurement.surface import WallSurface, wall_surface
from medgraft.measurement.thickness import WallThickness, thickness_of, wall_thickness
from medgraft.measurement.volumes import MYOCARDIUM_G_PER_ML, ejection_fraction, structure_volume

__all__ = [
    "AHA_SEGMENTS",
    "MYOCARDIUM_G_PER_ML",
    "WallSurface",
    "WallThickness",
    "aha_segments",
    "ejection_fraction",
    "moved_over",
    "seen_from_apex",
    "segment_thickness",
    "septum_angle",
    "structure_volume",
    "thickness_of",
    "wall_surface",
    "wall_thickness",
]
