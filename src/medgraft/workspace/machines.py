"""Where a study is computed: in this process, in a pool of processes, or on a Ray cluster."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from medgraft.core.errors import InputError
from medgraft.study import (
    ClusterExecutor,
    Compute,
    Desk,
    DeskSettings,
    Executor,
    LocalExecutor,
    PoolExecutor,
    RunStore,
    Share,
)
from medgraft.workspace.project import Project

#: On each node, seen from its user's home: temporary folders may be small, and features are worth keeping.
_NODE_CACHE = Path("~/.cache/medgraft")


@dataclass(frozen=True, kw_only=True)
class Machines:
    """Where and how a study is computed; results agree to 1e-6 wherever it is.

    on: "local", "ray" (the cluster of this machine, or a new one on it) or "ray:HOST:PORT".
    workers: processes on this machine; 1 computes in this one. On Ray, the nodes' room decides.
    cpus, gpus: what one job takes of a Ray node; gpus may be a part of one.
    cache: folder of frozen features, as every worker sees it; the project's own, or on Ray one on each node.
    deterministic: equal seeds give equal bytes on a GPU too. compiled: networks go through `torch.compile`.
    """

    on: str = "local"
    workers: int = 1
    cpus: float = 1.0
    gpus: float = 0.0
    cache: Path | None = None
    deterministic: bool = False
    compiled: bool = False

    def __post_init__(self) -> None:
        """Raise `InputError` for a place that is none."""
        kind, _, address = self.on.partition(":")
        if kind not in ("local", "ray") or (kind == "local" and address):
            raise InputError(f"Expected local, ray or ray:HOST:PORT, got {self.on!r}.")
        if self.workers < 1:
            raise InputError(f"Expected at least one worker, got {self.workers}.")


def open_executor(machines: Machines, project: Project, checkpoint_seconds: float) -> AbstractContextManager[Executor]:
    """Somebody to do a study's jobs, as long as the block lasts.

    Raises `InputError` if Ray is not installed, does not answer, or has no room for one job.
    """
    compute = Compute(deterministic=machines.deterministic, compiled=machines.compiled)
    kind, _, address = machines.on.partition(":")
    on_nodes = kind == "ray"
    cache = machines.cache or (_NODE_CACHE if on_nodes else project.cache)
    settings = DeskSettings(
        cache=cache,
        # Where nodes share the cache, another node goes on with what a dead one had begun.
        unfinished=cache / "unfinished" if on_nodes else RunStore(root=project.runs).unfinished,
        compute=compute,
        checkpoint_seconds=checkpoint_seconds,
    )
    if on_nodes:
        return ClusterExecutor(address or None, Share(cpus=machines.cpus, gpus=machines.gpus), settings)
    if machines.workers > 1:
        return PoolExecutor(machines.workers, settings)
    return nullcontext(LocalExecutor(Desk(settings)))
