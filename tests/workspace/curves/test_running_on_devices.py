"""A learning curve on several devices: what one device gives, whoever is killed on the way, and nobody left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.stack import FoundStack
from medgraft.phantoms import short_axis_heart
from medgraft.study import RunStore, resolved_yaml
from medgraft.study.curve import CurveFile, parse_curve
from medgraft.workspace import Project
from medgraft.workspace.curves.running import curve_outcome, start_curve
from medgraft.workspace.kept.machines import Machines

from ...processes import lives, pool_processes, wait_until

RATE = 1e-4

#: Training slices are 18: the last batch of an epoch is filled up.
TINY = {
    "name": "tiny",
    "network": "unet2d",
    "spacing": None,
    "shape": [1, 32, 32],
    "window": {"low": 1, "high": 99, "of": "percentile"},
    "arms": {"scratch": {"rates": [RATE]}},
    "sizes": ["all"],
    "draws": 1,
    "epochs": 4,
    "batch_size": 4,
    "thickness": False,
}


@pytest.fixture
def curve() -> CurveFile:
    return parse_curve(TINY)


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[[str], Project]:
    """Projects of six hearts of three slices at two phases: three to train on, one to validate, two to test."""

    def make(name: str) -> Project:
        project = Project.create(tmp_path / name)
        with project.cohort() as cohort:
            for number, split in enumerate(("train",) * 3 + ("validation", "test", "test"), start=1):
                heart = short_axis_heart(subject=number, size=32, n_phases=2, n_slices=3)
                cohort.add(FoundStack(stack=heart.stack, subject=heart.subject, series_key="sax", split=split))
        return project

    return make


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine has: devices are processes on the CPU."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def run(project: Project, curve: CurveFile, devices: int, report: Report = silent) -> None:
    start_curve(project, curve, machines=Machines(devices=devices), checkpoint_seconds=0, report=report)


def agree(project: Project, other: Project) -> None:
    """Runs of the same name have the same losses, figures and weights, but for rounding, which Adam makes larger."""
    (one,), (two,) = curve_outcome(project, "tiny").points, curve_outcome(other, "tiny").points
    assert one.run == two.run
    assert one.curve == pytest.approx(two.curve, abs=0.02)
    assert [figures.dice for figures in one.test] == [pytest.approx(figures.dice, abs=0.02) for figures in two.test]
    store, others = RunStore(root=project.runs), RunStore(root=other.runs)
    assert store.read(one.run).history.train_loss == pytest.approx(others.read(one.run).history.train_loss, abs=1e-4)
    for name, value in store.state(one.run).items():
        torch.testing.assert_close(value, others.state(one.run)[name], rtol=0, atol=RATE)


def waits_after_two_epochs(place: Any, meeting: str, settings: Any, pipe: Any) -> None:
    """A member of a group: when it has told of its second epoch it waits to be ended."""

    def send(word: object) -> None:
        pipe.send(word)
        if isinstance(word, Progress) and (word.stage, word.done) == ("epochs", 2):
            time.sleep(600)

    through = SimpleNamespace(recv_bytes=pipe.recv_bytes, send=send)
    import_module("medgraft.study.group")._serve(place, meeting, settings, through)


waits_after_two_epochs.__module__ = "__main__"  # members are sent it: they cannot import this file


@pytest.mark.slow
def test_a_training_that_loses_a_device_goes_on_to_what_one_device_gives(
    make_project: Callable[[str], Project], curve: CurveFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medgraft.study.group._serve", waits_after_two_epochs)
    alone, together = make_project("alone"), make_project("together")
    unfinished = RunStore(root=together.runs).unfinished
    epochs, kept, others = list[int](), list[set[str]](), pool_processes()

    def kill_one(progress: Progress) -> None:
        if progress.stage == "epochs":
            epochs.append(progress.done)
            kept.append({path.name for path in unfinished.glob("*.safetensors")})
            if len(epochs) == 2:
                os.kill(max(pool_processes() - others), signal.SIGKILL)

    run(alone, curve, 1)
    run(together, curve, 2, kill_one)
    agree(alone, together)
    assert epochs == sorted(set(epochs)), "no epoch was done twice"
    assert epochs[-1] == curve.epochs
    assert all(len(names) == 1 for names in kept), "one checkpoint for both"
    assert not list(unfinished.glob("*.safetensors"))
    assert pool_processes() <= others


#: Says that it trains, and waits there.
STARTS_A_GROUP = """
import sys, time
from pathlib import Path
from medgraft.study.curve import read_curve_file
from medgraft.workspace import Project
from medgraft.workspace.curves.running import start_curve
from medgraft.workspace.kept.machines import Machines

def report(progress):
    if progress.stage == "epochs":
        print("training", flush=True)
        time.sleep(600)

project, curve = Project.open(Path(sys.argv[1])), read_curve_file(Path(sys.argv[2]))
start_curve(project, curve, machines=Machines(devices=2), report=report)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked at in /proc")
def test_a_group_ends_with_the_process_that_started_it_and_is_not_reached_from_outside(
    make_project: Callable[[str], Project], curve: CurveFile, tmp_path: Path
) -> None:
    file = tmp_path / "curve.yaml"
    file.write_text(resolved_yaml(curve))
    command = [sys.executable, "-c", STARTS_A_GROUP, str(make_project("heart").root), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_without_interface()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "training\n"
        group = pool_processes(process.pid)
        listening = [address for member in group for address in listens_at(member)]
        process.kill()
    assert len(group) == 2
    assert set(listening) == {"0100007F"}, "127.0.0.1, as the kernel writes it"
    wait_until(lambda: not any(map(lives, group)), "the group's end")


def test_batches_that_devices_cannot_share_evenly_are_refused_before_anything_runs(
    make_project: Callable[[str], Project], curve: CurveFile
) -> None:
    project, others = make_project("heart"), pool_processes()
    with pytest.raises(InputError, match=r"2 devices share evenly, got 3 images per update\. Do: set batch_size"):
        run(project, curve.model_copy(update={"batch_size": 3}), 2)
    assert pool_processes() <= others
    assert not project.curves.exists()


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        ({"devices": 0}, "at least one device"),
        ({"devices": 2, "workers": 2}, "got 2 devices and 2 workers on local. Do: give only one"),
        ({"devices": 2, "on": "ray"}, "got 2 devices and 1 workers on ray. Do: give only one"),
    ],
)
def test_who_shares_a_training_does_not_also_do_others(settings: dict[str, Any], answer: str) -> None:
    with pytest.raises(InputError, match=answer):
        Machines(**settings)


def test_more_devices_than_gpus_are_refused_before_anything_runs(
    make_project: Callable[[str], Project], curve: CurveFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    project = make_project("heart")
    with pytest.raises(InputError, match="at most 3 devices on a machine of 3 GPUs, got 4"):
        run(project, curve, 4)
    assert not project.curves.exists()


def listens_at(process: int) -> list[str]:
    """Addresses at which a process waits for others, in hexadecimal."""
    sockets = {str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()}
    lines = [line.split() for table in ("tcp", "tcp6") for line in _table(process, table)]
    return [line[1].split(":")[0] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in sockets]


def _table(process: int, name: str) -> list[str]:
    path = Path(f"/proc/{process}/net/{name}")
    return path.read_text().splitlines()[1:] if path.exists() else []


def _without_interface() -> dict[str, str]:
    """The environment of a user who never heard of gloo."""
    return {name: value for name, value in os.environ.items() if not name.endswith("_SOCKET_IFNAME")}
