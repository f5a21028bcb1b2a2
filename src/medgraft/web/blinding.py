"""Blinding: while a reader reads blind, what studies answered is closed, for it shows the truth of every image."""

import re
from http import HTTPStatus

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool

from medgraft.workspace.reading.blind import blind_stacks

#: A study's own page, its answers image by image, its maps; not its progress. A curve's report, which shows masks.
_ANSWERS = re.compile(r"(/api/v1)?/studies/[^/]+(/|/predictions|/models/.+)?|/api/v1/curves/.+")


async def close_answers(request: Request) -> None:
    """Refuse answers to a reader of a blinded round, whichever study they are of: truths come from all labels."""
    if not _ANSWERS.fullmatch(request.url.path):
        return
    if await run_in_threadpool(blind_stacks, request.app.state.place.project, request.state.reader):
        raise HTTPException(
            HTTPStatus.FORBIDDEN,
            "Expected nobody who still reads blind: what a study answered shows others' labels. Do finish the round.",
        )
