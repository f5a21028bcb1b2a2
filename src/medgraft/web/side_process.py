"""Processes beside the server, for what needs torch: the server stays small, and pages never wait for it.

They start when first asked, end after some idle minutes, and are replaced at the next question if one died. There are
two, so that a Grad-CAM does not wait for a map.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from typing import Any, TypeVar

from loky import ProcessPoolExecutor

from medgraft.core.errors import MedgraftError
from medgraft.core.worker import work_for_parent, worker_environment
from medgraft.workspace import Project
from medgraft.workspace.apart import resolve_study_apart, see_cams_apart, see_map_apart
from medgraft.workspace.models.sights import CamRequest, MapRequest

Answer = TypeVar("Answer")

#: Seconds until an idle process ends and gives its memory back.
_IDLE = 300

LOST = "The process that computed it was lost, perhaps for want of memory. Do: try again."


class SideProcess:
    """A process that does one thing after the other."""

    def __init__(self) -> None:
        self._executor: ProcessPoolExecutor | None = None

    def submit(self, work: Callable[..., Answer], *arguments: Any) -> "Future[Answer]":
        """Have work done; the process is started, or replaced if it died."""
        if self._executor is None:
            self._executor = self._start()
        try:
            return self._submit(work, arguments)
        except BrokenExecutor:
            self._executor = self._start()
            return self._submit(work, arguments)

    def end(self) -> None:
        """End the process, whatever it does; the next question starts another."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, kill_workers=True)
        self._executor = None

    def _submit(self, work: Callable[..., Answer], arguments: tuple[Any, ...]) -> "Future[Answer]":
        assert self._executor is not None
        future: Future[Answer] = self._executor.submit(work, *arguments)
        return future

    def _start(self) -> ProcessPoolExecutor:
        # One thread: the other cores are for whoever labels meanwhile.
        return ProcessPoolExecutor(1, timeout=_IDLE, initializer=work_for_parent, env=worker_environment(threads=1))


#: For what somebody waits for, and for what takes minutes.
QUICK, LONG = SideProcess(), SideProcess()


def see_cams_beside(project: Project, request: CamRequest) -> "Future[None]":
    """Have Grad-CAM of a stack computed and kept."""
    return QUICK.submit(see_cams_apart, project, request)


def see_map_beside(project: Project, request: MapRequest) -> "Future[None]":
    """Have the map of a model's images computed and kept."""
    return LONG.submit(see_map_apart, project, request)


def resolve_study_beside(project: Project, text: str) -> "Future[str]":
    """Have a study file checked; gives the resolved one."""
    return QUICK.submit(resolve_study_apart, project, text)


def end_side_processes() -> None:
    """End what computes beside the server."""
    for process in (QUICK, LONG):
        process.end()


async def answer_of(future: "Future[Answer]") -> Answer:
    """What came of it, without holding up other requests. Raises what it raised; `MedgraftError` if it was lost."""
    try:
        return await asyncio.wrap_future(future)
    except BrokenExecutor as error:
        raise MedgraftError(LOST) from error
