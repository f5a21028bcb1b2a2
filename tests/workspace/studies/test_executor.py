"""The same study in this process, in a pool of processes and on a cluster: the same figures, nothing done twice."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.progress import Report, silent
from medgraft.study import ClusterExecutor, DeskSettings, PoolExecutor, RunStore, Share, StudyFile, resolved_yaml
from medgraft.study.cluster import at_home
from medgraft.study.curve import parse_curve
from medgraft.workspace import Project
from medgraft.workspace.curves import running as curves
from medgraft.workspace.curves.running import curve_outcome, start_curve
from medgraft.workspace.kept.machines import Machines
from medgraft.workspace.kept.outcomes import study_outcome
from medgraft.workspace.masks.samples import VolumeReader, volume_reader
from medgraft.workspace.stacks.correction import correct_subject
from medgraft.workspace.studies.running import start_study

from ...processes import lives, pool_processes, wait_until

Labelled = Callable[[], Project]
Tiny = Callable[..., StudyFile]

#: Two models, so that there is always something to do for several workers.
NETWORKS = [{"network": "mobilenetv1_025", "weights": "random", "size": size} for size in (32, 48)]
STAGES = [{"depth": 0, "rates": [0.1, 0.01], "epochs": 3}, {"depth": 1, "rates": [0.02, 0.002], "epochs": 3}]


@pytest.fixture(scope="module")
def study(tiny: Tiny) -> StudyFile:
    named = [{**network, "name": f"at-{network['size']}"} for network in NETWORKS]
    return tiny(networks=named, stages=STAGES)


@pytest.fixture(scope="module")
def alone(labelled: Labelled, study: StudyFile) -> Project:
    """A project with the study, done in this process."""
    project = labelled()
    start_study(project, study)
    return project


@dataclass
class Watch:
    """How often each trial was given out and kept.

    hold: a file; while it is there, who has a job in hand waits, and leaves a file beside it named by its process.
    once_held: called once, from the second stage on, when every worker has a job that is held; then they go on.
    """

    hold: Path
    given_out: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    flying: list[Any] = field(default_factory=list)
    once_held: Callable[[], None] | None = None

    def giving_out(self, job: Any) -> None:
        if self.once_held and job.trials[0].depth == 1:
            self.hold.touch()

    def gave_out(self, job: Any, future: Any, workers: int) -> None:
        self.given_out.update(trial.identity for trial in job.trials)
        self.flying = [one for one in (*self.flying, future) if not one.done()]
        if self.once_held and self.hold.exists() and len(self.flying) == workers:
            wait_until(lambda: len(self.held()) == workers or any(one.done() for one in self.flying), "held jobs")
            if len(self.held()) == workers:
                self.once_held()
                self.once_held = None
                self.hold.unlink()

    def held(self) -> list[int]:
        """Who waits with a job in hand."""
        return [int(path.stem) for path in self.hold.parent.glob("*.waits")]


def held(module: str, hold: Path) -> Callable[..., Any]:
    """What a worker does with a job, once a file is gone."""

    def _work(*job: object) -> Any:
        deadline = time.monotonic() + 600
        while hold.exists() and time.monotonic() < deadline:
            hold.with_name(f"{os.getpid()}.waits").touch()
            time.sleep(0.01)
        return import_module(module)._work(*job)

    _work.__module__ = "__main__"  # workers are sent it: they cannot import this file
    _work.__qualname__ = "_work"  # as Ray names the process that does it
    return _work


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Watch:
    watch = Watch(hold=tmp_path / "hold")
    for module in ("medgraft.study.pool", "medgraft.study.cluster"):
        monkeypatch.setattr(f"{module}._work", held(module, watch.hold))
    for executor in (PoolExecutor, ClusterExecutor):
        submit = executor.submit

        def watching(self: Any, job: Any, report: Report = silent, submit: Any = submit) -> Any:
            watch.giving_out(job)
            future = submit(self, job, report)
            watch.gave_out(job, future, self.workers)
            return future

        monkeypatch.setattr(executor, "submit", watching)
    write = RunStore.write

    def writing(self: RunStore, trained: Any) -> Any:
        watch.kept[trained.identity] += 1
        return write(self, trained)

    monkeypatch.setattr(RunStore, "write", writing)
    return watch


def agree(project: Project, other: Project, name: str) -> None:
    one, two = study_outcome(project, name), study_outcome(other, name)
    assert [stage.title for stage in one.stages] == [stage.title for stage in two.stages]
    for stage, same in zip(one.stages, two.stages, strict=True):
        assert stage.runs == same.runs
        assert (stage.choice.rate, stage.choice.epoch) == (same.choice.rate, same.choice.epoch)
        np.testing.assert_allclose(stage.out_of_fold.y_score, same.out_of_fold.y_score, atol=1e-6)
        np.testing.assert_allclose(stage.curves.validation_loss, same.curves.validation_loss, atol=1e-6)
        assert stage.test is not None
        assert same.test is not None
        np.testing.assert_allclose(stage.test.y_score, same.test.y_score, atol=1e-6)


@pytest.mark.slow
def test_a_pool_gives_what_one_process_gives(
    alone: Project, labelled: Labelled, study: StudyFile, watched: Watch
) -> None:
    pooled, others = labelled(), pool_processes()
    start_study(pooled, study, machines=Machines(workers=2))
    agree(alone, pooled, study.name)
    assert set(watched.given_out.values()) == set(watched.kept.values()) == {1}
    assert pool_processes() <= others


@pytest.mark.slow
def test_what_a_killed_worker_was_doing_is_done_again(
    alone: Project, labelled: Labelled, study: StudyFile, watched: Watch
) -> None:
    pooled = labelled()
    watched.once_held = lambda: os.kill(watched.held()[0], signal.SIGKILL)
    start_study(pooled, study, machines=Machines(workers=2))
    assert watched.once_held is None
    agree(alone, pooled, study.name)
    assert set(watched.kept.values()) == {1}
    assert max(watched.given_out.values()) == 2


#: A user's script, which guards nothing with `if __name__ == "__main__"`: says when a worker has done something, and
#: waits there.
STARTS_A_POOL = """
print("began", flush=True)
import sys, time
from pathlib import Path
from medgraft.study import read_study_file
from medgraft.workspace import Project
from medgraft.workspace.kept.machines import Machines
from medgraft.workspace.studies.running import start_study

