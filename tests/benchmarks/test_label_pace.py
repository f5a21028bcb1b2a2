"""The keys of a benchmark say what they should, and no fewer would do."""

from collections.abc import Sequence

import pytest

pytest.importorskip("playwright", reason="the benchmark drives a browser: pip install playwright")

from benchmarks.label_pace import KEYS, WAYS, Way
from hypothesis import given
from hypothesis import strategies as st

#: First and last slice inside, how many slices there are, and which one is looked at.
STACKS = st.integers(2, 16).flatmap(
    lambda count: st.tuples(
        st.tuples(*[st.integers(0, count - 1)] * 2).map(sorted), st.just(count), st.integers(0, count - 1)
    )
)


def pressed(keys: Sequence[str], count: int, here: int) -> list[str | None]:
    """What the Label page makes of keys, as its help has it."""
    first, last = 0, count - 1
    codes: list[str | None] = [None] * count
    names = {key: code for code, key in KEYS.items()}
    for key in keys[:-1]:
        if key in names:
            codes[here] = names[key]
            here = min(here + 1, count - 1)
        here = {"ArrowLeft": here - 1, "ArrowRight": here + 1, "Home": 0, "End": count - 1}.get(key, here)
        if key == "f":
            first, last = here, max(here, last)
        if key == "l":
            first, last = min(first, here), here
    if any(codes):
        return codes
    return ["OBS"] * first + ["IN"] * (last - first + 1) + ["OAP"] * (count - 1 - last)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@given(stack=STACKS)
def test_keys_say_what_the_masks_say(way: Way, stack: tuple[list[int], int, int]) -> None:
    (first, last), count, here = stack
    codes = ["OBS"] * first + ["IN"] * (last - first + 1) + ["OAP"] * (count - 1 - last)
    keys = way(codes, here)
    assert keys[-1] == "Enter"
    assert pressed(keys, count, here) == codes
    assert sum(key in "fla" for key in keys) <= 2, "two marks at most"
