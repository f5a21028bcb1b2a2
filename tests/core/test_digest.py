"""Digests and seeds: equal content, equal digest, in any process; other content, another digest."""

import hashlib
import subprocess
import sys
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgraft.core.digest import array_digest, digest, file_digest, short_id
from medgraft.core.seeds import rng, seed_of

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


@dataclass(frozen=True)
class Thing:
    rate: float
    name: str = "a"


@dataclass(frozen=True)
class Other:
    rate: float
    name: str = "a"


@given(PLAIN, PLAIN)
def test_digests_are_equal_only_for_equal_content(a: object, b: object) -> None:
    assert (digest(a) == digest(b)) == (repr(a) == repr(b) or _sorted(a) == _sorted(b))


def _sorted(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{_sorted(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_sorted, value)) + "]"
    return repr(value)


DIFFERENT = [
    None,
    False,
    0,
    0.0,
    "",
    "0",
    b"",
    b"0",
    [],
    [0],
    [[0]],
    {},
    {"a": 0},
    Thing(0.1),
    Thing(0.2),
    Other(0.1),
    np.zeros(2),
    np.zeros((2, 1)),
    np.zeros(2, np.float32),
    np.ones(2),
]


def test_different_things_have_different_digests() -> None:
    assert len({digest(value) for value in DIFFERENT}) == len(DIFFERENT)


def test_the_same_thing_said_otherwise_has_the_same_digest(tmp_path: Path) -> None:
    array = np.arange(12).reshape(3, 4)
    assert digest((1, 2)) == digest([1, 2])
    assert digest({3, 1, 2}) == digest(frozenset({2, 3, 1}))
    assert digest(np.float64(0.1)) == digest(0.1)
    assert digest(np.int64(3)) == digest(3)
    assert digest(Path("a/b")) == digest("a/b")
    assert array_digest(array) == array_digest(np.asfortranarray(array)) == array_digest(array[:, ::-1][:, ::-1])
    (tmp_path / "file").write_bytes(b"x" * (3 << 20))
    assert file_digest(tmp_path / "file") == hashlib.sha256(b"x" * (3 << 20)).hexdigest()
    assert digest("a") == hashlib.sha256(b'"a"').hexdigest()
    assert short_id("a") == digest("a")[:16]


def test_what_has_no_content_cannot_be_digested() -> None:
    with pytest.raises(TypeError, match="plain data"):
        digest(object())


def test_seeds_are_of_their_keys_in_every_process() -> None:
    key = (7, "rotation", "image", 3)
    code = f"from medgraft.core.seeds import seed_of, rng; print(seed_of(*{key!r}), rng(*{key!r}).integers(1 << 40))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert [int(word) for word in said] == [seed_of(*key), rng(*key).integers(1 << 40)]


def test_seeds_differ_fit_63_bits_and_leave_global_state_alone() -> None:
    seeds = {seed_of(7, "draw", i, j) for i in range(40) for j in range(40)}
    assert len(seeds) == 1600
    assert all(0 <= seed < 1 << 63 for seed in seeds)
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the global state is what must not move
    rng("anything").normal(size=9)
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002 - as above


def test_neighbouring_keys_give_independent_numbers() -> None:
    draws = np.stack([rng(0, "key", i).normal(size=400) for i in range(40)])
    correlation = np.corrcoef(draws)[~np.eye(40, dtype=bool)]
    assert abs(correlation.mean()) < 0.01
    assert correlation.std() == pytest.approx(1 / np.sqrt(400), rel=0.2)


def test_a_large_array_is_digested_where_it_lies() -> None:
    array = np.zeros((1 << 10, 1 << 12), np.uint8)
    tracemalloc.start()
    try:
        array_digest(array)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < array.nbytes / 4
