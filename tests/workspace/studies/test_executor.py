"""The same study in this process, in a pool of processes and on a cluster: the same figures, nothing done twice."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.study import ClusterExecutor, DeskSettings, PoolExecutor, RunStore, Share, StudyFile, resolved_yaml
from medgraft.study.cluster import at_home
from medgraft.workspace import Project
from medgraft.workspace.kept.machines import Machines
from medgraft.workspace.kept.outcomes import study_outcome
from medgraft.workspace.studies.running import start_study

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
    """How often each trial was given out and kept; `at_three` is called once, when three jobs are being done."""

    given_out: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    flying: int = 0
    at_three: Callable[[], None] | None = None

    def gave_out(self, job: Any, future: Any) -> None:
        self.given_out.update(trial.identity for trial in job.trials)
        self.flying += 1
        future.add_done_callback(self.came_back)
        if self.flying == 3 and self.at_three:
            self.at_three()
            self.at_three = None

    def came_back(self, future: Any) -> None:
        self.flying -= 1


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    for executor in (PoolExecutor, ClusterExecutor):
        submit = executor.submit

        def watching(self: Any, job: Any, report: Report = silent, submit: Any = submit) -> Any:
            future = submit(self, job, report)
            watch.gave_out(job, future)
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
    pooled, others = labelled(), worker_processes()
    start_study(pooled, study, machines=Machines(workers=2))
    agree(alone, pooled, study.name)
    assert set(watched.given_out.values()) == set(watched.kept.values()) == {1}
    assert worker_processes() <= others


@pytest.mark.slow
def test_what_a_killed_worker_was_doing_is_done_again(
    alone: Project, labelled: Labelled, study: StudyFile, watched: Watch
) -> None:
    pooled, others, killed = labelled(), worker_processes(), list[int]()

    def kill_one(progress: Progress) -> None:
        if progress.stage == "study" and progress.done >= 4 and not killed:
            killed.append(min(worker_processes() - others))
            os.kill(killed[0], signal.SIGKILL)

    start_study(pooled, study, machines=Machines(workers=2), report=kill_one)
    assert killed
    agree(alone, pooled, study.name)
    assert set(watched.kept.values()) == {1}
    assert max(watched.given_out.values()) == 2


#: Says which processes its workers are as soon as one has done something, and waits there.
STARTS_A_POOL = """
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
    file = tmp_path / "study.yaml"
    file.write_text(resolved_yaml(study))
    command = [sys.executable, "-c", STARTS_A_POOL, str(labelled().root), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        workers = worker_processes(process.pid)
        process.kill()
    assert len(workers) == 2
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def worker_processes(parent: int | None = None) -> set[int]:
    """Processes of pools that a process, this one by default, has started."""
    parent = parent or os.getpid()
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return {int(child) for child in children if b"popen_loky" in Path(f"/proc/{child}/cmdline").read_bytes()}


#: Three nodes on this machine, each with room for one job. At the word "kill" one dies that is doing a job.
CLUSTER = """
import sys, time
from contextlib import suppress
from pathlib import Path
from ray.cluster_utils import Cluster

node = {"num_cpus": 1, "object_store_memory": 100_000_000}
nodes = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
others = [nodes.add_node(**node) for _ in range(2)]
nodes.wait_for_nodes()
print(nodes.address, flush=True)

def is_working(node):
    threads = Path(f"/proc/{node.all_processes['raylet'][0].process.pid}/task")
    children = " ".join(file.read_text() for file in threads.glob("*/children")).split()
    with suppress(FileNotFoundError):  # one that has just ended
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
        self.process.communicate(timeout=60)


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
        deadline = time.monotonic() + 120  # the cluster believes a node dead when it has missed some heartbeats
        while alive() == 3:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    watched.at_three = kill_one  # every node has something to do
    machines = Machines(on=f"ray:{nodes.address}", cache=clustered.root / "features")
    start_study(clustered, study, machines=machines)
    assert watched.at_three is None
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
