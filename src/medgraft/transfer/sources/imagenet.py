"""ImageNet weights from timm's hub."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import huggingface_hub
import timm
import torch
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from medgraft.core.contract import InputContract
from medgraft.core.digest import file_digest
from medgraft.core.errors import WeightsError
from medgraft.exchange.seen import Seen, Training
from medgraft.exchange.subjects import NOBODY
from medgraft.networks.spec import NetworkSpec
from medgraft.transfer.weights import Weights

_HUB_FILE = "model.safetensors"
#: Seconds to find out that there is no network; a download itself may take as long as it needs.
_PATIENCE = 4.0


@dataclass(frozen=True, kw_only=True)
class ImageNet:
    """The usual ImageNet weights of a network, downloaded once into the hub's own cache.

    HF_ENDPOINT (a mirror), HF_HUB_OFFLINE, HF_HOME and the proxy variables of the environment are respected.
    """

    def load(self, network: NetworkSpec) -> Weights:
        """The weights. Raises `WeightsError`, within seconds and saying what to do, where they cannot be had."""
        if not network.weights:
            raise WeightsError(_no_weights(network))
        facts = _facts(network)
        path = _cached(facts) or _download(facts, network)
        return Weights(
            state=_state(network, path),
            contract=InputContract(size=network.size, mean=facts.mean, std=facts.std),
            licence=facts.licence,
            origin=f"timm {network.weights}",
            digest=file_digest(path),
            seen=Seen(trainings=(Training(name=f"timm {network.weights}", subjects=NOBODY),)),
        )


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What timm knows about one set of weights: repository on the hub ("" for none) or address of the file."""

    repository: str
    url: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    licence: str

    @property
    def address(self) -> str:
        return huggingface_hub.hf_hub_url(self.repository, _HUB_FILE) if self.repository else self.url


def _facts(network: NetworkSpec) -> _Facts:
    known = timm.get_pretrained_cfg(network.weights)
    if known is None:
        raise WeightsError(_no_weights(network))
    return _Facts(
        repository=known.hf_hub_id or "",
        url=str(known.url or ""),
        mean=tuple(known.mean),
        std=tuple(known.std),
        licence=known.license or network.licence,
    )


def _cached(facts: _Facts) -> Path | None:
    """The file, if an earlier download left it on this machine."""
    if facts.repository:
        found = huggingface_hub.try_to_load_from_cache(facts.repository, _HUB_FILE)
        return Path(found) if isinstance(found, str) else None
    path = _torch_cache(facts)
    return path if path.is_file() else None


def _torch_cache(facts: _Facts) -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / facts.url.rpartition("/")[2]


def _download(facts: _Facts, network: NetworkSpec) -> Path:
    try:
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
            raise URLError("HF_HUB_OFFLINE is set")
        _knock(facts.address)
        if facts.repository:
            return Path(huggingface_hub.hf_hub_download(facts.repository, _HUB_FILE))
        path = _torch_cache(facts)
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(facts.url, str(path), progress=False)
    except (OSError, HfHubHTTPError, LocalEntryNotFoundError):
        raise WeightsError(_offline(facts, network)) from None  # the reason is always "no answer", its trace long
    return path


def _knock(url: str) -> None:
    """One short question to the server, so that a machine without internet is not left waiting for retries."""
    with suppress(HTTPError):  # whatever it answers, it is there
        urlopen(Request(url, method="HEAD"), timeout=_PATIENCE).close()  # noqa: S310  # addresses of timm's table


def _state(network: NetworkSpec, path: Path) -> Mapping[str, torch.Tensor]:
    """The file's tensors in timm's present names (timm renames those of old files)."""
    model: Any = timm.create_model(network.weights, pretrained=True, pretrained_cfg_overlay={"file": str(path)})
    state: Mapping[str, torch.Tensor] = model.state_dict()
    return state


def _offline(facts: _Facts, network: NetworkSpec) -> str:
    return (
        f"The ImageNet weights of {network.name} are not on this machine and cannot be downloaded now: "
        f"download {facts.address} on a machine with internet and write `weights: file:PATH`, or use `weights: random`."
    )


def _no_weights(network: NetworkSpec) -> str:
    if not network.keras_file:
        return f"Nobody publishes ImageNet weights for {network.name}: write `weights: random` or `weights: file:PATH`."
    return (
        f"timm has no ImageNet weights for {network.name}: download {network.keras_file} of Keras Applications "
        "and write `weights: file:PATH` with its path."
    )
