"""docs/seen.json: whom the model of a bundle has seen, beside the weights that medgraft wrote there."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from medgraft.core.errors import InputError, WeightsError
from medgraft.exchange.facts import MAX_WORDS
from medgraft.exchange.package import ModelPackage
from medgraft.exchange.seen import Seen, Training

_SEEN = Path("docs", "seen.json")


@dataclass(frozen=True, kw_only=True)
class _Written:
    """weights_digest: of the tensors that had seen these subjects."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True)

    weights_digest: str
    seen: Seen


_READER = TypeAdapter(_Written)


def write_seen(package: ModelPackage, folder: Path) -> None:
    """Write whom a package's model has seen into a bundle's folder."""
    written = _Written(weights_digest=package.weights_digest, seen=package.seen)
    (folder / _SEEN).write_text(json.dumps(asdict(written), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_seen(folder: Path, weights_digest: str, *, unknown: str) -> Seen:
    """Whom the model of a bundle has seen.

    Weights that medgraft did not write were trained on nobody knows whom: a training of the name `unknown`.
    Raises `WeightsError` for a file that cannot be read.
    """
    path = folder / _SEEN
    if not path.exists():
        return Seen(trainings=(Training(name=unknown),))
    try:
        if path.stat().st_size > MAX_WORDS:
            raise InputError(f"more than {MAX_WORDS >> 20} MiB")
        written = _READER.validate_json(path.read_bytes())
    except (OSError, ValidationError, InputError) as error:
        raise WeightsError(
            f"Expected whom the model has seen in {path}, got what is not: {str(error)[:300]}"
        ) from error
    return written.seen if written.weights_digest == weights_digest else written.seen.then(Training(name=unknown))
