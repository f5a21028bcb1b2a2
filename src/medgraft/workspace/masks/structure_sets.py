"""The mask of a stack from the contours of an RT structure set."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medgraft.cohort import Cohort, Pseudonyms
from medgraft.core.cohort import ImportNote, StackEntry
from medgraft.core.errors import InputError
from medgraft.core.files import AnyPath
from medgraft.images import StructureSet, read_rtstruct
from medgraft.labels import ROI_NAMES, ContourGrid, ContourMasks, masks_from_planar_contours, plain_name
from medgraft.workspace.masks.acts import MaskAct
from medgraft.workspace.masks.filling import put_contours
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class StructureMask:
    """What a structure set gave.

    stack, subject: who has a mask now. structures: names of all regions in the file. classes: those that were filled.
    phases: indices on T that gained a mask. slices: how many images show any class. notes: what was set aside, and
    phases of which few slices are drawn. before: the file with the mask that was replaced, relative to the project.
    """

    stack: str
    subject: str
    structures: tuple[str, ...]
    classes: tuple[str, ...]
    phases: tuple[int, ...]
    slices: int
    notes: tuple[ImportNote, ...]
    before: str | None


def mask_from_rtstruct(
    project: Project,
    file: AnyPath,
    *,
    stack: str | None = None,
    names: Mapping[str, str] | None = None,
    phase: str | None = None,
    pseudonyms: str | None = None,
    replace: bool = False,
) -> StructureMask:
    """Fill the contours of an RT structure set into the mask of the stack that they were drawn on.

    The stack is the one whose images the contours name, else the only one of the structure set's subject. Phases that
    have no mask yet gain one; a mask that is there is not overwritten.

    Args:
        project: where the stack is.
        file: the RT structure set.
        stack: id, where several would fit or the images were sent anew under other UIDs.
        names: name of a region -> "pool", "myocardium", "epicardium" or "rv"; beside `labels.ROI_NAMES`.
        phase: name or index of the phase that all contours belong to, where they do not name their images.
        pseudonyms: the secret key of a pseudonymous import; the file has names and UIDs of the source.
        replace: put the contours in place of the masks that their phases have.

    Raises:
        ImageError: the file is no RT structure set, or is damaged.
        InputError: `names` of regions that the file does not have, no stack fits or several do, an unknown phase or
            not the contours', a phase that has a mask already, or other classes than the other phases have.
        LabelError: no contour can be used, or they do not say their phase.
    """
    drawn = read_rtstruct(Path(file))
    _check_names(drawn, names or {})
    if pseudonyms is not None:
        drawn = _hidden(drawn, Pseudonyms(pseudonyms))
    with project.cohort() as cohort:
        entry = cohort.entry(stack) if stack else _only(_fitting(cohort, drawn))
        grid = _grid(entry)
        index = None if phase is None else _index(entry, phase, drawn, grid)
        filled = masks_from_planar_contours(drawn.contours, grid, names={**ROI_NAMES, **(names or {})}, phase=index)
        before = put_contours(MaskAct(cohort=cohort, what="RT structure set"), entry, filled, replace=replace)
        sparse = tuple(_sparse_phases(entry, filled))
        cohort.log(sparse, source=entry.source, act="rtstruct")
    return StructureMask(
        stack=entry.id,
        subject=entry.subject,
        structures=drawn.structures,
        classes=filled.classes,
        phases=filled.phases,
        slices=int(filled.mask.any(axis=(2, 3)).sum()),
        notes=(*drawn.notes, *filled.notes, *sparse),
        before=before,
    )


def _check_names(drawn: StructureSet, names: Mapping[str, str]) -> None:
    known = {plain_name(name) for name in drawn.structures}
    if unknown := [name for name in names if plain_name(name) not in known]:
        raise InputError(
            f"Expected regions of the structure set, got {', '.join(unknown)}. "
            f"Available: {', '.join(drawn.structures)}."
        )


def _hidden(drawn: StructureSet, pseudonyms: Pseudonyms) -> StructureSet:
    contours = tuple(
        dataclasses.replace(contour, instance_uid=pseudonyms.uid(contour.instance_uid)) for contour in drawn.contours
    )
    return dataclasses.replace(drawn, subject=pseudonyms.subject(drawn.subject), contours=contours)


def _fitting(cohort: Cohort, drawn: StructureSet) -> list[StackEntry]:
    uids = {contour.instance_uid for contour in drawn.contours} - {""}
    entries = cohort.entries()
    named = [entry for entry in entries if not uids.isdisjoint(uid for row in entry.instance_uids or () for uid in row)]
    return named or [entry for entry in entries if entry.subject == drawn.subject]


def _only(entries: list[StackEntry]) -> StackEntry:
    if len(entries) == 1:
        return entries[0]
    ids = ", ".join(f"{entry.id} ({entry.subject}, {entry.series})" for entry in entries)
    raise InputError(
        f"Expected one stack that the contours were drawn on, got {len(entries)}. Available: {ids or 'none'}. Do: "
        + ("name one." if entries else "import its images, or name the stack; after a pseudonymous import, the key.")
    )


def _grid(entry: StackEntry) -> ContourGrid:
    affines = np.reshape(entry.affines, (-1, 4, 4))
    return ContourGrid(affines=affines, shape=entry.shape, instance_uids=entry.instance_uids)


def _index(entry: StackEntry, phase: str, drawn: StructureSet, grid: ContourGrid) -> int:
    known = {**{str(index): index for index in range(entry.shape[0])}, **entry.phases}
    if phase.lower() not in known:
        raise InputError(f"Expected a phase of stack {entry.id}, got {phase!r}. Available: {', '.join(known)}.")
    index = known[phase.lower()]
    # On one phase, contours of several would cut holes into each other.
    drawn_on = [{at for at, _ in grid.places.get(contour.instance_uid, ())} for contour in drawn.contours]
    others: set[int] = set().union(*(phases for phases in drawn_on if index not in phases))
    if others:
        names = ", ".join(entry.phase_name(other) for other in sorted(others))
        raise InputError(f"Expected contours of phase {phase}, got some on images of {names}. Do: leave the phase out.")
    return index


def _sparse_phases(entry: StackEntry, filled: ContourMasks) -> Iterator[ImportNote]:
    """Phases of which fewer than half of the slices are drawn, or some between others are not."""
    n_slices = entry.shape[1]
    for phase in filled.phases:
        drawn = np.flatnonzero(filled.mask[phase].any(axis=(1, 2)))
        if 2 * len(drawn) < n_slices or len(drawn) <= np.ptp(drawn):
            text = f"Phase {entry.phase_name(phase)}: {len(drawn)} of {n_slices} slices drawn; no others count."
            yield ImportNote(kind="noticed", code="sparse-contours", where=entry.id, text=text)
