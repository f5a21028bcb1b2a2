"""Any DICOM tree to stacks: headers of all files first, then the pixels of one stack at a time."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from medgraft.core.cohort import ImportNote
from medgraft.core.digest import short_id
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.stack import FoundStack, Stack
from medgraft.images.duplicates import drop_copies_by_content, drop_copies_by_uid
from medgraft.images.frame import Frame
from medgraft.images.frames import read_frames
from medgraft.images.geometry_remarks import geometry_remarks, slice_distance
from medgraft.images.grid import Grid, arrange, mean_normal
from medgraft.images.grouping import group, split
from medgraft.images.heart import base_is_last, shows_short_axis, starts_at_end_diastole
from medgraft.images.ledger import Ledger, Remark
from medgraft.images.pixel_reader import PixelReader, smallest
from medgraft.images.problem import UnusableFileError
from medgraft.images.where import where_in

V = TypeVar("V")


def read_dicom_tree(
    files: Sequence[Path], root: Path, note: Callable[[ImportNote], None], report: Report = silent
) -> Iterator[FoundStack]:
    """The stacks in `files`, in an order that depends on their content only.

    Every file ends in a stack or in a note ("refused" or "set aside"); a DICOMDIR is passed over. Slices are ordered
    by geometry (from base to apex in a short-axis stack), phases by `phases.PHASE_KEYS`. Nothing here raises for a bad
    file. Memory: all headers, and the pixels of one stack.

    Args:
        files: any files below `root`; those that are not DICOM are refused by a note.
        root: folder that notes and `FoundStack.source` are relative to.
        note: receives each note; those about lost files come last.
        report: receives progress, stages "headers" and "pixels".
    """
    ledger = Ledger(note)
    frames, remarks = drop_copies_by_uid(_headers(files, root, ledger, report))
    ledger.add(remarks)
    frames, remarks = drop_copies_by_content(frames)
    ledger.add(remarks)
    groups, remarks = group(frames)
    ledger.add(remarks)
    with PixelReader() as reader:
        for done, frames in enumerate(groups):
            report(Progress(stage="pixels", done=done, total=len(groups), detail=frames[0].description))
            found = _stack_of(frames, reader, ledger)
            if found:
                yield found
    ledger.close()
    report(Progress(stage="pixels", done=len(groups), total=len(groups)))


def _headers(files: Sequence[Path], root: Path, ledger: Ledger, report: Report) -> list[Frame]:
    frames: list[Frame] = []
    for done, path in enumerate(files):
        report(Progress(stage="headers", done=done, total=len(files)))
        try:
            frames += read_frames(path, root)
        except UnusableFileError as problem:
            ledger.file(problem, path, where_in(root, path))
    return frames


def _stack_of(frames: list[Frame], reader: PixelReader, ledger: Ledger) -> FoundStack | None:
    """The stack of a group; arranged again without the files whose pixels turn out to be damaged."""
    while frames:
        grid = arrange(frames)
        if not grid.slices:
            ledger.add(grid.remarks)
            return None
        grid = _from_base(grid)
        pixels, problems = _pixels(grid, reader)
        if pixels is not None:
            ledger.add(grid.remarks)
            ledger.use(grid.frames)
            return _found(grid, pixels, ledger)
        ledger.add(problems)
        damaged = {frame.path for problem in problems for frame in problem.frames}
        frames = [frame for frame in frames if frame.path not in damaged]
    return None


def _from_base(grid: Grid) -> Grid:
    frames = [row[0] for row in grid.slices]
    if frames[0].affine is None:
        return grid
    normal = mean_normal(frames)
    turn = shows_short_axis(grid, normal) and base_is_last(normal)
    return Grid(slices=grid.slices[::-1] if turn else grid.slices, key=grid.key, times=grid.times, remarks=grid.remarks)


def _pixels(grid: Grid, reader: PixelReader) -> tuple[NDArray[Any] | None, list[Remark]]:
    """Pixels (T, Z, Y, X), or None and what is wrong with the files that cannot be decoded."""
    images: dict[int, NDArray[Any]] = {}
    problems = []
    for frames in split(grid.frames, lambda frame: frame.where):
        try:
            decoded = reader.read(frames)
        except UnusableFileError as problem:
            problems.append(Remark(kind=problem.kind, code=problem.code, text=str(problem), frames=frames))
        else:
            images.update({id(frame): image for frame, image in zip(frames, decoded, strict=True)})
    if problems:
        return None, problems
    dtype = np.result_type(*{image.dtype for image in images.values()})
    shape = (len(grid.slices[0]), len(grid.slices), *next(iter(images.values())).shape)
    pixels = np.empty(shape, dtype)
    for z, row in enumerate(grid.slices):
        for t, frame in enumerate(row):
            pixels[t, z] = images[id(frame)]
    return smallest(pixels), []


def _found(grid: Grid, pixels: NDArray[Any], ledger: Ledger) -> FoundStack:
    first = min(grid.frames, key=lambda frame: frame.sort_key)
    if not first.patient:
        text = "Images have no PatientID: each study counts as a subject of its own, also where two are of one patient."
        ledger.add([Remark(kind="noticed", code="no-patient", text=text, frames=grid.frames)])
    return FoundStack(
        stack=_stack(grid, pixels, ledger),
        subject=first.patient or f"unnamed-{short_id(first.study, 8)}",
        series_key=first.series,
        study=first.study,
        series=first.description,
        modality=first.modality,
        source=Path(min(frame.where for frame in grid.frames)).parent.as_posix(),
    )


def _stack(grid: Grid, pixels: NDArray[Any], ledger: Ledger) -> Stack:
    firsts = [row[0] for row in grid.slices]
    normal = mean_normal(firsts) if firsts[0].affine is not None else np.array([0.0, 0.0, 1.0])
    ledger.add(geometry_remarks(grid.slices, normal))
    colour = [frame for frame in grid.frames if frame.colour]
    if colour:
        text = "Colours were turned into grey (ITU-R BT.601)."
        ledger.add([Remark(kind="noticed", code="colour-to-grey", text=text, frames=colour)])
    triggered = starts_at_end_diastole(grid)
    if triggered:
        start = 0.0 if grid.times is None else grid.times[0]
        text = f"Phase 0 is named ED: the cine starts {start:.0f} ms after the R wave."
        ledger.add([Remark(kind="noticed", code="ed-from-trigger", text=text, frames=firsts)])
    return Stack(
        pixels=pixels,
        affines=np.array([_affine(frame) for frame in firsts]),
        spacing=_spacing(firsts, normal),
        directions_known=firsts[0].affine is not None,
        times=grid.times if grid.key.milliseconds else None,
        phases={"ed": 0} if triggered else {},
        base_first=True if shows_short_axis(grid, normal) else None,
        instance_uids=_table(grid, lambda frame: frame.instance),
        instance_numbers=_table(grid, lambda frame: frame.number),
        facts=_facts(grid),
    )


def _affine(frame: Frame) -> NDArray[np.float64]:
    """The frame's affine; without geometry, pixels at their spacing (1 mm where unknown): it tells distances alone."""
    if frame.affine is not None:
        return frame.affine
    y, x = frame.spacing or (1.0, 1.0)
    return np.diag([x, y, 1.0, 1.0])


