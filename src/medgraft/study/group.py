"""A group of processes on this machine that do every job together, each on a device of its own."""

import os
import pickle
import socket
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from tempfile import TemporaryDirectory
from typing import cast

import torch
from loky.backend import get_context

from medgraft.core.errors import InputError, MedgraftError
from medgraft.core.progress import Progress, Report, silent
from medgraft.study.desk import Desk
from medgraft.study.trained import Trained
from medgraft.study.work import DeskSettings, Job, Trial
from medgraft.study.worker import begin_work, environment, shared_out
from medgraft.training.parallel import Replica, joined

#: Variables that say at which network interface gloo and NCCL listen.
_INTERFACES = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")
#: How long a process that was killed may take to be gone.
_GONE_SECONDS = 10.0
_LOST = "A process of the group was lost."

#: What a member says: how far it is, at last what it made of the job (nothing but for the first) or what went wrong.
_Word = Progress | list[Trained] | Exception


class GroupExecutor(AbstractContextManager["GroupExecutor"]):
    """Processes that share each job (`training.parallel`); they end with the `with` statement, or with this process.

    A job is done before `submit` returns. What goes wrong in one process ends all, since the others wait for it; the
    next job starts new ones. A process that is killed is no fault of the job, which comes back as broken.
    """

    workers = 1

    def __init__(self, devices: int, settings: DeskSettings) -> None:
        """Start nothing yet.

        Args:
            devices: how many: GPUs 0, 1, ..., or processes on the CPU where there is no GPU.
            settings: of each desk; without a number of threads, the processors are shared out evenly.

        Raises:
            InputError: the machine has GPUs, but fewer.
        """
        n_gpus = 0 if settings.compute.device else torch.cuda.device_count()
        if 0 < n_gpus < devices:
            raise InputError(f"Expected at most {n_gpus} devices on a machine of {n_gpus} GPUs, got {devices}.")
        shared = shared_out(settings, devices)
        names = [settings.compute.device or (f"cuda:{rank}" if n_gpus else "cpu") for rank in range(devices)]
        self._settings = [replace(shared, compute=replace(shared.compute, device=name)) for name in names]
        self._group: _Group | None = None

    def submit(self, job: Job[Trial], report: Report = silent) -> Future[list[Trained]]:
        """A future that is done. What goes wrong is raised at once, unless a process was lost."""
        done: Future[list[Trained]] = Future()
        self._group = self._group or _Group(self._settings)
        with ExitStack() as unless_done:
            unless_done.callback(self._end)
            try:
                done.set_result(self._group.work(job, report))
            except BrokenExecutor as error:
                done.set_exception(error)
            else:
                unless_done.pop_all()
        return done

    def __exit__(self, *raised: object) -> None:
        self._end()

    def _end(self) -> None:
        if self._group:
            self._group.end()
        self._group = None


@dataclass(frozen=True, kw_only=True)
class _Member:
    """A process, and what it says."""

    process: BaseProcess
    pipe: Connection


class _Group:
    """Processes that found each other once, through a file, and know of no others."""

    def __init__(self, settings: list[DeskSettings]) -> None:
        self._meeting = TemporaryDirectory(prefix="medgraft-")
        places = [Replica(rank=rank, count=len(settings)) for rank in range(len(settings))]
        self._members: list[_Member] = []
        with ExitStack() as unless_all_start:
            unless_all_start.callback(self.end)  # those that were started wait for the others
            for member in zip(places, settings, strict=True):
                self._members.append(self._member(*member))
            unless_all_start.pop_all()

    def work(self, job: Job[Trial], report: Report) -> list[Trained]:
        """What the members answer, when all have. Raises what any member does, `BrokenExecutor` if one is gone."""
        words, answers = self._words_on(job), list[list[Trained]]()
        while len(answers) < len(self._members):
            word = next(words)
            if isinstance(word, Exception):
                raise self._cause(word)
            if isinstance(word, Progress):
                report(word)
            else:
                answers.append(word)
        return [trained for answer in answers for trained in answer]

    def end(self) -> None:
        """End all, whatever they are doing."""
        for member in self._members:
            member.process.terminate()
        for member in self._members:
            member.process.join()
            member.pipe.close()
        self._meeting.cleanup()

    def _member(self, replica: Replica, settings: DeskSettings) -> _Member:
        context = get_context("loky")
        here, there = context.Pipe()
        process = context.Process(
            target=_serve,
            args=(replica, f"file://{self._meeting.name}/ranks", settings, there),
            env=environment(settings) | _among_themselves(),
        )
        process.start()
        there.close()  # with its process, the last one that holds it is gone
        return _Member(process=process, pipe=here)

    def _words_on(self, job: Job[Trial]) -> Iterator[_Word]:
        packed = pickle.dumps(job)
        try:
            for member in self._members:
                member.pipe.send_bytes(packed)
            while True:
                for pipe in wait([member.pipe for member in self._members]):
                    yield cast(Connection, pipe).recv()
        except (EOFError, OSError) as error:
            raise BrokenExecutor(_LOST) from error

    def _cause(self, error: Exception) -> Exception:
        """What went wrong in a member; where one was killed, torch fails in the others, which it does not answer."""
        if isinstance(error, MedgraftError):
            return error
        killed = wait([member.process.sentinel for member in self._members], _GONE_SECONDS)
        return BrokenExecutor(_LOST) if killed else error


def _among_themselves() -> dict[str, str]:
    """Processes of one machine need not be reached from others; whoever set a variable knows better."""
    loopback = next(name for _, name in socket.if_nameindex() if name.startswith("lo"))
    return {variable: os.environ.get(variable, loopback) for variable in _INTERFACES}


def _serve(place: Replica, meeting: str, settings: DeskSettings, pipe: Connection) -> None:
    """Do jobs with the others until this process is ended."""
    begin_work()
    device = settings.compute.prepare()
    with joined(place.rank, place.count, meeting, device) as replica:
        desk = Desk(replace(settings, replica=replica))
        try:
            while True:
                answer = _answer(desk, pipe.recv_bytes(), pipe.send if replica.is_first else silent)
                pipe.send(answer if replica.is_first or isinstance(answer, Exception) else [])
        except (EOFError, OSError):  # of the pipe: who asked is gone
            os._exit(1)


def _answer(desk: Desk, packed: bytes, report: Report) -> list[Trained] | Exception:
    job: Job[Trial] = pickle.loads(packed)  # noqa: S301 (written by `_Group`, in the memory of the process that started this one)
    try:
        return desk.work(job, report)
    except Exception as error:  # noqa: BLE001 (whatever it is, the process that asked raises it)
        return error