def report(progress):
    if progress.stage == "study" and progress.done:
        print("working", flush=True)
        time.sleep(600)

study = read_study_file(Path(sys.argv[2]))
start_study(Project.open(Path(sys.argv[1])), study, machines=Machines(workers=2), report=report)
"""


@pytest.mark.slow
def test_workers_end_when_the_process_that_started_them_is_killed(
    labelled: Labelled, study: StudyFile, tmp_path: Path
) -> None:
    file, script = tmp_path / "study.yaml", tmp_path / "script.py"
    file.write_text(resolved_yaml(study))
    script.write_text(STARTS_A_POOL)
    command = [sys.executable, str(script), str(labelled().root), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["began\n", "working\n"]  # workers do not run it
        wait_until(lambda: len(pool_processes(process.pid)) == 2, "both workers")
        workers = pool_processes(process.pid)
        process.kill()
    wait_until(lambda: not any(map(lives, workers)), "the workers' end")


#: Three nodes on this machine, each with room for one job. At the word "kill" one dies that is doing a job.
CLUSTER = """
import sys, time
from contextlib import suppress
from pathlib import Path
from ray.cluster_utils import Cluster

node = {"num_cpus": 1, "object_store_memory": 100_000_000}
nodes = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
others = [nodes.add_node(**node, wait=False) for _ in range(2)]
nodes.wait_for_nodes(timeout=300)
print(nodes.address, flush=True)

def is_working(node):
    processes = Path(f"/proc/{node.all_processes['raylet'][0].process.pid}/task").glob("*/children")
    with suppress(OSError):  # of one that has just ended
        children = " ".join(file.read_text() for file in processes).split()
        return any(Path(f"/proc/{child}/cmdline").read_bytes().startswith(b"ray::_work") for child in children)

