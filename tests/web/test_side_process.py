"""What computes beside the server ends with it."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import FastAPI

from medgraft.web import side_process
from medgraft.web.server import while_serving

from ..processes import lives, wait_until

pytestmark = pytest.mark.slow


async def one_that_served() -> int:
    """The id of a process beside a server that has stopped since."""
    async with while_serving(FastAPI()):
        return side_process.QUICK.submit(os.getpid).result(timeout=300)


def test_a_process_beside_the_server_ends_with_it() -> None:
    with ThreadPoolExecutor(1) as thread:  # Playwright's own loop may run in this one
        process = thread.submit(asyncio.run, one_that_served()).result()
    wait_until(lambda: not lives(process), "the end of the process beside the server")
    assert side_process.QUICK.submit(os.getpid).result(timeout=300) != process, "the next question starts another"
    side_process.end_side_processes()
