"""A Ray cluster: jobs go to whichever node has room, and those of a node that dies go to another.

Nodes need medgraft of the same version, and nothing else: pictures, labels and weights travel with the first job,
volumes when a node first reads them, results travel back, and the process that started the study alone writes runs.
Needs the extra `cluster`.
"""

import io
import pickle
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft import __version__
from medgraft.core.errors import InputError, MedgraftError
from medgraft.core.progress import Report, silent
from medgraft.core.task import UnitKey
from medgraft.study.compute import Compute
from medgraft.study.curve.mask_data import MaskData
from medgraft.study.curve.mask_trial import Start
from medgraft.study.desk import Desk
from medgraft.study.ray_connection import connected
from medgraft.study.runs import checkpoint_of
from medgraft.study.study_data import StudyData
from medgraft.study.trained import Trained
from medgraft.study.work import DeskSettings, Job, Trial
from medgraft.transfer import Weights

#: How often Ray gives a job to another node when its node has died.
_RETRIES = 5


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one job takes of a node: Ray puts as many on a node as it has room for. gpus may be a part of one."""

    cpus: float = 1.0
    gpus: float = 0.0

    def __post_init__(self) -> None:
        """Raise `InputError` for a job that takes nothing."""
        if self.cpus < 0 or self.gpus < 0 or not (self.cpus or self.gpus):
            raise InputError(f"Expected a job to take some CPU or GPU, got {self.cpus:g} and {self.gpus:g}.")

    def places(self, resources: Mapping[str, float]) -> int:
        """How many jobs fit at once.

        >>> Share(cpus=2, gpus=0.25).places({"CPU": 40, "GPU": 2})
        8
        """
        wanted = {"CPU": self.cpus, "GPU": self.gpus}
        return int(min(resources.get(name, 0.0) / share for name, share in wanted.items() if share))


class ClusterExecutor(AbstractContextManager["ClusterExecutor"]):
    """Jobs on a Ray cluster; the connection ends with the `with` statement."""

    def __init__(self, address: str | None, share: Share, settings: DeskSettings) -> None:
        """Connect.

        Args:
            address: of a running cluster, HOST:PORT; None for the one of this machine, or for a new one if none runs.
            share: what one job takes.
            settings: of each node's desk; a cache folder that nodes share is filled once, another once per node.

        Raises:
            InputError: Ray is not installed, no cluster of the same version of Ray and Python answers at the address
                (which is found in seconds), or no node has room for one job.
        """
        self._ray = connected(address)
        self._share = share
        self._settings = replace(settings, compute=_on_node(settings, share))
        self._work = self._ray.remote(_work).options(
            num_cpus=share.cpus, num_gpus=share.gpus, max_retries=_RETRIES, scheduling_strategy="SPREAD"
        )
        self._sent: dict[int, tuple[object, Any]] = {}
        if not self._places():
            resources = self._ray.cluster_resources()
            self._ray.shutdown()
            raise InputError(
                f"Expected room for {share.cpus:g} CPU and {share.gpus:g} GPU per job on the cluster, "
                f"which has {resources.get('CPU', 0):g} CPU and {resources.get('GPU', 0):g} GPU. Do ask for less."
            )

    @property
    def workers(self) -> int:
        """How many jobs the nodes that are there now have room for."""
        return max(1, self._places())

    def submit(self, job: Job[Trial], report: Report = silent) -> Future[list[Trained]]:  # noqa: ARG002 (jobs tell nothing before they end)
        """Hand a job to a node."""
        packed = io.BytesIO()
        packer = _Packer(packed)
        packer.dump(job)
        parts = [self._send(part) for part in packer.parts]
        return answer_of(self._work.remote(__version__, self._settings, packed.getvalue(), *parts).future())

    def __exit__(self, *raised: object) -> None:
        self._ray.shutdown()

    def _places(self) -> int:
        return self._share.places(self._ray.cluster_resources())

    def _send(self, part: object) -> Any:
        """A reference to something large that many jobs share; it is sent to each node once."""
        if id(part) not in self._sent:  # the part is kept beside its reference, so that no other gets its id
            self._sent[id(part)] = (part, self._ray.put(_to_travel(part, self._ray.put)))
        return self._sent[id(part)][1]


def answer_of(asked: Future[list[Trained]]) -> Future[list[Trained]]:
    """What a node answers: its error as it was raised there, `BrokenExecutor` where Ray gave up with worker or node."""
    from ray.exceptions import RayTaskError  # noqa: PLC0415 (an extra)

    answer: Future[list[Trained]] = Future()

    def pass_on(asked: Future[list[Trained]]) -> None:
        error = asked.exception()
        if error is None:
            answer.set_result(asked.result())
        else:
            answer.set_exception(error.cause if isinstance(error, RayTaskError) else BrokenExecutor(str(error)))

    asked.add_done_callback(pass_on)
    return answer


def _on_node(settings: DeskSettings, share: Share) -> Compute:
    """Without a GPU of its own a job must not take one; its threads are the CPUs it asked for."""
    compute = settings.compute
    device = compute.device or ("cuda" if share.gpus else "cpu")
    return replace(compute, device=device, threads=compute.threads or max(1, round(share.cpus)))


class _Packer(pickle.Pickler):
    """Pickles a job without what many jobs share; that is in `parts`, in the order of its first appearance."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.parts: list[object] = []

    def persistent_id(self, obj: object) -> int | None:
        """The place of a shared part."""
        if not isinstance(obj, StudyData | Weights | MaskData | Start):
            return None
        place = next((place for place, part in enumerate(self.parts) if part is obj), len(self.parts))
        if place == len(self.parts):
            self.parts.append(obj)
        return place


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, parts: Sequence[object]) -> None:
        super().__init__(file)
        self.parts = parts

    def persistent_load(self, pid: int) -> object:
        """The shared part at a place."""
        return self.parts[pid]


