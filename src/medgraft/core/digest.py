"""Content digests: equal content gives equal digests, on every machine and in every process."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_CHUNK = 1 << 20


def digest(value: object) -> str:
    """SHA-256 of a value's canonical JSON, as 64 hexadecimal digits.

    Understands None, bool, int, float, str, bytes, paths (as text), sequences, sets, mappings with string keys,
    dataclasses (by class name and fields) and numpy arrays (by dtype, shape and bytes).

    >>> digest({"b": 1, "a": (1, 2)}) == digest({"a": [1, 2], "b": 1})
    True
    """
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def short_id(value: object, length: int = 16) -> str:
    """The first digits of `digest(value)`: an identifier that is safe in file names.

    >>> len(short_id("anything"))
    16
    """
    return digest(value)[:length]


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha.update(chunk)
    return sha.hexdigest()


def array_digest(array: np.ndarray[Any, Any]) -> str:
    """SHA-256 of an array's dtype, shape and bytes, as 64 hexadecimal digits. Raises `TypeError` for object arrays."""
    if array.dtype.hasobject:
        raise TypeError("Expected an array of numbers or text to digest, got one of Python objects.")
    sha = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    sha.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)  # no copy: it may be gigabytes
    return sha.hexdigest()


def _plain(value: object) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return {"bytes": hashlib.sha256(value).hexdigest()}
        case Path():
            return value.as_posix()
        case np.ndarray():
            return {"array": array_digest(value)}
        case np.generic():
            return value.item()
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted((_plain(item) for item in value), key=repr)
        case list() | tuple():
            return [_plain(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            fields = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
            return {"kind": type(value).__name__, **fields}
        case _:
            raise TypeError(f"Expected plain data, a dataclass or an array to digest, got {type(value).__name__}.")
