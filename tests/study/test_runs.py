"""Runs are on the disk before anything follows from them."""

import os
from pathlib import Path

import numpy as np
import pytest

from medgraft.study import RunStore
from medgraft.study.trained import Trained
from medgraft.training import History


def test_a_run_that_was_kept_survives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed, fsync = set[int](), os.fsync

    def flushing(descriptor: int) -> None:
        flushed.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", flushing)
    history = History(train_loss=np.zeros(2), scores=np.zeros((2, 3, 4), np.float32))
    state = {"head.bias": np.ones(3, np.float32)}
    store = RunStore(root=tmp_path)
    store.write(Trained(identity="0" * 64, history=history, facts={}, state=state, seconds=1.0))
    kept = (tmp_path, store.folder("0" * 64), *store.folder("0" * 64).iterdir())
    assert len(kept) == 7
    assert {path.stat().st_ino for path in kept} <= flushed
