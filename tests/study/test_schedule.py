"""Laws of the schedule: every trial once, barriers kept, workers busy, lost workers made up for."""

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgraft.core.errors import InputError, MedgraftError
from medgraft.core.progress import Report, silent
from medgraft.study import RunStore, StudyFile
from medgraft.study.schedule import LIVES, MOST, Chain, run_chains
from medgraft.study.trained import Trained
from medgraft.study.work import Job
from medgraft.training import History

STAGES = [{"depth": 0, "rates": [0.1, 0.01], "epochs": 2}, {"depth": 1, "rates": [0.01, 0.001], "epochs": 2}]
SIZES = [{"network": "mobilenetv1_025", "weights": "random", "size": size, "name": str(size)} for size in (32, 48, 64)]


def with_workers(dreamt: Any, workers: int, work: Callable[[Job], list[Trained]] | None = None) -> Any:
    """A dreamer whose jobs run in threads; `jobs` holds them in the order they were given out."""
    dreamer = dreamt(workers=workers)
    dreamer.jobs = []
    dreamer.most = dreamer.flying = 0
    threads = ThreadPoolExecutor(workers)

    def dream(job: Job) -> list[Trained]:
        return work(job) if work else [dreamer.dream(trial) for trial in job.trials]

    def submit(job: Job, report: Report = silent) -> Future[list[Trained]]:
        dreamer.jobs.append(job)
        dreamer.flying += 1
        dreamer.most = max(dreamer.most, dreamer.flying)
        future = threads.submit(dream, job)
        future.add_done_callback(lambda _: setattr(dreamer, "flying", dreamer.flying - 1))
        return future

    dreamer.submit = submit
    return dreamer


@pytest.mark.parametrize("workers", [1, 2, 5, 100])
def test_any_number_of_workers_does_the_same(
    dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile], workers: int
) -> None:
    study = tiny(networks=SIZES, stages=STAGES, seeds=[1, 2])
    alone, many = dreamt(), with_workers(dreamt, workers)
    expected = alone.study(study, hearts.samples, hearts.read)
    got = many.study(study, hearts.samples, hearts.read)
    assert [stage.runs for stage in got.stages] == [stage.runs for stage in expected.stages]
    assert [stage.final_run for stage in got.stages] == [stage.final_run for stage in expected.stages]
    identities = [trial.identity for trial in many.trials]
    assert len(identities) == len(set(identities)) == len(alone.trials)
    assert 1 <= many.most <= workers


def test_one_worker_does_one_model_after_the_other(dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]) -> None:
    alone = dreamt()
    alone.study(tiny(networks=SIZES, stages=STAGES), hearts.samples, hearts.read)
    names = [trial.plan.name for trial in alone.trials]
    assert names == sorted(names)
    depths = [trial.depth for trial in alone.trials if trial.plan.name == "32"]
    assert depths == sorted(depths)


def test_heads_of_a_grid_are_one_job_and_deeper_trials_are_jobs_of_their_own(
    dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]
) -> None:
    one = with_workers(dreamt, 1)
    one.study(tiny(stages=STAGES), hearts.samples, hearts.read)
    assert [len(job.trials) for job in one.jobs] == [6, 1, 3, *[1] * 7]
    many = with_workers(dreamt, 1)
    rates = [0.1 / (n + 1) for n in range(MOST)]
    many.study(tiny(stages=[{"depth": 0, "rates": rates, "epochs": 1}]), hearts.samples, hearts.read)
    assert [len(job.trials) for job in many.jobs] == [MOST, MOST, MOST, 1]


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


def test_a_trial_that_is_asked_for_twice_is_done_once(tmp_path: Path, dreamt: Any) -> None:
    history = History(train_loss=np.ones(1), scores=np.ones((1, 1, 2), np.float32))

    def noted(job: Job) -> list[Trained]:
        done.extend(trial.identity for trial in job.trials)
        return [
            Trained(identity=trial.identity, history=history, facts={}, state=None, seconds=0.0) for trial in job.trials
        ]

    def chain() -> Chain[list[str]]:
        first = yield [Named(identity="a"), Named(identity="b"), Named(identity="a")]
        second = yield [Named(identity="b"), Named(identity="c"), Named(identity="c")]
        return [run.identity for run in first + second]

    done: list[str] = []
    executor = with_workers(dreamt, 1, noted)
    assert run_chains([(chain(), 6)], executor, RunStore(root=tmp_path)) == [list("ababcc")]
    assert done == ["a", "b", "c"]
