"""Runs on disk: one folder per training, named by the digest of everything its numbers depend on.

A folder is written under another name, flushed to disk and renamed, so it is whole or absent, after a power cut too.
Equal studies share runs; a study that was killed finds its finished runs and does only what is missing.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save
from safetensors.torch import load_file
from torch import Tensor

from medgraft.core.files import flush, flush_tree
from medgraft.study.trained import Trained
from medgraft.training import History

_STATE = "state.safetensors"


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

    @property
    def unfinished(self) -> Path:
        """Where trainings in progress keep their checkpoints."""
        return self.root / "unfinished"

    def folder(self, identity: str) -> Path:
        """Where a run is, or would be."""
        return self.root / identity[:32]

    def has(self, identity: str) -> bool:
        """Whether a run is finished."""
        return (self.folder(identity) / "run.json").exists()

    def checkpoint(self, identity: str) -> Path:
        """Where a run in progress keeps its checkpoint."""
        return checkpoint_of(self.unfinished, identity)

    def write(self, trained: Trained) -> Run:
        """Keep a finished training; its folder is there whole before this returns, or not at all."""
        folder = self.folder(trained.identity)
        partial = self.unfinished / f"{folder.name}.{uuid4().hex[:8]}"
        partial.mkdir(parents=True)
        try:
            _fill(partial, trained)
            flush_tree(partial)
            _publish(partial, folder)
            flush(self.root)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        self.checkpoint(trained.identity).unlink(missing_ok=True)
        return self.read(trained.identity)

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
        tensors: dict[str, Tensor] = load_file(self.folder(identity) / _STATE)
        return tensors


def checkpoint_of(unfinished: Path, identity: str) -> Path:
    """Where a training in progress keeps its checkpoint, within a folder of such."""
    return unfinished / f"{identity[:32]}.safetensors"


def _fill(folder: Path, trained: Trained) -> None:
    np.save(folder / "train_loss.npy", trained.history.train_loss)
    np.save(folder / "scores.npy", trained.history.scores)
    if trained.state is not None:
        state = {name: np.asarray(value, order="C") for name, value in trained.state.items()}
        (folder / _STATE).write_bytes(save(state))  # not `save_file`, to which a full disk is no OSError
    (folder / "seconds.json").write_text(json.dumps(round(trained.seconds, 3)))
    facts = {"identity": trained.identity, **trained.facts}
    (folder / "run.json").write_text(json.dumps(facts, indent=1, sort_keys=True))


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
