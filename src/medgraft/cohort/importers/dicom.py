"""Any tree of DICOM files, with or without endings and DICOMDIR."""

import re
from collections.abc import Iterator
from pathlib import Path

from medgraft.cohort.importers.importer import Importer
from medgraft.cohort.options import ImportOptions
from medgraft.cohort.source import Note, Source
from medgraft.core.progress import Report
from medgraft.core.stack import FoundStack
from medgraft.images import read_dicom_tree

#: Endings of DICOM, and the name of the directory file on a disc.
_ENDINGS = (".dcm", ".dicom", ".ima", "dicomdir")
#: Where the letters DICM stand in a file with a preamble (PS3.10, 7.1).
_PREAMBLE = 128
#: Without a preamble a data set starts with group 0008 (or 0002), in little or big endian.
_FIRST_GROUPS = (b"\x08\x00", b"\x02\x00", b"\x00\x08")
_ENOUGH = 200


def _recognises(source: Source, _options: ImportOptions) -> bool:
    if source.suffixes(*_ENDINGS):
        return True
    # From everywhere: the viewer on a disc may come before the images.
    some = source.files[:: 1 + len(source.files) // _ENOUGH]
    return any(_starts_like_dicom(path, bare=not path.suffix) for path in some)


def _read(source: Source, _options: ImportOptions, note: Note, report: Report) -> Iterator[FoundStack]:
    files = [path for path in source.files if not _is_foreign(path)]
    source.note_unused(files, note)
    yield from read_dicom_tree(files, source.root, note, report)


def _is_foreign(path: Path) -> bool:
    """Contours, sheets, programs beside the images: told in one line, where damaged DICOM files get one each.

    An ending without letters is the last number of a UID.
    """
    ending = path.suffix.lower()
    return ending not in _ENDINGS and re.search("[a-z]", ending) is not None and not _starts_like_dicom(path)


def _starts_like_dicom(path: Path, *, bare: bool = True) -> bool:
    """bare: also a data set without a preamble."""
    try:
        with path.open("rb") as file:
            head = file.read(_PREAMBLE + 4)
    except OSError:
        return False
    return head[_PREAMBLE:] == b"DICM" or (bare and head[:2] in _FIRST_GROUPS)


DICOM = Importer(
    name="dicom",
    expects="DICOM files in any tree, whatever their names",
    recognises=_recognises,
    read=_read,
)
