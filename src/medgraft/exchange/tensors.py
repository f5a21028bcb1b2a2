"""Tensors in safetensors files, which hold no code; the library that reads them checks header and offsets."""

from collections.abc import Mapping
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from medgraft.core.digest import digest
from medgraft.core.errors import WeightsError


def write_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors by name; equal tensors give equal bytes."""
    save_file({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, path)


def tensors_digest(tensors: Mapping[str, Tensor]) -> str:
    """What tensors on the CPU are: equal for equal tensors under equal names, in whatever order.

    >>> one, two = torch.zeros(1), torch.ones(1)
    >>> tensors_digest({"a": one, "b": two}) == tensors_digest({"b": two, "a": one}) != tensors_digest({"a": two})
    True
    """
    return digest({name: value.numpy() for name, value in tensors.items()})


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, on the CPU. Raises `WeightsError` for another kind of file, or numbers that are none."""
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (safetensors.SafetensorError, ValueError, KeyError, AttributeError) as error:
        raise WeightsError(f"Expected safetensors in {path}, got a file that cannot be read: {error}.") from error
    check_finite(tensors, path)
    return tensors


def check_finite(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Raise `WeightsError` for tensors of a file that hold what is no number."""
    for name, value in tensors.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise WeightsError(f"Expected finite numbers in {path}, got some that are not in {name}.")
