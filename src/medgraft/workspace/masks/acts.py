"""What was done to masks, act by act, so that it can be taken back: every verb that changes masks puts them here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from medgraft.cohort import Cohort
from medgraft.core.cohort import StackEntry
from medgraft.core.digest import array_digest
from medgraft.core.errors import ProjectError
from medgraft.core.files import whole_file
from medgraft.workspace.masks.before import keep_mask


@dataclass(frozen=True, kw_only=True)
class MaskTaken:
    """One mask that another took the place of.

    act: its number, counted over all acts on a project's masks. what, when: the act, and its time (UTC, ISO 8601).
    before, after: digests of both masks, "" where there was none. phases, classes: that were labelled before. kept: the
    file with the mask before, relative to the project; None where phases were added alone, and no voxel was lost.
    """

    act: int
    stack: str
    what: str
    when: str
    before: str
    after: str
    phases: tuple[int, ...]
    classes: tuple[str, ...]
    kept: str | None


@dataclass(frozen=True, kw_only=True)
class MaskAct:
    """One act on masks. what: it was, such as "repair: closing"."""

    cohort: Cohort
    what: str

    def put(
        self, entry: StackEntry, mask: NDArray[np.uint8], phases: Sequence[int], classes: tuple[str, ...]
    ) -> MaskTaken:
        """Put a mask in the place of a stack's, as `Cohort.set_mask` does; the one before is kept if voxels change.

        What takes it back is on disk before anything changes.
        """
        before = self.cohort.mask(entry)
        labelled = list(entry.mask_phases)
        lost = before is not None and not np.array_equal(before[labelled], mask[labelled])
        taken = MaskTaken(
            act=int(self._folder.name),
            stack=entry.id,
            what=self.what,
            when=datetime.now(UTC).isoformat(timespec="seconds"),
            before=digest_of(before),
            after=digest_of(mask),
            phases=entry.mask_phases,
            classes=entry.mask_classes,
            kept=keep_mask(self.cohort, entry.id) if lost else None,
        )
        with whole_file(_file(self.cohort, taken)) as draft:
            draft.write_bytes(_TAKEN.dump_json(taken, indent=1))
        self.cohort.set_mask(entry.id, mask, phases, classes)
        return taken

    @cached_property
    def _folder(self) -> Path:
        """Its own, whoever else acts at the same time."""
        folder = _acts(self.cohort)
        folder.mkdir(parents=True, exist_ok=True)
        number = max(_numbers(folder), default=0)
        while True:
            number += 1
            try:
                (own := folder / str(number)).mkdir()
            except FileExistsError:
                continue
            return own


def masks_taken(cohort: Cohort) -> tuple[MaskTaken, ...]:
    """Every mask that can be put back, in the order of acts. Raises `ProjectError` for a damaged record."""
    folder = _acts(cohort)
    files = [file for number in sorted(_numbers(folder)) for file in sorted((folder / str(number)).glob("*.json"))]
    return tuple(_read(file) for file in files)


def put_back(cohort: Cohort, taken: MaskTaken, mask: NDArray[Any]) -> StackEntry:
    """Label a stack as it was before, with that mask, and forget the act; killed meanwhile, it can be done again."""
    entry = cohort.set_mask(taken.stack, mask, taken.phases, taken.classes)
    file = _file(cohort, taken)
    file.unlink(missing_ok=True)
    if not any(file.parent.glob("*.json")):
        file.parent.rmdir()
    return entry


def digest_of(mask: NDArray[np.uint8] | None) -> str:
    """Of the mask of a stack, "" where no phase is labelled."""
    return "" if mask is None else array_digest(np.asarray(mask, np.uint8))


_TAKEN = TypeAdapter(MaskTaken)


def _read(file: Path) -> MaskTaken:
    try:
        return _TAKEN.validate_json(file.read_bytes())
    except ValidationError as error:
        raise ProjectError(
            f"Expected what was done to a mask in {file.parent.name}/{file.name}, got: {error.errors()[0]['msg']}. "
            "Do: remove the file; the masks themselves are in masks/ and masks/before/."
        ) from error


def _acts(cohort: Cohort) -> Path:
    return cohort.mask_arrays.folder / "acts"


def _numbers(folder: Path) -> Iterator[int]:
    names = (path.name for path in folder.iterdir()) if folder.is_dir() else ()
    return (int(name) for name in names if name.isdecimal())


def _file(cohort: Cohort, taken: MaskTaken) -> Path:
    return _acts(cohort) / str(taken.act) / f"{taken.stack}.json"
