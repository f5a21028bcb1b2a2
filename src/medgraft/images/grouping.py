"""Which frames may form one stack: by patient, study, geometry, contrast and series, never by file name."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from medgraft.core.geometry import normal_of
from medgraft.images.frame import Frame
from medgraft.images.ledger import Remark
from medgraft.images.split_series import join_split_series

#: Two images lie at one slice position if their origins are closer than this, in mm.
SAME_POSITION = 0.1

#: Orientation as six direction cosines: 0.1 is about 4 degrees, so slightly tilted slices stay together.
SAME_ORIENTATION = 0.1

#: Fields of view in one plane are of different stations if they are farther apart than this, in mm.
SAME_STATION = 10.0

#: Pixel spacing in mm.
SAME_SPACING = 1e-3

#: Differences within which two images have the same contrast.
SAME_CONTRAST = {"b-value": 1.0, "echo time": 0.2}

#: Modalities whose images are projections or single pictures: no slice position is expected.
PROJECTIONS = frozenset(
    ["MG", "DX", "CR", "RG", "PX", "IO", "XA", "RF", "US", "OP", "GM", "ES", "XC", "SM", "IVUS", "OPT"]
)


def group(frames: Sequence[Frame]) -> tuple[list[list[Frame]], list[Remark]]:
    """Frames that form one stack each, and what was set aside or joined on the way.

    Images of one position with different b-value, echo time or component (magnitude, phase, ADC ...) are separate
    stacks; diffusion directions of one b-value are entries on T of one stack.
    """
    frames, remarks = _without_localisers(sorted(frames, key=lambda frame: frame.sort_key))
    placed = [frame for frame in frames if frame.affine is not None]
    pictures = [frame for frame in frames if frame.affine is None and frame.modality in PROJECTIONS]
    lost = [frame for frame in frames if frame.affine is None and frame.modality not in PROJECTIONS]
    remarks += [
        Remark(
            kind="set aside", code="no-geometry", text="No usable position, orientation or pixel spacing.", frames=part
        )
        for part in split(lost, lambda frame: frame.series)
    ]
    groups = split(pictures, lambda frame: (frame.patient, frame.instance))
    for bucket in split(placed, _room_key):
        found, more = _stacks(bucket)
        groups, remarks = groups + found, remarks + more
    return groups, remarks


def split(frames: Iterable[Frame], key: Callable[[Frame], Hashable]) -> list[list[Frame]]:
    """Frames with equal keys, in order of first appearance."""
    parts: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in frames:
        parts[key(frame)].append(frame)
    return list(parts.values())


def positions(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Frames by slice position."""
    return _by_label(frames, clusters(_origins(frames), SAME_POSITION))


def clusters(values: NDArray[np.float64], tolerance: float) -> NDArray[np.int64]:
    """Labels (N,) of points (N, D): together are points that a chain of steps within `tolerance` connects.

    >>> clusters(np.array([[0.0], [5.0], [0.05]]), 0.1).tolist()
    [0, 1, 0]
    """
    points, place = np.unique(values, axis=0, return_inverse=True)
    pairs = cKDTree(points).query_pairs(tolerance, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(points), len(points)))
    return np.asarray(connected_components(graph, directed=False)[1][place.reshape(-1)], np.int64)


def _room_key(frame: Frame) -> Hashable:
    return frame.patient, frame.study, frame.modality, frame.rows, frame.columns, frame.frame_of_reference


def _without_localisers(frames: list[Frame]) -> tuple[list[Frame], list[Remark]]:
    """Localisers say so, or hold three planes at right angles with one image per position."""
    remarks, kept = [], []
    for series in split(frames, lambda frame: (frame.study, frame.series)):
        marked = _localisers(series) if series[0].modality not in PROJECTIONS else []
        if marked:
            text = f"Localiser, not part of a stack: {series[0].description or 'three planes at right angles'}."
            remarks.append(Remark(kind="set aside", code="localiser", text=text, frames=marked))
        kept += [frame for frame in series if frame not in marked]
    return kept, remarks


def _localisers(series: list[Frame]) -> list[Frame]:
    """The images of a series that are localisers: all, or those that say so among others (as some CT scanners send)."""
    rest = [frame for frame in series if not frame.localiser]
    return series if _has_three_planes(rest) else [frame for frame in series if frame.localiser]


