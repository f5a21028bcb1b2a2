"""The schedule: several models go through their stages side by side, each waiting at its own barriers.

A chain asks for trials and is sent their runs (a generator). Trials that are finished are read; the others go to the
executor as jobs, those of the first chain first, so that a single worker does one model after the other and many
workers are kept busy by the models behind it.
"""

from collections import Counter, deque
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from medgraft.core.errors import MedgraftError
from medgraft.core.progress import Progress, Report, silent
from medgraft.study.executor import Executor
from medgraft.study.runs import Run, RunStore
from medgraft.study.trained import Trained
from medgraft.study.work import Job, Trial

#: How many workers a job may lose before it is taken to be what kills them.
LIVES = 3

#: The most trials of one job: their weights, momenta and gradients lie in memory together.
MOST = 64

Result = TypeVar("Result")
#: Yields trials, one or more at a time, is sent their runs in the same order, and returns a result.
Chain = Generator[Sequence[Trial], list[Run], Result]


def run_chains(
    chains: Sequence[tuple[Chain[Result], int]], executor: Executor, store: RunStore, report: Report = silent
) -> list[Result]:
    """The results of some chains, in their order; a run is kept before anything follows from it.

    Args:
        chains: each with the number of trials it is expected to ask for, for the progress.
        executor: where jobs are done.
        store: where runs are kept.
        report: told of jobs that begin and of trials that are done.

    Raises:
        MedgraftError: one job lost `LIVES` workers. Otherwise whatever a job raises.
    """
    lines = [_Line(chain=chain, planned=planned) for chain, planned in chains]
    flying: dict[Future[list[Trained]], tuple[_Line[Result], Job[Trial]]] = {}
    lost: Counter[str] = Counter()
    while True:
        for line in lines:
            line.advance(store)
        report(
            Progress(stage="study", done=sum(line.done for line in lines), total=sum(line.planned for line in lines))
        )
        for line in lines:
            while line.waiting and len(flying) < executor.workers:
                job = _job(line.waiting.popleft(), store)
                report(line.progress(job))
                flying[executor.submit(job, report)] = (line, job)
        if not flying:
            return [result for line in lines for result in line.results]
        done = wait(flying, return_when=FIRST_COMPLETED).done
        for future in sorted(done, key=lambda future: future.exception() is not None):  # what went well is kept first
            line, job = flying.pop(future)
            try:
                line.runs |= {trained.identity: store.write(trained) for trained in future.result()}
            except BrokenExecutor as error:
                _count_loss(job, lost, error)
                line.waiting.appendleft(job.trials)


@dataclass(kw_only=True)
class _Line(Generic[Result]):
    """One chain in progress.

    asked: the trials it waits for. runs: those that are there, by identity. waiting: those not yet given out, by job.
    before: trials that were asked for earlier. results: its result, once it has ended.
    """

    chain: Chain[Result]
    planned: int
    asked: Sequence[Trial] = ()
    runs: dict[str, Run] = field(default_factory=dict)
    waiting: deque[tuple[Trial, ...]] = field(default_factory=deque)
    before: int = 0
    results: list[Result] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Trials done; all that were planned once it has ended, since a lost model asks for fewer."""
        return self.planned if self.results else self.before + len(self.runs)

    def advance(self, store: RunStore) -> None:
        """Send the chain its runs and take what it asks for next, until something of that is missing."""
        while not self.results and len(self.runs) == len({trial.identity for trial in self.asked}):
            self.before += len(self.asked)
            try:
                # A generator starts with None.
                self.asked = self.chain.send([self.runs[trial.identity] for trial in self.asked] or None)  # type: ignore[arg-type]
            except StopIteration as end:
                self.results = [end.value]
                return
            self.runs = {
                trial.identity: store.read(trial.identity) for trial in self.asked if store.has(trial.identity)
            }
            # Two that are asked for may be one: their numbers would be the same.
            missing = {trial.identity: trial for trial in self.asked if trial.identity not in self.runs}
            self.waiting.extend(_grouped(list(missing.values())))

    def progress(self, job: Job[Trial]) -> Progress:
        """What begins now."""
        first = job.trials[0]
        others = f" and {len(job.trials) - 1} more" if len(job.trials) > 1 else ""
        return Progress(stage=first.title, done=len(self.runs), total=len(self.asked), detail=first.place + others)


def _grouped(trials: Sequence[Trial]) -> list[tuple[Trial, ...]]:
    """Trials by group, none too large."""
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(trial.group, []).append(trial)
    return [tuple(group[first : first + MOST]) for group in groups.values() for first in range(0, len(group), MOST)]


def _job(trials: tuple[Trial, ...], store: RunStore) -> Job[Trial]:
    parent = trials[0].parent
    return Job(trials=trials, state=store.state(parent) if parent else {})


def _count_loss(job: Job[Trial], lost: Counter[str], error: BrokenExecutor) -> None:
    first = job.trials[0]
    lost[first.identity] += 1
    if lost[first.identity] >= LIVES:
        raise MedgraftError(
            f"Expected {first.title}, {first.place} to be trained, but {LIVES} workers died of it or beside it. "
            "Do look whether the machine runs out of memory (fewer workers help) or somebody stops them; "
            "what is finished is kept, start the study again."
        ) from error
