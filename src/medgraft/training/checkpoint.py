"""A training on disk, between epochs: no pickle, whole or absent."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from medgraft.core.files import whole_file


@dataclass(kw_only=True)
class Checkpoint:
    """Saves a training to `path` between epochs, at most once per `seconds`; removed by the caller at the end.

    beside: tensors of the caller's, saved as they then are; `load` puts them back. A checkpoint without them is none.
    """

    path: Path
    seconds: float = 30.0
    beside: dict[str, Tensor] = field(default_factory=dict)
    _last: float = field(default_factory=time.monotonic)

    def save(
        self, model: nn.Module, optimizer: Optimizer, losses: list[float], scores: list[np.ndarray], updates: int
    ) -> None:
        """Write the state after an epoch if it is time to."""
        if time.monotonic() - self._last < self.seconds:
            return
        tensors = {f"model.{name}": value.contiguous() for name, value in _moving_state(model).items()}
        tensors |= {name: value.contiguous() for name, value in _optimizer_state(optimizer).items()}
        tensors |= {f"beside.{name}": value.contiguous() for name, value in self.beside.items()}
        tensors["losses"] = torch.tensor(losses, dtype=torch.float64)
        tensors["scores"] = torch.from_numpy(np.stack(scores))
        tensors["updates"] = torch.tensor(updates)
        with whole_file(self.path, lasting=False) as draft:  # one that is cut short is not read
            save_file(tensors, draft)
        self._last = time.monotonic()

    def load(self, model: nn.Module, optimizer: Optimizer) -> tuple[list[float], list[np.ndarray], int]:
        """Put the saved state back; gives losses and scores of the finished epochs and the updates done."""
        tensors = _read(self.path)
        if not tensors.keys() >= {"updates", *(f"beside.{name}" for name in self.beside)}:
            return [], [], 0
        with torch.no_grad():
            for name, value in _moving_state(model).items():
                value.copy_(tensors[f"model.{name}"])
        _restore(optimizer, tensors)
        self.beside.update({name: tensors[f"beside.{name}"] for name in self.beside})
        return tensors["losses"].tolist(), list(tensors["scores"].numpy()), int(tensors["updates"])


def trained_state(model: nn.Module) -> dict[str, Tensor]:
    """The tensors that training changes: trained parameters, and the buffers of modules in training mode."""
    return {name: value.detach().cpu().clone() for name, value in _moving_state(model).items()}


def _read(path: Path) -> dict[str, Tensor]:
    """What a checkpoint holds; nothing where there is none, or one that a power failure cut short."""
    try:
        return load_file(path)
    except (FileNotFoundError, SafetensorError):
        return {}


def _moving_state(model: nn.Module) -> dict[str, Tensor]:
    moving = {name: value.data for name, value in model.named_parameters() if value.requires_grad}
    for prefix, module in model.named_modules():
        if module.training:
            moving |= {f"{prefix}.{name}".lstrip("."): value for name, value in module.named_buffers(recurse=False)}
    return moving


def _optimizer_state(optimizer: Optimizer) -> dict[str, Tensor]:
    """Momenta and the like, by the parameter's place; a parameter that the forward pass does not use has none."""
    return {
        f"optimizer.{index}.{name}": value
        for index, parameter in enumerate(_optimized(optimizer))
        for name, value in optimizer.state[parameter].items()
        if isinstance(value, Tensor)
    }


def _restore(optimizer: Optimizer, tensors: dict[str, Tensor]) -> None:
    for index, parameter in enumerate(_optimized(optimizer)):
        prefix = f"optimizer.{index}."
        for key in (key for key in tensors if key.startswith(prefix)):
            # Adam counts its steps in a scalar that stays on the CPU.
            value = tensors[key] if tensors[key].ndim == 0 else tensors[key].to(parameter)
            optimizer.state[parameter][key.removeprefix(prefix)] = value


def _optimized(optimizer: Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