def _has_three_planes(series: list[Frame]) -> bool:
    placed = [frame for frame in series if frame.affine is not None]
    if not placed or any(len(part) > 1 for part in positions(placed)):
        return False
    normals = [normal_of(part[0].affine) for part in _by_orientation(placed) if part[0].affine is not None]
    apart = [[a @ b for a, b in combinations(three, 2)] for three in combinations(normals, 3)]
    return any(max(np.abs(cosines)) < SAME_ORIENTATION for cosines in apart)


def _stacks(bucket: list[Frame]) -> tuple[list[list[Frame]], list[Remark]]:
    """Stacks of one patient, study, matrix size and frame of reference."""
    groups, remarks = [], []
    for plane in _by_orientation(bucket):
        for part in _by_label(plane, clusters(np.array([frame.spacing for frame in plane], float), SAME_SPACING)):
            series = split(part, lambda frame: frame.series)
            joined, more = join_split_series(series, positions)
            for stations in map(_by_station, joined):
                groups += [contrast for station in stations for contrast in _by_contrast(station)]
                remarks += [_stations_remark(stations)] if len(stations) > 1 else []
            remarks += more
    return groups, remarks + _mixed(bucket)


def _mixed(bucket: list[Frame]) -> list[Remark]:
    """One remark per series that holds several orientations."""
    return [
        Remark(
            kind="repaired",
            code="mixed-orientations",
            text=f"One series holds {len(parts)} orientations: a stack is made of each.",
            frames=series,
        )
        for series in split(bucket, lambda frame: frame.series)
        if len(parts := _by_orientation(series)) > 1
    ]


def _by_orientation(frames: Sequence[Frame]) -> list[list[Frame]]:
    turns = [
        (frame.affine[:3, :2] / np.linalg.norm(frame.affine[:3, :2], axis=0)).ravel()
        for frame in frames
        if frame.affine is not None
    ]
    return _by_label(frames, clusters(np.round(np.array(turns), 4), SAME_ORIENTATION))


def _by_station(frames: list[Frame]) -> list[list[Frame]]:
    """Where the table moved along the slices' own planes (a whole spine), the images of each field of view."""
    origins = _origins(frames)
    normal = np.mean([normal_of(frame.affine) for frame in frames if frame.affine is not None], axis=0)
    depths = (origins @ normal)[:, None]
    if len(np.unique(clusters(depths, SAME_POSITION))) == len(np.unique(clusters(origins, SAME_POSITION))):
        return [frames]
    return _by_label(frames, clusters(origins - depths * normal, SAME_STATION))


def _stations_remark(stations: list[list[Frame]]) -> Remark:
    text = f"The fields of view lie side by side at {len(stations)} stations: a stack is made of each."
    frames = [frame for station in stations for frame in station]
    return Remark(kind="repaired", code="stations", text=text, frames=frames)


def _by_contrast(frames: list[Frame]) -> list[list[Frame]]:
    """Split by what differs between images of one position; a value that drifts from slice to slice does not split."""
    parts = _split_if_mixed(frames, [frame.component for frame in frames])
    for name, tolerance in SAME_CONTRAST.items():
        parts = [
            piece
            for part in parts
            for piece in _split_if_mixed(
                part, clusters(np.array([[frame.contrast.get(name, -1.0)] for frame in part]), tolerance).tolist()
            )
        ]
    return parts


def _split_if_mixed(frames: list[Frame], labels: Sequence[Hashable]) -> list[list[Frame]]:
    label_of = {id(frame): label for frame, label in zip(frames, labels, strict=True)}
    mixed = any(len({label_of[id(frame)] for frame in part}) > 1 for part in positions(frames))
    return split(frames, lambda frame: label_of[id(frame)]) if mixed else [frames]


def _origins(frames: Sequence[Frame]) -> NDArray[np.float64]:
    return np.array([frame.affine[:3, 3] for frame in frames if frame.affine is not None], float).reshape(-1, 3)


def _by_label(frames: Sequence[Frame], labels: NDArray[np.int64]) -> list[list[Frame]]:
    return [[frames[int(i)] for i in np.flatnonzero(labels == label)] for label in np.unique(labels)]
