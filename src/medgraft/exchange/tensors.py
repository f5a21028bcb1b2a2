"""Tensors in safetensors files, which hold no code; the library that reads them checks header and offsets."""

import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from medgraft.core.digest import digest
from medgraft.core.errors import WeightsError

#: Kinds of numbers that networks here are made of, and those that are read as single precision.
_DTYPES = frozenset(
    {
        torch.float64,
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.int64,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.uint8,
        torch.bool,
    }
)

#: What torch stumbles over in a checkpoint that is none: it takes the steps of a pickle one by one, and trusts them.
DAMAGED = (
    zipfile.BadZipFile,
    pickle.UnpicklingError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


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
    """The tensors of a file, as `plain` has them. Raises `WeightsError` for another kind of file, too."""
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (safetensors.SafetensorError, ValueError, KeyError, AttributeError) as error:
        raise WeightsError(f"Expected safetensors in {path}, got a file that cannot be read: {error}.") from error
    return plain(tensors, path)


def plain(tensors: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The tensors of a file as networks here have them: in single precision, or of whole numbers.

    Raises `WeightsError` for tensors of another kind, such as sparse ones or those of four bits, or larger than the
    file, and for numbers that are none, or beyond single precision.
    """
    found = {}
    for name, value in tensors.items():
        if not _is_plain(value):
            raise WeightsError(f"Expected plain tensors in {path}, got one of another kind in {name}: {value.dtype}.")
        found[name] = value.detach().float() if value.is_floating_point() else value.detach()
        if not torch.isfinite(found[name]).all():
            raise WeightsError(f"Expected finite numbers in {path}, got some that are not in {name}.")
    return found


def _is_plain(value: Tensor) -> bool:
    """Whether every value lies in memory, once."""
    in_memory = value.layout == torch.strided and value.device.type == "cpu"
    return in_memory and value.dtype in _DTYPES and value.nbytes <= value.untyped_storage().nbytes()
