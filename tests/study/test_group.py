"""A group on one job: done when all are, failed when anyone does, and nobody left waiting for who never came."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress
from medgraft.study import DeskSettings
from medgraft.study.group import _Group, _Member
from medgraft.study.trained import Trained
from medgraft.study.work import Job
from medgraft.training import History

JOB: Job[Any] = Job(trials=(), state={})
HALF = Progress(stage="epochs", done=1, total=2)
FAILED = InputError("Expected another day.")


def trained(identity: str) -> Trained:
    history = History(train_loss=np.zeros(0), scores=np.zeros((0, 0, 0), np.float32))
    return Trained(identity=identity, history=history, facts={}, state=None, seconds=0.0)


@dataclass
class Process:
    """Stands in for one that runs until it is ended."""

    ended: bool = False

    def terminate(self) -> None:
        self.ended = True

    def join(self) -> None:
        assert self.ended


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., _Group]]:
    """A group of members of which each has said its words before it is asked."""

    def make(*words: list[object]) -> _Group:
        said = iter(words)

        def member(*_: object) -> _Member:
            here, there = Pipe()
            for word in next(said):
                there.send(word)
            theirs.append(there)
            return _Member(process=cast(Any, Process()), pipe=here)

        monkeypatch.setattr(_Group, "_member", member)
        made.append(_Group([DeskSettings(cache=tmp_path, unfinished=tmp_path)] * len(words)))
        return made[-1]

    made: list[_Group] = []
    theirs: list[Any] = []
    yield make
    for one in made:
        one.end()


def test_what_the_first_says_is_the_answer(group: Callable[..., _Group]) -> None:
    heard: list[Progress] = []
    (answer,) = group([HALF, [trained("one")]], [[]]).work(JOB, heard.append)
    assert answer.identity == "one"
    assert heard == [HALF]


@pytest.mark.parametrize("words", [([[]], [FAILED]), ([FAILED], [[]])])
def test_whoever_fails_fails_this_job_and_not_the_next(
    group: Callable[..., _Group], words: tuple[list[object], ...]
) -> None:
    with pytest.raises(InputError, match="another day"):
        group(*words).work(JOB, lambda _: None)


def test_nothing_is_left_of_a_job_for_the_next(group: Callable[..., _Group]) -> None:
    both = group([[trained("one")], [trained("two")]], [[], []])
    assert [both.work(JOB, lambda _: None)[0].identity for _ in range(2)] == ["one", "two"]


def test_members_that_wait_for_one_that_never_started_are_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = Process()

    def member(_: _Group, place: Any, __: DeskSettings) -> _Member:
        if place.rank:
            raise OSError("no more processes")
        return _Member(process=cast(Any, first), pipe=Pipe()[0])

    monkeypatch.setattr(_Group, "_member", member)
    with pytest.raises(OSError, match="no more processes"):
        _Group([DeskSettings(cache=tmp_path, unfinished=tmp_path)] * 2)
    assert first.ended
