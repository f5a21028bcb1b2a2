"""A package as one file for travelling, NAME.medgraft: a zip file (APPNOTE 6.3) of the package's files, and no more."""

import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from medgraft.core.errors import InputError, WeightsError
from medgraft.core.files import whole_file, whole_folder
from medgraft.exchange.facts import CARD, CONTENT, FACTS, MAX_BYTES, MAX_WORDS, check_files, read_facts
from medgraft.exchange.folder import check_new

SUFFIX = ".medgraft"

#: The most that each member may unpack to, in bytes.
_MOST: Mapping[str, int] = {FACTS: MAX_WORDS, CARD: MAX_WORDS, **{name: MAX_BYTES for name in CONTENT if name != CARD}}

#: How many times its packed size a member may unpack to: weights do not compress, words do by a factor of ten.
_MOST_RATIO = 100

_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

#: The longest list of members that is read: names of a package and their headers are far below.
_LONGEST_LIST = 4096

#: The end of a zip file (APPNOTE 4.3.16) when it has no comment, and what comes before it in a zip64 file (4.3.15).
_END, _END_BYTES, _ZIP64, _ZIP64_BYTES = b"PK\x05\x06", 22, b"PK\x06\x07", 20

_CHUNK = 1 << 20

#: Why a member is not unpacked, asked in this order. Only a package's own names pass, so that none can lead elsewhere.
_REFUSALS: tuple[tuple[Callable[[zipfile.ZipInfo], bool], str], ...] = (
    (lambda member: member.orig_filename not in _MOST, f"is no file of a package ({', '.join(_MOST)})"),
    (lambda member: stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG), "is a link or a device"),
    (lambda member: bool(member.flag_bits & 0x1), "is encrypted"),
    (lambda member: member.compress_type not in _COMPRESSIONS, "is compressed in an unknown way"),
    (lambda member: member.header_offset < 0, "lies outside the file"),
    (lambda member: member.file_size > _MOST[member.filename], "is too large"),
    (lambda member: member.file_size > _MOST_RATIO * max(member.compress_size, 1), "unpacks to far more than it is"),
)


def write_archive(folder: Path, file: Path) -> Path:
    """Write the package in a folder as one file; equal packages give equal bytes. An older file is replaced.

    Raises `WeightsError` for a folder that is no package as it was packed, `InputError` for one that is too large.
    """
    facts = read_facts(folder)
    check_files(folder, facts)
    if sum(fact.bytes for fact in facts.files.values()) > MAX_BYTES:
        raise InputError(f"Expected at most {MAX_BYTES:,} bytes to travel as one file, got a larger package: {folder}.")
    with (
        whole_file(file) as draft,
        zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED, allowZip64=False) as archive,
    ):
        for name in (FACTS, *facts.files):
            _add(archive, folder / name)
    return file


def unpack(file: Path, folder: Path) -> Path:
    """Unpack a package file into a new folder, which is whole or absent, after checking every digest.

    Everything is refused by what the file says of itself before anything is written; what it then gives is counted.
    Raises `WeightsError` for what is no package or not as it was packed, `InputError` if the folder holds something.
    """
    check_new(folder)
    with _opened(file) as archive, whole_folder(folder) as draft:
        for member in _members(archive, file):
            _extract(archive, member, draft)
        check_files(draft, read_facts(draft))
    return folder


@contextmanager
def opened_package(path: Path) -> Iterator[Path]:
    """The folder of a package, after checking every digest: the path itself; for a file, one that is gone afterwards.

    Raises `WeightsError` for what is no package or not as it was packed.
    """
    if not path.is_file():
        check_files(path, read_facts(path))
        yield path
        return
    with tempfile.TemporaryDirectory() as scratch:
        yield unpack(path, Path(scratch) / "package")


def _add(archive: zipfile.ZipFile, path: Path) -> None:
    member = zipfile.ZipInfo(path.name)
    member.external_attr = (stat.S_IFREG | 0o644) << 16
    member.file_size = path.stat().st_size
    with path.open("rb") as source, archive.open(member, "w") as target:
        shutil.copyfileobj(source, target, _CHUNK)


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; whatever is wrong with it while it is read is a `WeightsError`."""
    if not file.is_file():
        raise WeightsError(f"Expected a package file NAME{SUFFIX}, found no file at {file}.")
    _check_end(file)
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise WeightsError(f"Expected a package file in {file}, got a damaged one: {error}.") from error


def _check_end(file: Path) -> None:
    """The list of members is read as a whole, so its length is looked at first."""
    with file.open("rb") as content:
        content.seek(max(0, file.stat().st_size - _END_BYTES - _ZIP64_BYTES))
        tail = content.read()
    end = tail[-_END_BYTES:]
    if len(end) < _END_BYTES or not end.startswith(_END):
        raise WeightsError(f"Expected a package file in {file}, got one that is cut short or of another kind.")
    if tail.startswith(_ZIP64) and len(tail) > _END_BYTES:
        raise WeightsError(f"Expected a package file in {file}, got one that is too large.")
    if int.from_bytes(end[12:16], "little") > _LONGEST_LIST:
        raise WeightsError(f"Expected the {len(_MOST)} files of a package in {file}, got too many members.")


def _members(archive: zipfile.ZipFile, file: Path) -> list[zipfile.ZipInfo]:
    members = archive.infolist()
    for member in members:
        if reason := next((reason for is_so, reason in _REFUSALS if is_so(member)), ""):
            raise WeightsError(f"The package {file} was refused: its member {member.filename[:200]!r} {reason}.")
    if len({member.filename for member in members}) < len(members):
        raise WeightsError(f"The package {file} was refused: a name occurs twice in it.")
    return members


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    # zipfile gives no more bytes than the member says it has, and compares their checksum.
    with archive.open(member) as source, (folder / member.filename).open("xb") as target:
        shutil.copyfileobj(source, target, _CHUNK)
