"""Processes beside the server, for what needs torch: the server stays small, and pages never wait for it.

They start when first asked, end after some idle minutes, and are replaced at the next question if one died. There are
two, so that a Grad-CAM does not wait for a map.
"""

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from typing import Any, TypeVar

from loky import get_reusable_executor

from medgraft.core.errors import MedgraftError
from medgraft.workspace import Project
from medgraft.workspace.model_sights import CamRequest, MapRequest

Answer = TypeVar("Answer")

#: How many there are, and seconds until they end when idle and give their memory back.
_PROCESSES, _IDLE = 2, 300

LOST = "The process that computed it was lost, perhaps for want of memory. Do: try again."


def see_cams_beside(project: Project, request: CamRequest) -> "Future[None]":
    """Have Grad-CAM of a stack computed and kept."""
    return _beside(_see_cams, project, request)


def see_map_beside(project: Project, request: MapRequest) -> "Future[None]":
    """Have the map of a model's images computed and kept."""
    return _beside(_see_map, project, request)


def resolve_study_beside(project: Project, text: str) -> "Future[str]":
    """Have a study file checked; gives the resolved one."""
    return _beside(_resolve_study, project, text)


async def answer_of(future: "Future[Answer]") -> Answer:
    """What came of it, without holding up other requests. Raises what it raised; `MedgraftError` if it was lost."""
    try:
        return await asyncio.wrap_future(future)
    except BrokenExecutor as error:
        raise MedgraftError(LOST) from error


def _beside(work: Callable[..., Answer], *arguments: Any) -> "Future[Answer]":
    # One thread each: the other cores are for whoever labels meanwhile.
    executor = get_reusable_executor(
        max_workers=_PROCESSES, timeout=_IDLE, initializer=_set_up, env={"OMP_NUM_THREADS": "1"}, reuse=True
    )
    future: Future[Answer] = executor.submit(work, *arguments)
    return future


def _set_up() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this process


def _see_cams(project: Project, request: CamRequest) -> None:
    from medgraft.workspace.seeing import see_cams  # noqa: PLC0415 - loads torch, in this process alone

    see_cams(project, request)


def _see_map(project: Project, request: MapRequest) -> None:
    from medgraft.workspace.seeing import see_map  # noqa: PLC0415 - loads torch, in this process alone

    see_map(project, request)


def _resolve_study(project: Project, text: str) -> str:
    from medgraft.workspace.study_text import resolve_study  # noqa: PLC0415 - loads torch, in this process alone

    return resolve_study(project, text).text
