"""Weights from a file on this machine."""

import pickle
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from medgraft.core.contract import InputContract
from medgraft.core.digest import file_digest
from medgraft.core.errors import WeightsError
from medgraft.exchange.archive import SUFFIX
from medgraft.exchange.facts import FACTS, WEIGHTS
from medgraft.exchange.seen import Seen, Training
from medgraft.exchange.tensors import DAMAGED, plain
from medgraft.networks.spec import NetworkSpec
from medgraft.transfer.keras_files import read_keras
from medgraft.transfer.weights import Weights

#: Names under which checkpoints keep the weights, looked for in this order.
_ENVELOPES = ("state_dict", "model_state_dict", "model")
#: What training code puts before names, outermost first.
_PREFIXES = ("module.", "model.", "base.")


@dataclass(frozen=True)
class WeightFile:
    """A .safetensors, a .pth (tensors only: a pickle with code is refused) or a Keras .h5.

    The weights of a package are refused: alone they lose their input contract, and whom they have learned from.

    contract: the input the weights expect; the network's usual one if not given.
    """

    path: Path
    contract: InputContract | None = None
    licence: str = ""

    def load(self, network: NetworkSpec) -> Weights:
        """The file's tensors in the network's names. Raises `WeightsError` for what cannot be read or trusted."""
        path = Path(self.path)
        if not path.is_file():
            raise WeightsError(
                f"Expected a file with weights, found none at {path}. Give the path of a downloaded file."
            )
        if package := _package_of(path):
            raise WeightsError(
                f"Expected weights from elsewhere, {path.name} is of a model package, which says whom it has learned "
                f"from. Do: package:{package}"
            )
        reader = _READERS.get(path.suffix.lower())
        if reader is None:
            raise WeightsError(f"Expected one of {', '.join(_READERS)} as a weight file, got {path.name}.")
        return Weights(
            state=plain(reader(path, network), path),
            contract=self.contract or network.contract,
            licence=self.licence,
            origin=path.name,
            digest=file_digest(path),
            seen=Seen(trainings=(Training(name=path.name),)),
        )


def _package_of(path: Path) -> Path | None:
    """The package that a file is, or lies in."""
    if path.suffix == SUFFIX:
        return path
    return path.parent if path.name == WEIGHTS and (path.parent / FACTS).is_file() else None


def _read_safetensors(path: Path, _network: NetworkSpec) -> Mapping[str, Tensor]:
    try:
        return _base_names(safetensors.torch.load_file(path))
    except (safetensors.SafetensorError, OSError) as error:
        raise WeightsError(f"Expected a safetensors file, {path.name} cannot be read: {error}.") from error


def _read_torch(path: Path, _network: NetworkSpec) -> Mapping[str, Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # torch on protocols of pickle; what matters is raised
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"Expected tensors only, {path.name} is damaged or a pickle that would run code. "
            "Save its state_dict() as .safetensors where you trust the file."
        ) from error
    except DAMAGED as error:
        raise WeightsError(f"Expected a file that torch.save wrote, {path.name} cannot be read: {error}.") from error
    return _base_names(_tensors(content, path))


def _tensors(content: object, path: Path) -> dict[str, Tensor]:
    for envelope in _ENVELOPES:
        if isinstance(content, Mapping) and isinstance(content.get(envelope), Mapping):
            content = content[envelope]
    if not isinstance(content, Mapping) or not any(isinstance(value, Tensor) for value in content.values()):
        raise WeightsError(
            f"Expected tensors by name in {path.name}, got {type(content).__name__}. Save a state_dict()."
        )
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def _base_names(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Names as the base has them: a training wrapper's prefix is taken off; all other names stay as they are."""
    for prefix in _PREFIXES:
        state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state


_READERS: dict[str, Callable[[Path, NetworkSpec], Mapping[str, Tensor]]] = {
    ".safetensors": _read_safetensors,
    ".pth": _read_torch,
    ".pt": _read_torch,
    ".h5": read_keras,
    ".hdf5": read_keras,
}
