"""Settings in YAML: every key known, every wrong one named."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from medgraft.core.errors import StudyFileError, reason


class Settings(BaseModel):
    """Part of a file of settings. Nothing unknown is accepted, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


File = TypeVar("File", bound=Settings)

#: The key by which a file of each kind is known, and the command that reads it.
_READ_BY = {"networks": "medgraft study run", "shape": "medgraft study curve"}


def read_yaml(path: Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Plain data of a YAML file, with `key=value` overrides.

    Raises `StudyFileError` if the file is missing or is not YAML, or an override is none.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: no UTF-8, or a day that no month has
        raise StudyFileError(f"Expected a YAML file at {path}, got: {reason(error)}") from error
    if not isinstance(data, dict):
        raise StudyFileError(f"Expected keys and values in {path}, got {type(data).__name__}.")
    for override in overrides:
        _override(data, override)
    return data


def validated(kind: type[File], data: dict[str, Any], where: str) -> File:
    """The settings that plain data says. Raises `StudyFileError` naming every wrong key, or whose file it is."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        marks = [key for key in _READ_BY if key in data]
        if len(marks) == 1 and marks[0] not in kind.model_fields:
            raise StudyFileError(
                f"{where} has the key {marks[0]}. Do: {_READ_BY[marks[0]]} reads such a file."
            ) from error
        lines = [f"  {_line(item, kind)}" for item in error.errors() if not _follows(item, error.errors())]
        known = ", ".join(kind.model_fields)
        raise StudyFileError(f"{where} does not validate:\n" + "\n".join(lines) + f"\nKeys: {known}.") from error


def _follows(item: ErrorDetails, items: Sequence[ErrorDetails]) -> bool:
    """Whether a list is said to be too short for no other reason than that what it holds is wrong."""
    place = item["loc"]
    return item["type"] == "too_short" and any(other["loc"][:-1][: len(place)] == place for other in items)


def _line(item: ErrorDetails, kind: type[Settings]) -> str:
    """What is wrong with one key."""
    place = ".".join(map(str, item["loc"])) or "study"
    return f"{place}: {_no_such_key(item, kind) if item['type'] == 'extra_forbidden' else item['msg']}"


def _no_such_key(item: ErrorDetails, kind: type[Settings]) -> str:
    """What was perhaps meant: another key of the file, or within a part of it a key of any part."""
    *parents, key = item["loc"]
    schema = kind.model_json_schema()
    parts = schema.get("$defs", {}).values() if parents else [schema]
    names = {name for part in parts for name in part.get("properties", {})}
    likely = get_close_matches(str(key), sorted(names - {key}), n=1)
    return f"no such key; did you mean {likely[0]}?" if likely else "no such key"


def resolved_yaml(settings: Settings) -> str:
    """Settings with every default filled in, as YAML."""
    return yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _override(data: dict[str, Any], override: str) -> None:
    path, found, value = override.partition("=")
    if not found:
        raise StudyFileError(f"Expected key=value, got {override!r}.")
    *parents, last = path.split(".")
    for parent in parents:
        data = data.setdefault(parent, {})
        if not isinstance(data, dict):
            raise StudyFileError(f"Expected {parent} in {override!r} to have keys of its own.")
    data[last] = _yaml_value(value)


def _yaml_value(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise StudyFileError(f"Expected a YAML value, got {text!r}.") from error
