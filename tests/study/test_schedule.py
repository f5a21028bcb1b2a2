"""Laws of the schedule: every trial once, barriers kept, workers busy, lost workers made up for."""

import resource
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgraft.core.errors import InputError, MedgraftError
from medgraft.core.progress import Report, silent
from medgraft.study import RunStore, StudyFile, schedule
from medgraft.study.schedule import LIVES, Chain, run_chains
from medgraft.study.trained import Trained
from medgraft.study.work import Job
from medgraft.training import History

STAGES = [{"depth": 0, "rates": [0.1, 0.01], "epochs": 2}, {"depth": 1, "rates": [0.01, 0.001], "epochs": 2}]
SIZES = [{"network": "mobilenetv1_025", "weights": "random", "size": size, "name": str(size)} for size in (32, 48, 64)]


def with_workers(dreamt: Any, workers: int, work: Callable[[Job], list[Trained]] | None = None) -> Any:
    """A dreamer whose jobs run in threads; `jobs` holds them in the order they were given out."""
    dreamer = dreamt(workers=workers)
    dreamer.jobs = []
    dreamer.most = 0
    threads, flying = ThreadPoolExecutor(workers), list[Future[list[Trained]]]()

    def dream(job: Job) -> list[Trained]:
        return work(job) if work else [dreamer.dream(trial) for trial in job.trials]

    def submit(job: Job, report: Report = silent) -> Future[list[Trained]]:
        dreamer.jobs.append(job)
        flying[:] = [*(future for future in flying if not future.done()), threads.submit(dream, job)]
        dreamer.most = max(dreamer.most, len(flying))
        return flying[-1]

    dreamer.submit = submit
    return dreamer


@pytest.fixture(scope="module")
def alone(dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]) -> Any:
    """Three models at two seeds, done by one worker."""
    dreamer = dreamt()
    dreamer.outcome = dreamer.study(tiny(networks=SIZES, stages=STAGES, seeds=[1, 2]), hearts.samples, hearts.read)
    return dreamer


@pytest.mark.parametrize("workers", [1, 2, 5, 100])
def test_any_number_of_workers_does_the_same(dreamt: Any, hearts: Any, alone: Any, workers: int) -> None:
    many = with_workers(dreamt, workers)
    got = many.study(alone.outcome.study, hearts.samples, hearts.read)
    assert [stage.runs for stage in got.stages] == [stage.runs for stage in alone.outcome.stages]
    assert [stage.final_run for stage in got.stages] == [stage.final_run for stage in alone.outcome.stages]
    identities = [trial.identity for trial in many.trials]
    assert len(identities) == len(set(identities)) == len(alone.trials)
    assert 1 <= many.most <= workers


def test_one_worker_does_one_model_after_the_other(alone: Any) -> None:
    names = [(trial.data.seed, trial.plan.name) for trial in alone.trials]
    assert names == sorted(names)
    depths = [trial.depth for trial in alone.trials if (trial.data.seed, trial.plan.name) == (1, "32")]
    assert depths == sorted(depths)


def test_heads_of_a_grid_are_one_job_and_deeper_trials_are_jobs_of_their_own(
    dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = with_workers(dreamt, 1)
    one.study(tiny(stages=STAGES), hearts.samples, hearts.read)
    assert [len(job.trials) for job in one.jobs] == [6, 1, 3, *[1] * 7]
    many = with_workers(dreamt, 1)
    monkeypatch.setattr(schedule, "MOST", 4)
    rates = [0.1, 0.05, 0.02, 0.01]
    many.study(tiny(stages=[{"depth": 0, "rates": rates, "epochs": 1}]), hearts.samples, hearts.read)
    assert [len(job.trials) for job in many.jobs] == [4, 4, 4, 1]


def test_a_job_that_lost_its_worker_is_given_out_again(
    dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]
) -> None:
    losses: list[str] = []

    def lossy(job: Job) -> list[Trained]:
        first = job.trials[0]
        if first.depth == 1 and losses.count(first.identity) < LIVES - 1:
            losses.append(first.identity)
            raise BrokenExecutor
        return [dreamer.dream(trial) for trial in job.trials]

    dreamer = with_workers(dreamt, 2, lossy)
    outcome = dreamer.study(tiny(stages=STAGES), hearts.samples, hearts.read)
    assert [stage.depth for stage in outcome.stages] == [0, 1]
    assert len(losses) == 2 * 7
    identities = [trial.identity for trial in dreamer.trials]
    assert len(identities) == len(set(identities))