def _to_travel(part: object, put: Callable[[object], Any]) -> object:
    """A shared part as nodes can use it, which see no file of the project."""
    match part:
        case StudyData():
            return replace(part, read=_Pictures.of(part))
        case MaskData():
            return replace(part, read=_Volumes.of(part, put))
        case _:
            return part


@dataclass(frozen=True, kw_only=True)
class _Pictures:
    """Native pictures of all units of a study: a reader that works on any machine."""

    images: Mapping[UnitKey, NDArray[Any]]

    @classmethod
    def of(cls, data: StudyData) -> "_Pictures":
        return cls(images={item.unit: data.read(item.unit).copy() for item in data.samples.items})

    def __call__(self, unit: UnitKey) -> NDArray[Any]:
        return self.images[unit]


@dataclass(frozen=True, kw_only=True)
class _Volumes:
    """Native volumes and masks of a learning curve by stack, as references: a node gets what it reads."""

    images: Mapping[str, Any]
    masks: Mapping[str, Any]

    @classmethod
    def of(cls, data: MaskData, put: Callable[[object], Any]) -> "_Volumes":
        items, read = data.samples.items, data.read
        return cls(
            images={item.stack: put(np.asarray(read.pixels(item.stack))) for item in items},
            masks={item.stack: put(np.asarray(read.mask(item.stack, item.mask_digest))) for item in items},
        )

    def pixels(self, stack: str) -> NDArray[Any]:
        return _got(self.images[stack])

    def mask(self, stack: str, digest: str) -> NDArray[np.uint8]:  # noqa: ARG002 (looked at when it was sent)
        return _got(self.masks[stack])


def _got(reference: Any) -> NDArray[Any]:
    import ray  # noqa: PLC0415 (an extra)

    array: NDArray[Any] = ray.get(reference)
    return array


def _work(version: str, settings: DeskSettings, packed: bytes, *parts: object) -> list[Trained]:
    """Do a job on a node."""
    if version != __version__:
        raise MedgraftError(
            f"Expected medgraft {version} on every node, got {__version__} on {socket.gethostname()}. "
            "Do install it there."
        )
    job: Job[Trial] = _Unpacker(io.BytesIO(packed), parts).load()
    here = at_home(settings)
    done = _desk(here).work(job)
    for trained in done:
        checkpoint_of(here.unfinished, trained.identity).unlink(missing_ok=True)
    return done


def at_home(settings: DeskSettings) -> DeskSettings:
    """Folders that are named from a user's home (`~`), found on the machine that asks."""
    return replace(settings, cache=settings.cache.expanduser(), unfinished=settings.unfinished.expanduser())


@lru_cache(maxsize=1)
def _desk(settings: DeskSettings) -> Desk:
    """The desk of this process."""
    return Desk(settings)
