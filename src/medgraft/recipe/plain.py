"""Recipes from plain data, as packages bring it: nothing is believed that is not what its field says."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from medgraft.core.errors import InputError

Settings = TypeVar("Settings")


def from_plain(kind: type[Settings], data: Mapping[str, Any]) -> Settings:
    """A dataclass of settings from plain data. Raises `InputError` for settings that are unknown or of another type.

    >>> from medgraft.recipe.crop import CentreCrop
    >>> from_plain(CentreCrop, {"fraction": 0.5})
    CentreCrop(fraction=0.5)
    """
    known = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]  # no word for any dataclass
    if unknown := sorted(data.keys() - set(known)):
        raise InputError(f"Expected settings among {', '.join(known) or 'none'}, got {', '.join(unknown)[:200]}.")
    try:
        # As JSON, in which lists are tuples and whole numbers may be lengths, but words are no numbers.
        return TypeAdapter(kind).validate_json(json.dumps(dict(data)), strict=True)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, one['loc']))} {one['msg']}".strip() for one in error.errors())
        raise InputError(f"Expected settings of their own types and ranges, got: {told[:500]}.") from error
