"""Masks that were exported and corrected in another program, put back on their stacks."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort import Cohort
from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.files import AnyPath
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.stack import Stack
from medgraft.core.task import MASK_CLASSES
from medgraft.images import read_nifti
from medgraft.workspace.masks.acts import MaskAct
from medgraft.workspace.project import Project

#: What the names of exported masks end in.
_OF_STACK = re.compile(r"(?P<stack>[0-9a-f]{16})_gt\.nii(\.gz)?$")

#: A voxel that is farther from its place than this share of its smallest side is another one.
_ANOTHER = 0.5


@dataclass(frozen=True, kw_only=True)
class MaskReturned:
    """A mask that came back.

    phases: that are labelled now, by name or number. voxels: how many changed. before: the file with the mask as it
    was, relative to the project; None where nothing of it was lost.
    """

    stack: str
    subject: str
    phases: tuple[str, ...]
    voxels: int
    before: str | None


@dataclass(frozen=True, kw_only=True)
class MasksReturned:
    """What came back. unchanged: stacks whose masks are as they were. left_out: files that do not fit, and why."""

    stacks: tuple[MaskReturned, ...]
    unchanged: tuple[str, ...]
    left_out: tuple[str, ...]


def return_masks(project: Project, folder: AnyPath, *, replace: bool = False, report: Report = silent) -> MasksReturned:
    """Put masks that `export_masks` wrote back on their stacks, as one act that `undo_masks` takes back.

    Phases that were labelled stay so, and those that are drawn now are, too.

    Args:
        project: where the stacks are.
        folder: where files are, at any depth, whose names end in a stack's id and _gt.nii.gz; other masks are left out.
        replace: put masks in place of others that differ, which `masks/before/` keeps.
        report: told after every file.

    Raises:
        InputError: no such file, two of one stack, or a mask that differs and is not to be replaced; nothing was
            changed then.
    """
    unchanged: list[tuple[Path, StackEntry]] = []
    differ: list[tuple[Path, StackEntry]] = []
    with project.cohort() as cohort:
        files, strange = _files(cohort, Path(folder))
        left_out = [
            f"{path.name}: Expected a name that ends in the id of a stack here and _gt.nii.gz." for path in strange
        ]
        for done, (path, entry) in enumerate(files, start=1):
            try:
                found = _read(path, entry)
                (differ if _differs(cohort, entry, found) else unchanged).append((path, entry))
            except InputError as error:
                left_out.append(f"{path.name}: {error}")
            report(Progress(stage="masks read", done=done, total=len(files), detail=entry.subject))
        _check_replaced([entry for _, entry in differ], replace=replace)
        act = MaskAct(cohort=cohort, what="masks corrected elsewhere")
        returned = tuple(_put(act, entry, _read(path, entry)) for path, entry in differ)
    return MasksReturned(stacks=returned, unchanged=tuple(entry.id for _, entry in unchanged), left_out=tuple(left_out))


def _files(cohort: Cohort, folder: Path) -> tuple[list[tuple[Path, StackEntry]], list[Path]]:
    """Masks with the stacks that their names say, and those that say none.

    Raises `InputError` if all say none, or two say the same.
    """
    known = {entry.id: entry for entry in cohort.entries()}
    named = {path: _OF_STACK.search(path.name) for path in sorted(folder.rglob("*_gt.nii*"))}
    found = [(path, known[match["stack"]]) for path, match in named.items() if match and match["stack"] in known]
    if not found:
        raise InputError(
            f"Expected masks named ...-STACK_gt.nii.gz with the id of a stack of this project, got none in {folder}. "
            "Do: save them under the names that medgraft masks export gave them; of masks named as their images, "
            "medgraft import reads both."
        )
    by_stack: dict[str, Path] = {}
    for path, entry in found:
        if (other := by_stack.setdefault(entry.id, path)) != path:
            raise InputError(f"Expected one mask of a stack, got {other} and {path}. Do: keep the one that counts.")
    return found, [path for path in named if path not in by_stack.values()]


def _read(path: Path, entry: StackEntry) -> Stack:
    """The file with its mask. Raises `InputError` where it does not lie as the stack does."""
    found = read_nifti(path, path)
    if found.pixels.shape != entry.shape:
        raise InputError(f"Expected a mask of shape {entry.shape}, got {found.pixels.shape}. Do: save all of it.")
    height, width = entry.shape[2:]
    corners = np.array([[0, 0, 0, 1], [width - 1, 0, 0, 1], [0, height - 1, 0, 1]]).T
    ours, theirs = (affines @ corners for affines in (entry.affine_stack, found.affines))
    side = np.linalg.norm(entry.affine_stack[0, :3, :2], axis=0).min()
    off = float(np.linalg.norm((ours - theirs)[:, :3], axis=1).max())
    if off > _ANOTHER * side:
        raise InputError(
            f"Expected voxels where those of the stack are, got some {off:.1f} mm off. Do: save the mask on the voxels "
            "of its image, neither turned nor resampled."
        )
    return found


def _differs(cohort: Cohort, entry: StackEntry, found: Stack) -> bool:
    before, drawn = cohort.mask(entry), _drawn(found)
    return bool(drawn.any()) if before is None else not np.array_equal(before, drawn)


def _check_replaced(entries: list[StackEntry], *, replace: bool) -> None:
    drawn = [entry.id for entry in entries if entry.mask_phases]
    if drawn and not replace:
        raise InputError(
            f"Expected stacks without a mask, got {', '.join(drawn[:5])} with another one. Do: replace their masks "
            "(--replace); they are kept in masks/before/."
        )


def _put(act: MaskAct, entry: StackEntry, found: Stack) -> MaskReturned:
    mask, before = _drawn(found), act.cohort.mask(entry)
    known = entry.mask_classes if entry.mask_phases else ()
    classes = tuple(name for name in MASK_CLASSES if name in {*known, *found.mask_classes})
    voxels = int(np.count_nonzero(mask if before is None else before != mask))
    phases = tuple(sorted({*entry.mask_phases, *found.mask_phases}))
    taken = act.put(entry, mask, phases, classes)
    return MaskReturned(
        stack=entry.id,
        subject=entry.subject,
        phases=tuple(map(entry.phase_name, phases)),
        voxels=voxels,
        before=taken.kept,
    )


def _drawn(found: Stack) -> NDArray[np.uint8]:
    assert found.mask is not None  # it is its own
    return found.mask