def test_a_job_that_kills_every_worker_is_named(dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]) -> None:
    def deadly(job: Job) -> list[Trained]:
        raise BrokenExecutor

    with pytest.raises(MedgraftError, match=rf"mobilenetv1_025-random, depth 0.*{LIVES} workers died.*out of memory"):
        with_workers(dreamt, 2, deadly).study(tiny(), hearts.samples, hearts.read)


def test_what_a_job_raises_is_raised(dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]) -> None:
    def failing(job: Job) -> list[Trained]:
        raise InputError("no room")

    with pytest.raises(InputError, match="no room"):
        with_workers(dreamt, 2, failing).study(tiny(), hearts.samples, hearts.read)


@dataclass(frozen=True, kw_only=True)
class Named:
    """A trial that is its name."""

    identity: str
    parent: str = ""
    group: str = ""
    title: str = "named"
    place: str = ""


def trained(name: str, size: int = 1) -> Trained:
    history = History(train_loss=np.ones(size), scores=np.ones((1, 1, 2), np.float32))
    return Trained(identity=name, history=history, facts={}, state=None, seconds=0.0)


def test_a_trial_that_is_asked_for_twice_is_done_once(tmp_path: Path, dreamt: Any) -> None:
    def noted(job: Job) -> list[Trained]:
        done.extend(trial.identity for trial in job.trials)
        return [trained(trial.identity) for trial in job.trials]

    def chain() -> Chain[list[str]]:
        first = yield [Named(identity="a"), Named(identity="b"), Named(identity="a")]
        second = yield [Named(identity="b"), Named(identity="c"), Named(identity="c")]
        return [run.identity for run in first + second]

    done: list[str] = []
    executor = with_workers(dreamt, 1, noted)
    assert run_chains([(chain(), 6)], executor, RunStore(root=tmp_path)) == [list("ababcc")]
    assert done == ["a", "b", "c"]


class Instant:
    """Eight workers who are done before anybody waits for them; `f` alone fails."""

    workers = 8

    def submit(self, job: Job, report: Report = silent) -> Future[list[Trained]]:
        future: Future[list[Trained]] = Future()
        (trial,) = job.trials
        if trial.identity == "f":
            future.set_exception(InputError("no room"))
        else:
            future.set_result([trained(trial.identity)])
        return future


def test_what_is_done_is_kept_though_another_job_failed_meanwhile(tmp_path: Path) -> None:
    def chain() -> Chain[None]:
        yield [Named(identity=name, group=name) for name in "abcdefgh"]

    store = RunStore(root=tmp_path)
    with pytest.raises(InputError, match="no room"):
        run_chains([(chain(), 8)], Instant(), store)
    assert [name for name in "abcdefgh" if store.has(name)] == list("abcdegh")


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Files end after 4 KiB, as on a disk that has no more."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("too_large", ["history", "state"])
def test_a_run_that_does_not_fit_on_the_disk_takes_no_room_there(tmp_path: Path, too_large: str) -> None:
    store = RunStore(root=tmp_path)
    large = trained("a", 1000) if too_large == "history" else replace(trained("a"), state={"w": np.ones(1000)})
    with pytest.raises(OSError, match=r"written|File too large"):
        store.write(large)
    assert not store.has("a")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert store.write(trained("a")).history.train_loss.tolist() == [1.0]