for word in sys.stdin:
    deadline = time.monotonic() + 120
    while not (working := [node for node in others if is_working(node)]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    nodes.remove_node(working[0], allow_graceful=False)
    print("killed", flush=True)
nodes.shutdown()
"""


class Nodes:
    """A cluster in a process of its own."""

    def __init__(self) -> None:
        pytest.importorskip("ray", reason="the extra `cluster` is not installed")
        environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        self.process = subprocess.Popen([sys.executable, "-c", CLUSTER], env=environment, **pipes)  # type: ignore[call-overload]
        self.address = next(line.strip() for line in self.process.stdout if re.fullmatch(r"[\d.]+:\d+\n", line))

    def kill_one(self) -> None:
        """Kill a node in the middle of a job; comes back when it is dead."""
        self.process.stdin.write("kill\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "killed\n"

    def shut_down(self) -> None:
        self.process.communicate(timeout=300)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    nodes = Nodes()
    yield nodes
    nodes.shut_down()


@pytest.mark.slow
def test_a_cluster_without_room_says_so(nodes: Nodes, labelled: Labelled, study: StudyFile) -> None:
    with pytest.raises(InputError, match=r"room for 1 CPU and 8 GPU .* has 3 CPU and 0 GPU"):
        start_study(labelled(), study, machines=Machines(on=f"ray:{nodes.address}", gpus=8))


@pytest.mark.slow
def test_what_goes_wrong_on_a_node_is_said_as_it_is_here(
    nodes: Nodes, labelled: Labelled, tiny: Tiny, tmp_path: Path
) -> None:
    machines = Machines(on=f"ray:{nodes.address}", cache=tmp_path / "features")
    with pytest.raises(InputError, match=r"^Expected the rows of .* to fit into"):
        start_study(labelled(), tiny(cache={"limit_gb": 1e-6}), machines=machines)


@dataclass(frozen=True)
class OnlyHere:
    """Volumes that this process alone can read: nodes that share no disk with it cannot."""

    volumes: VolumeReader
    process: int = field(default_factory=os.getpid)

    def pixels(self, stack: str) -> NDArray[Any]:
        assert os.getpid() == self.process
        return self.volumes.pixels(stack)

    def mask(self, stack: str, digest: str) -> NDArray[np.uint8]:
        assert os.getpid() == self.process
        return self.volumes.mask(stack, digest)


@pytest.mark.slow
def test_nodes_need_no_file_of_a_learning_curve(
    nodes: Nodes, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with project.cohort() as cohort:
        subjects = cohort.subjects()
    for subject, split in zip(subjects, ("train", "validation", "test"), strict=True):
        correct_subject(project, subject, split=split)
    other = Project.open(Path(shutil.copytree(project.root, tmp_path / "other")))
    grid = {"network": "unet2d", "spacing": None, "shape": [1, 32, 32]}
    asked = {"epochs": 1, "updates": 1, "draws": 1, "sizes": [1], "thickness": False}
    curve = parse_curve({"name": "tiny", **grid, **asked, "arms": {"scratch": {}}})
    start_curve(project, curve)
    monkeypatch.setattr(curves, "volume_reader", lambda cohort: OnlyHere(volume_reader(cohort)))
    start_curve(other, curve, machines=Machines(on=f"ray:{nodes.address}", cache=tmp_path / "volumes"))
    (one,), (same,) = (curve_outcome(place, "tiny").points for place in (project, other))
    assert one.run == same.run
    assert [figures.dice for figures in one.test] == [pytest.approx(figures.dice, abs=1e-4) for figures in same.test]


@pytest.mark.slow
def test_a_node_that_dies_is_made_up_for(
    nodes: Nodes, alone: Project, labelled: Labelled, study: StudyFile, watched: Watch
) -> None:
    import ray

    clustered = labelled()

    def alive() -> int:
        return sum(node["Alive"] for node in ray.nodes())

    def kill_one() -> None:
        assert alive() == 3
        nodes.kill_one()
        wait_until(lambda: alive() == 2, "the cluster believes the node dead")

    watched.once_held = kill_one
    machines = Machines(on=f"ray:{nodes.address}", cache=clustered.root / "features")
    start_study(clustered, study, machines=machines)
    assert watched.once_held is None
    agree(alone, clustered, study.name)
    # Ray gives a lost job to another node by itself.
    assert set(watched.given_out.values()) == set(watched.kept.values()) == {1}


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        ({"on": "slurm"}, "Expected local, ray or"),
        ({"on": "local:8"}, "Expected local, ray or"),
        ({"workers": 0}, "at least one worker"),
    ],
)
def test_places_that_are_none_are_refused(settings: dict[str, Any], answer: str) -> None:
    with pytest.raises(InputError, match=answer):
        Machines(**settings)


@pytest.mark.parametrize(
    ("share", "room", "places"),
    [
        (Share(), {"CPU": 40.0}, 40),
        (Share(cpus=1, gpus=0.25), {"CPU": 64.0, "GPU": 8.0}, 32),
        (Share(cpus=4, gpus=0.25), {"CPU": 64.0, "GPU": 8.0}, 16),
        (Share(cpus=0, gpus=1), {"GPU": 2.0}, 2),
        (Share(gpus=1), {"CPU": 40.0}, 0),
    ],
)
def test_a_node_takes_as_many_jobs_as_it_has_room_for(share: Share, room: dict[str, float], places: int) -> None:
    assert share.places(room) == places


def test_a_nodes_folders_are_found_in_its_own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = DeskSettings(cache=Path("~/.cache/medgraft"), unfinished=Path("~/.cache/medgraft/unfinished"))
    here = at_home(settings)
    assert (here.cache, here.unfinished) == (
        tmp_path / ".cache" / "medgraft",
        tmp_path / ".cache" / "medgraft" / "unfinished",
    )


def test_a_job_takes_something() -> None:
    with pytest.raises(InputError, match="some CPU or GPU"):
        Share(cpus=0)
