"""Child: a function in a fresh process of its own, spoken to through a pipe.

Both sides of a comparison live in processes of their own, so that neither's settings (glibc's allocator, threads)
touch the other, and they take turns, so that a noisy minute of the machine falls on both.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

#: Every large buffer is given back to the system and faulted in again by default; with these it is kept.
KEEPING_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "2147483647"}
DEFAULT_MEMORY: Mapping[str, str] = {}


class ChildFailedError(RuntimeError):
    """The function raised, or its process died."""


class Child:
    """`target(*arguments)` makes an answerer in a new process; `ask(request)` gives its answer.

    target: a function of a module, giving an iterator-free callable from request to answer; a context manager of one.
    memory: what glibc is told, `DEFAULT_MEMORY` or `KEEPING_MEMORY`.
    """

    def __init__(
        self, target: Callable[..., Any], *arguments: object, memory: Mapping[str, str] = DEFAULT_MEMORY
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, target, arguments), daemon=True)
        with _environment(memory):
            self._process.start()
        there.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._here.close()  # the child's next read ends it
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()

    def ask(self, request: object) -> Any:
        """What the child answers. Raises `ChildFailedError` with the child's own words."""
        try:
            self._here.send(request)
            kind, answer = self._here.recv()
        except (EOFError, OSError) as error:
            self._process.join(timeout=10)
            raise ChildFailedError(f"The process of a peer ended with {self._process.exitcode}.") from error
        if kind == "raised":
            raise ChildFailedError(answer)
        return answer


def _serve(connection: Connection, target: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    """The child's main: answer until the other end is closed."""
    try:
        with target(*arguments) as answer:
            while True:
                connection.send(("answer", answer(connection.recv())))
    except EOFError:
        return
    except Exception as error:
        connection.send(("raised", f"{type(error).__name__}: {error}"))
        raise


@contextmanager
def _environment(memory: Mapping[str, str]) -> Iterator[None]:
    """The environment that a child is started with: glibc reads it once, at its start."""
    before = {name: os.environ.pop(name, None) for name in KEEPING_MEMORY}
    os.environ.update(memory)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
