"""Settings in YAML: every key known, every wrong one named."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from medgraft.core.errors import StudyFileError


class Settings(BaseModel):
    """Part of a file of settings. Nothing unknown is accepted, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


File = TypeVar("File", bound=Settings)


def read_yaml(path: Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Plain data of a YAML file, with `key=value` overrides.

    Raises `StudyFileError` if the file is missing or is not YAML, or an override is none.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudyFileError(f"Expected a YAML study file at {path}, got: {error}") from error
    if not isinstance(data, dict):
        raise StudyFileError(f"Expected keys and values in {path}, got {type(data).__name__}.")
    for override in overrides:
        _override(data, override)
    return data


def validated(kind: type[File], data: dict[str, Any], where: str) -> File:
    """The settings that plain data says. Raises `StudyFileError` naming every wrong key."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, item['loc'])) or 'study'}: {item['msg']}" for item in error.errors()]
        known = ", ".join(kind.model_fields)
        raise StudyFileError(f"{where} does not validate:\n" + "\n".join(lines) + f"\nKeys: {known}.") from error


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
    except yaml.YAMLError as error:
        raise StudyFileError(f"Expected a YAML value, got {text!r}.") from error
