"""Copies of one image: the same SOPInstanceUID, or the same place, time and pixel bytes."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import TypeVar

from medgraft.core.digest import file_digest
from medgraft.images.frame import Frame, content_uid
from medgraft.images.grouping import split
from medgraft.images.ledger import Remark

_Read = TypeVar("_Read")


def drop_copies_by_uid(frames: Sequence[Frame]) -> tuple[list[Frame], list[Remark]]:
    """One file per SOPInstanceUID: of several, the one with the smallest content digest, whatever its name.

    Single images of other places or times are no copies, nor are pictures without a place that have other pixels: their
    UIDs were lost when names were taken out, and they get others.
    """
    files: dict[str, dict[str, Frame]] = defaultdict(dict)
    for frame in frames:
        files[frame.instance].setdefault(frame.where, frame)
    sharing = [part for same in files.values() if len(same) > 1 for part in split(same.values(), _shown)]
    dropped: set[str] = set()
    for copies in sharing:
        if len(copies) > 1:
            _, *others = sorted(copies, key=lambda frame: (_file_digest(frame), frame.where))
            dropped.update(frame.where for frame in others)
    kept, remarks = _with_own_uids([frame for frame in frames if frame.where not in dropped])
    return kept, remarks + _remarks("A file with the same SOPInstanceUID is there already.", frames, dropped)


def drop_copies_by_content(frames: Sequence[Frame]) -> tuple[list[Frame], list[Remark]]:
    """One of the images of a series with equal place, keys (but InstanceNumber) and pixel bytes."""
    alike: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in frames:
        if frame.pixels_at is not None and (place := _place_and_time(frame)):
            alike[frame.study, frame.series, place].append(frame)
    dropped: set[str] = set()
    for candidates in alike.values():
        if len(candidates) > 1:
            dropped |= _copies(candidates)
    kept = [frame for frame in frames if frame.where not in dropped]
    return kept, _remarks("Place, time and pixels equal those of another image of the series.", frames, dropped)


def _shown(frame: Frame) -> tuple[Hashable, ...]:
    """What tells images of one UID apart."""
    return (_pixel_digest(frame),) if frame.affine is None else _place_and_time(frame)


def _place_and_time(frame: Frame) -> tuple[Hashable, ...]:
    """Where and when a single image was taken, whatever its InstanceNumber; () where that is not one place."""
    if frame.n_frames > 1 or frame.affine is None:
        return ()
    return frame.affine.tobytes(), *sorted(item for item in frame.keys.items() if item[0] != "InstanceNumber")


def _with_own_uids(frames: list[Frame]) -> tuple[list[Frame], list[Remark]]:
    files = Counter(instance for instance, _ in {(frame.instance, frame.where) for frame in frames})
    sharing = [frame for frame in frames if files[frame.instance] > 1]
    own = {id(frame): replace(frame, instance=_own_uid(frame)) for frame in sharing}
    text = "Images share a SOPInstanceUID: place, time or pixels tell them apart, and each gets a UID of its own."
    remark = Remark(kind="repaired", code="shared-uid", text=text, frames=sharing)
    return [own.get(id(frame), frame) for frame in frames], [remark] if sharing else []


def _copies(candidates: list[Frame]) -> set[str]:
    seen: set[str] = set()
    copies = set()
    for frame in sorted(candidates, key=lambda frame: frame.sort_key):
        digest = _pixel_digest(frame)
        if digest in seen:
            copies.add(frame.where)
        seen.add(digest)
    return copies


def _pixel_digest(frame: Frame) -> str:
    def read() -> str:
        with frame.path.open("rb") as file:
            file.seek(frame.pixels_at or 0)
            return hashlib.sha256(file.read() if frame.compressed else file.read(frame.n_bytes)).hexdigest()

    return _unless_lost(read, frame.where)


def _file_digest(frame: Frame) -> str:
    return _unless_lost(lambda: file_digest(frame.path), "lost")  # sorted behind all hexadecimal digits


def _own_uid(frame: Frame) -> str:
    return _unless_lost(lambda: content_uid(frame.path), frame.instance)


def _unless_lost(read: Callable[[], _Read], otherwise: _Read) -> _Read:
    """What a file gives; something else if it could be read before and cannot now, which is told with its pixels."""
    try:
        return read()
    except OSError:
        return otherwise


def _remarks(text: str, frames: Sequence[Frame], dropped: set[str]) -> list[Remark]:
    copies = [frame for frame in frames if frame.where in dropped]
    return [Remark(kind="set aside", code="duplicate-image", text=text, frames=copies)] if copies else []
