"""Runs on disk: one folder per training, named by the digest of everything its numbers depend on.

A folder is written under another name and renamed, so it is whole or absent. Equal studies share runs; a study that was
killed finds its finished runs and does only what is missing.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

from medgraft.training import History


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """What a finished training left. facts: what it was, for people."""

    identity: str
    history: History
    facts: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class RunStore:
    """The folder of all runs of a project."""

    root: Path

    def folder(self, identity: str) -> Path:
        """Where a run is, or would be."""
        return self.root / identity[:32]

    def has(self, identity: str) -> bool:
        """Whether a run is finished."""
        return (self.folder(identity) / "run.json").exists()

    def checkpoint(self, identity: str) -> Path:
        """Where a run in progress keeps its checkpoint."""
        return self.root / "unfinished" / f"{identity[:32]}.safetensors"

    def write(
        self,
        identity: str,
        history: History,
        facts: Mapping[str, Any],
        state: Mapping[str, Tensor] | None,
        *,
        seconds: float,
    ) -> Run:
        """Keep a finished run; its folder is there whole before this returns, or not at all.

        Args:
            identity: names it.
            history: its curves.
            facts: what it was, for people.
            state: trained tensors to keep, or None.
            seconds: how long it took; kept beside the run, outside what repeats byte for byte.
        """
        folder = self.folder(identity)
        partial = self.root / "unfinished" / f"{folder.name}.{os.getpid()}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        np.save(partial / "train_loss.npy", history.train_loss)
        np.save(partial / "scores.npy", history.scores)
        if state is not None:
            save_file({name: value.contiguous() for name, value in state.items()}, partial / "state.safetensors")
        (partial / "seconds.json").write_text(json.dumps(round(seconds, 3)))
        (partial / "run.json").write_text(json.dumps({"identity": identity, **facts}, indent=1, sort_keys=True))
        _publish(partial, folder)
        shutil.rmtree(partial, ignore_errors=True)
        self.checkpoint(identity).unlink(missing_ok=True)
        return self.read(identity)

    def read(self, identity: str) -> Run:
        """A finished run."""
        folder = self.folder(identity)
        history = History(train_loss=_load(folder / "train_loss.npy"), scores=_load(folder / "scores.npy"))
        return Run(identity=identity, history=history, facts=json.loads((folder / "run.json").read_text()))

    def seconds(self, identity: str) -> float:
        """How long a finished run took where it was done."""
        return float(json.loads((self.folder(identity) / "seconds.json").read_text()))

    def state(self, identity: str) -> dict[str, Tensor]:
        """The trained tensors of a run that kept them."""
        tensors: dict[str, Tensor] = load_file(self.folder(identity) / "state.safetensors")
        return tensors


def _publish(partial: Path, folder: Path) -> None:
    """Give a folder its name, unless another process kept the same run first: then its content is the same."""
    try:
        partial.rename(folder)
    except OSError:
        if not (folder / "run.json").exists():
            raise


def _load(path: Path) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path)
    return array
