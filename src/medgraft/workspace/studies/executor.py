"""Somebody to do a study's jobs: this process, a pool or a group of processes, or a Ray cluster."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from medgraft.study import (
    ClusterExecutor,
    Compute,
    Desk,
    DeskSettings,
    Executor,
    GroupExecutor,
    LocalExecutor,
    PoolExecutor,
    RunStore,
    Share,
)
from medgraft.workspace.kept.machines import Machines
from medgraft.workspace.project import Project

#: On each node, seen from its user's home: temporary folders may be small, and features are worth keeping.
_NODE_CACHE = Path("~/.cache/medgraft")


def open_executor(machines: Machines, project: Project, checkpoint_seconds: float) -> AbstractContextManager[Executor]:
    """Somebody to do a study's jobs, as long as the block lasts.

    Raises `InputError` if Ray is not installed, does not answer, or has no room for one job; or if there are fewer GPUs
    than devices.
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
    if machines.devices > 1:
        return GroupExecutor(machines.devices, settings)
    if machines.workers > 1:
        return PoolExecutor(machines.workers, settings)
    return nullcontext(LocalExecutor(Desk(settings)))
