"""What a job takes of a cluster is no less than something; one that is lost is told from one that failed."""

from concurrent.futures import BrokenExecutor, Future

import pytest

from medgraft.core.errors import InputError
from medgraft.study import Share, cluster
from medgraft.study.trained import Trained


@pytest.mark.slow
def test_a_job_that_is_lost_with_its_worker_may_be_submitted_again() -> None:
    exceptions = pytest.importorskip("ray.exceptions", reason="the extra `cluster` is not installed")
    asked: Future[list[Trained]] = Future()
    answer = cluster.answer_of(asked)
    asked.set_exception(exceptions.WorkerCrashedError())
    assert isinstance(answer.exception(), BrokenExecutor)


@pytest.mark.parametrize("share", [(0, 0), (-1, 1), (1, -0.5)])
def test_a_job_takes_something(share: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="take some CPU or GPU"):
        Share(cpus=share[0], gpus=share[1])
