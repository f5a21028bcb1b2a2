"""Work done one step ahead: the next item is made while the present one is used."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def ahead(make: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
    """`map(make, items)`, with the next item made in a thread while the present one is in use.

    At most one item waits, so memory stays flat. What `make` raises comes up in its turn.

    >>> list(ahead(str, range(3)))
    ['0', '1', '2']
    """
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as thread:
        for item in items:
            waiting.append(thread.submit(make, item))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
