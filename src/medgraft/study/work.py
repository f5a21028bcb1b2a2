"""What passes between the schedule and a worker: trials, jobs, and the bench that a worker does them on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from torch import Tensor

from medgraft.core.progress import Report
from medgraft.study.compute import Compute
from medgraft.study.trained import Trained
from medgraft.training.parallel import ALONE, Replica


class Trial(Protocol):
    """Something to be done once, and everything its numbers depend on; what it leaves is a run."""

    @property
    def identity(self) -> str:
        """Digest of everything the numbers depend on."""
        ...

    @property
    def parent(self) -> str:
        """Identity of the run whose tensors it starts from, "" for none."""
        ...

    @property
    def group(self) -> str:
        """Trials of one group are done side by side, in one job."""
        ...

    @property
    def title(self) -> str:
        """What it is part of, for people."""
        ...

    @property
    def place(self) -> str:
        """Its place there, for people."""
        ...


AnyTrial_co = TypeVar("AnyTrial_co", bound=Trial, covariant=True)


@dataclass(frozen=True, kw_only=True, eq=False)
class Job(Generic[AnyTrial_co]):
    """What a worker does at once: trials of one group, which start from the same tensors.

    state: tensors of the run they all start from; empty for none.
    """

    trials: tuple[AnyTrial_co, ...]
    state: Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class DeskSettings:
    """How a desk is set up; none of it changes a number beyond rounding.

    cache: folder of frozen features; may be shared by processes and machines.
    unfinished: folder of checkpoints of trainings in progress.
    compute: how to compute.
    checkpoint_seconds: a training in progress is saved between epochs, at most this often.
    replica: which of several processes it is that share each job.
    """

    cache: Path
    unfinished: Path
    compute: Compute = field(default_factory=Compute)
    checkpoint_seconds: float = 30.0
    replica: Replica = ALONE


class Bench(Protocol):
    """What lies on a desk: made for one job, it may serve others."""

    def serves(self, job: Job[Trial]) -> bool:
        """Whether a job can be done on it."""
        ...

    def work(self, job: Job[Trial], report: Report) -> list[Trained]:
        """Do a job that it serves."""
        ...
