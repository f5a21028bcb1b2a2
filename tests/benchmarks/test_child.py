"""A child answers from a process of its own, under the memory settings it was given."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from benchmarks.child import DEFAULT_MEMORY, KEEPING_MEMORY, Child, ChildFailedError


@contextmanager
def surroundings() -> Iterator[Callable[[str], tuple[int, str | None]]]:
    yield lambda name: (os.getpid(), os.environ.get(name))


@contextmanager
def raising() -> Iterator[Callable[[str], None]]:
    def answer(text: str) -> None:
        raise ValueError(text)

    yield answer


@pytest.mark.slow
@pytest.mark.parametrize("memory", [DEFAULT_MEMORY, KEEPING_MEMORY])
def test_a_child_has_its_own_process_and_memory_settings(memory: Mapping[str, str], default_memory: None):
    with Child(surroundings, memory=memory) as child:
        process, setting = child.ask("MALLOC_TRIM_THRESHOLD_")
        assert child.ask("MALLOC_TRIM_THRESHOLD_") == (process, setting)
    assert process != os.getpid()
    assert setting == memory.get("MALLOC_TRIM_THRESHOLD_")
    assert "MALLOC_TRIM_THRESHOLD_" not in os.environ


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_a_child_raises_is_told_here():
    with Child(raising) as child, pytest.raises(ChildFailedError, match="ValueError: so it was"):
        child.ask("so it was")
