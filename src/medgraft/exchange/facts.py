"""PackageFacts: everything a package says in words. It is read and checked without loading torch."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json

from medgraft.core.contract import InputContract
from medgraft.core.digest import digest, file_digest
from medgraft.core.errors import InputError, WeightsError
from medgraft.core.lineage import Lineage
from medgraft.core.task import Task
from medgraft.exchange.fingerprint import Fingerprint
from medgraft.exchange.names import check_name
from medgraft.exchange.rules import AnnotationRules
from medgraft.exchange.seen import Seen

FORMAT = 3

#: The files of a package. Nothing else may lie in one; vectors are there where the facts list them.
FACTS, WEIGHTS, VECTORS, CARD = "package.json", "model.safetensors", "vectors.safetensors", "README.md"
CONTENT = (WEIGHTS, VECTORS, CARD)

#: The largest package that is read, in bytes: what zip holds without its 64-bit extension.
MAX_BYTES = 2_000_000_000

#: The largest facts and card, in bytes.
MAX_WORDS = 8 << 20

#: Numbers of a package that buffers are made from, and the largest that is believed.
_LARGEST = {"size": 4096, "channels": 64, "classes": 4096}

#: Pages write colours into their style.
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


@dataclass(frozen=True, kw_only=True)
class FileFact:
    """One file of a package: SHA-256 of its bytes, and how many there are."""

    sha256: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class PackageFacts:
    """What a package says of itself; fields as in `ModelPackage`. recipe: as plain data. files: all but the facts."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    name: str
    task: Task
    network: str
    size: int
    contract: InputContract
    recipe: Mapping[str, Any]
    lineage: Lineage
    figures: Mapping[str, float]
    seen: Seen
    notes: str = ""
    rules: AnnotationRules | None = None
    fingerprint: Fingerprint | None = None
    files: Mapping[str, FileFact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `InputError` for names and colours that cannot be shown."""
        for name in (self.name, self.network, self.task.name):
            check_name(name)
        for colour in (item.colour for item in self.task.classes):
            if not _COLOUR.fullmatch(colour):
                raise InputError(f"Expected a colour such as #0072B2 for a class, got {colour[:80]!r}.")


_READER = TypeAdapter(PackageFacts)


def read_facts(folder: Path) -> PackageFacts:
    """What the package in a folder says of itself. Its other files are not read: `check_files` does.

    Raises `WeightsError` where there is no package, one of another format, or facts that were altered or are damaged.
    """
    path = folder / FACTS
    if not path.is_file() or path.is_symlink():
        raise WeightsError(
            f"Expected a model package (a folder with {FACTS} and {WEIGHTS}, or a file NAME.medgraft), found none at "
            f"{folder}. Studies leave theirs under studies/NAME/models/."
        )
    said = _parsed(path)
    if said.pop("format", None) != FORMAT:
        raise WeightsError(
            f"Expected a package of format {FORMAT} in {folder}, got another. Do: pack it again with this medgraft; "
            "for a study of an older medgraft, run it again (its runs are kept)."
        )
    if said.pop("sha256", None) != digest({"format": FORMAT, **said}):
        raise WeightsError(f"The facts in {path} are not those that were packed: the file was altered or damaged.")
    return _checked(said, path)


def check_files(folder: Path, facts: PackageFacts) -> None:
    """Compare every file of a package with its facts.

    Raises `WeightsError` for a file that was altered or is damaged, missing, or not among those that were packed.
    """
    there = {path.name for path in folder.iterdir()} - {FACTS}
    if strange := sorted(there - set(facts.files)):
        raise WeightsError(
            f"Expected the files {', '.join(facts.files)} in {folder}, found {strange[0]!r} too. Do: take it away."
        )
    for name, fact in facts.files.items():
        path = folder / name
        if not path.is_file() or path.is_symlink():
            raise WeightsError(f"Expected the file {name} in {folder}, found no such file.")
        if path.stat().st_size != fact.bytes or file_digest(path) != fact.sha256:
            raise WeightsError(f"The file {path} is not the one that was packed: it was altered or damaged.")


def write_facts(facts: PackageFacts, folder: Path) -> None:
    """Write facts beside the other files of a package, which they list with their digests.

    Raises `InputError` for facts that nobody would read: too many stacks and subjects.
    """
    files = {name: _file_fact(folder / name) for name in CONTENT if (folder / name).is_file()}
    said = {"format": FORMAT, **asdict(facts), "files": files}
    text = json.dumps({**said, "sha256": digest(said)}, indent=1, ensure_ascii=False, allow_nan=False).encode()
    if len(text) >= MAX_WORDS:
        raise InputError(
            f"Expected a package that says at most {MAX_WORDS >> 20} MiB of itself, got more: {facts.name}."
        )
    (folder / FACTS).write_bytes(text + b"\n")


def _parsed(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_WORDS:
        raise WeightsError(f"Expected facts of at most {MAX_WORDS >> 20} MiB, got a larger file: {path}.")
    try:
        said = from_json(path.read_bytes(), allow_inf_nan=False)
    except ValueError as error:
        raise WeightsError(f"Expected a package's facts in {path}, got a damaged file: {error}.") from error
    if not isinstance(said, dict):
        raise WeightsError(f"Expected a package's facts in {path}, got a damaged file: {type(said).__name__}.")
    return said


def _checked(said: dict[str, Any], path: Path) -> PackageFacts:
    try:
        # As text again: what is checked is what was digested, whatever another parser makes of doubled keys.
        facts = _READER.validate_json(json.dumps(said))
    except (ValidationError, InputError) as error:
        raise WeightsError(
            f"Expected a model package, got one that cannot be read: {path}: {str(error)[:1000]}"
        ) from error
    numbers = {"size": facts.size, "channels": facts.contract.channels, "classes": len(facts.task.codes)}
    for name, value in numbers.items():
        if not 0 <= value <= _LARGEST[name]:
            raise WeightsError(f"Expected {name} of 0 to {_LARGEST[name]} in {path}, got {value}.")
    if facts.task.kind == "classify" and not facts.size:
        raise WeightsError(f"Expected a side in pixels for what {facts.name} classifies in {path}, got 0.")
    if WEIGHTS not in facts.files or not set(facts.files) <= set(CONTENT):
        raise WeightsError(f"Expected the files {', '.join(CONTENT)} in {path}, got {', '.join(facts.files)}.")
    return facts


def _file_fact(path: Path) -> dict[str, Any]:
    return {"sha256": file_digest(path), "bytes": path.stat().st_size}