def _spacing(firsts: list[Frame], normal: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """(z, y, x) in mm. Distances come from geometry; the tags only speak for a single slice."""
    first = firsts[0]
    if first.spacing is None:
        return None
    origins = np.array([_affine(frame)[:3, 3] for frame in firsts])
    return slice_distance(origins, normal) or first.tagged_spacing or 1.0, *first.spacing


def _table(grid: Grid, value: Callable[[Frame], V]) -> tuple[tuple[V, ...], ...]:
    """One value per image, (T, Z)."""
    return tuple(tuple(value(row[t]) for row in grid.slices) for t in range(len(grid.slices[0])))


def _facts(grid: Grid) -> dict[str, str]:
    """Facts that all images agree on, what T counts, and the contrast where one series held several."""
    frames = grid.frames
    first = frames[0]
    facts = {name: text for name, text in first.facts.items() if all(frame.facts.get(name) == text for frame in frames)}
    if len(grid.slices[0]) > 1:
        diffusion = grid.key.axis == "unknown" and first.contrast.get("b-value", 0) > 0
        facts["T axis"] = "diffusion direction" if diffusion else grid.key.axis
    if "b-value" in first.contrast:
        facts["b-value"] = f"{first.contrast['b-value']:g}"
    return facts | ({"component": first.component} if first.component else {})
