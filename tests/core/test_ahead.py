"""Laws of working ahead: the same items in the same order, one made while the last is used, errors in their turn."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgraft.core.ahead import ahead


@given(st.lists(st.integers()))
def test_it_is_map(items: list[int]) -> None:
    assert list(ahead(lambda item: item * 2, items)) == [item * 2 for item in items]


def test_the_next_item_is_made_while_the_last_is_used_and_no_more() -> None:
    made: list[int] = []
    second = threading.Event()

    def make(item: int) -> int:
        made.append(item)
        if item == 1:
            second.set()
        return item

    stream = ahead(make, range(10))
    assert next(stream) == 0
    assert second.wait(timeout=300)  # made without being asked for
    assert made == [0, 1]
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert made == [0, 1]


def test_what_goes_wrong_comes_up_in_its_turn() -> None:
    def make(item: int) -> float:
        return 1 / (2 - item)

    seen: list[float] = []
    stream: Iterator[float] = ahead(make, range(5))
    with pytest.raises(ZeroDivisionError):
        seen.extend(stream)
    assert seen == [0.5, 1.0]
