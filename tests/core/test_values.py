"""Tasks, stacks, lineages, databases: values that refuse to be wrong."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from medgraft.core import errors
from medgraft.core.cohort import StackEntry
from medgraft.core.database import open_engine
from medgraft.core.errors import InputError, MedgraftError
from medgraft.core.lineage import Hop, Lineage
from medgraft.core.stack import Stack
from medgraft.core.task import MASK_CODES, MASK_TASKS, TASKS, Task, task_from_codes


@pytest.mark.parametrize(
    "task", [*TASKS.values(), *MASK_TASKS.values(), task_from_codes("free", [f"c{i}" for i in range(12)])]
)
def test_every_task_is_consistent(task: Task) -> None:
    assert [task.index(code) for code in task.codes] == list(range(len(task.classes)))
    assert sorted(task.stack_order) in ([], list(range(len(task.classes))))
    keys = [item.key for item in task.classes if item.key]
    assert len(set(keys)) == len(keys)
    assert len({item.colour for item in task.classes[:9]}) == min(len(task.classes), 9)
    with pytest.raises(InputError, match=task.codes[0]):
        task.index("nothing")


def test_the_order_of_sax_range_is_base_to_apex() -> None:
    task = TASKS["sax-range"]
    assert [task.codes[column] for column in task.stack_order] == ["OBS", "IN", "OAP"]
    assert sorted(MASK_CODES.values()) == [0, 1, 2, 3]


def test_tasks_of_masks_are_kept_apart_and_begin_with_the_background() -> None:
    assert not set(MASK_TASKS) & set(TASKS)
    assert {task.kind for task in TASKS.values()} == {"classify"}
    for task in MASK_TASKS.values():
        assert task.kind == "segment"
        assert task.codes[0] == "background"
        assert set(task.codes) <= set(MASK_CODES)


@pytest.mark.parametrize("codes", [[], ["a"], ["a", "a"], ["a", "b", "a"]])
def test_a_task_needs_different_codes(codes: list[str]) -> None:
    with pytest.raises(InputError, match="different class codes"):
        task_from_codes("free", codes)


@pytest.mark.parametrize("change", [{"classes": TASKS["sax-range"].classes * 2}, {"along_stack": ("OBS", "apex")}])
def test_a_task_of_codes_that_come_twice_or_are_not_there_is_refused(change: dict[str, tuple[object, ...]]) -> None:
    with pytest.raises(InputError, match="different class codes, and an order of these, for task sax-range"):
        dataclasses.replace(TASKS["sax-range"], **change)


WHOLE = Stack(pixels=np.zeros((2, 3, 8, 8)), affines=np.tile(np.eye(4), (3, 1, 1)), spacing=None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pixels": np.zeros((3, 8, 8))}, "pixels of shape"),
        ({"affines": np.zeros((2, 4, 4))}, "3 affines"),
        ({"times": np.zeros(3)}, "2 times"),
        ({"mask": np.zeros((2, 3, 8, 9), np.uint8)}, "mask of shape"),
        ({"phases": {"ed": 0, "es": 2}}, "phases within"),
        ({"mask_classes": ("pool", "wall")}, "among pool, myocardium, rv, got wall"),
    ],
)
def test_a_stack_whose_parts_do_not_fit_is_explained(change: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        dataclasses.replace(WHOLE, **change)


def test_a_phase_has_its_name_or_its_number() -> None:
    entry = StackEntry(
        id="0", subject="p", shape=(4, 3, 8, 8), spacing=None, affines=(), pixels_digest="", phases={"ed": 0, "es": 2}
    )
    assert [entry.phase_name(i) for i in range(4)] == ["ed", "1", "es", "3"]
    assert [entry.phase_index(name) for name in ("ed", "1", "es", "3")] == [0, 1, 2, 3]
    assert entry.phases_named(("es", "diastasis", "ed")) == (0, 2)
    for name in ("4", "diastasis", "-1"):
        with pytest.raises(KeyError):
            entry.phase_index(name)


@pytest.mark.parametrize(("base_first", "order"), [(True, [0, 1, 2]), (False, [2, 1, 0]), (None, [0, 1, 2])])
def test_slices_count_from_the_base(base_first: bool | None, order: list[int]) -> None:
    entry = StackEntry(
        id="0", subject="p", shape=(1, 3, 8, 8), spacing=None, affines=(), pixels_digest="", base_first=base_first
    )
    assert list(entry.base_to_apex) == order
    assert [entry.base_to_apex[entry.base_to_apex[place]] for place in range(3)] == [0, 1, 2]


def test_a_lineage_grows_by_copy() -> None:
    first = Lineage().then(Hop(what="imagenet", weights_digest="a"))
    second = first.then(Hop(what="trained", weights_digest="b"))
    assert [len(first.hops), [hop.what for hop in second.hops]] == [1, ["imagenet", "trained"]]


def test_sqlite_is_opened_to_lose_nothing(tmp_path: Path) -> None:
    engine = open_engine(tmp_path / "project.db")
    with engine.connect() as connection:
        pragma = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")}
    engine.dispose()
    assert pragma == {"journal_mode": "wal", "synchronous": 2}  # 2 is FULL
    with pytest.raises(InputError, match="database URL"):
        open_engine("://")


def test_every_error_is_of_the_tree_and_drawn_in_it() -> None:
    found = [item for item in vars(errors).values() if isinstance(item, type)]
    assert all(issubclass(item, MedgraftError) for item in found)
    assert all(item.__name__ in str(errors.__doc__) for item in found)
