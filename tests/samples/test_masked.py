"""Sequences with masks: what is used, what is left out and why, and who is drawn for training."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgraft.core.errors import InputError
from medgraft.core.task import LV_WALL, MASK_CODES, SAX_RANGE
from medgraft.samples import codes_of_task, mask_of_task, masked_samples, nested_draw


@pytest.fixture
def make_masked(make_entry):
    def make(stack, **fields):
        drawn = {"mask_phases": (0, 1), "mask_digest": f"mask of {stack}", "spacing": (8.0, 1.4, 1.4)}
        return make_entry(stack, 3, **drawn | fields)

    return make


def slices_at(*heights: float) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(np.array([*np.eye(4)[:2], [0, 0, 1, height], [0, 0, 0, 1]]).ravel()) for height in heights)


def test_slices_that_lie_aside_of_each_other_are_told(make_masked):
    """Of what has a spacing alone: without one, affines tell nothing."""
    tilted = tuple((1.4, 0, 0, 0, 0, 1.4, 0, 2.8 * z, 0, 0, 1, 8.0 * z, 0, 0, 0, 1) for z in range(3))
    lying = {"shape": (2, 3, 8, 8), "affines": tilted}
    samples = masked_samples([make_masked("tilted", **lying), make_masked("unscaled", spacing=None, **lying)], LV_WALL)
    assert set(samples.aside) == {"tilted"}
    np.testing.assert_allclose(samples.aside["tilted"], [(0, 0), (2, 0), (4, 0)])


def test_every_stack_is_a_sample_or_counted_as_dropped(make_masked):
    entries = [
        make_masked(
            "whole", site="one", split="test", shape=(6, 3, 8, 8), mask_phases=(4, 0), affines=slices_at(16, 8, 0)
        ),
        make_masked("partial", mask_classes=("pool", "rv")),
        make_masked("bare", mask_phases=()),
        make_masked("plain", mask_phases=()),
        make_masked("other", mask_classes=("rv",)),
        make_masked("unscaled", spacing=None),
        make_masked("uneven", affines=slices_at(0, 8, 24)),
    ]
    samples = masked_samples(entries, LV_WALL, in_mm=True)
    partial, whole = samples.items
    assert (whole.stack, whole.phases, whole.n_phases, whole.n_slices) == ("whole", (0, 4), 6, 3)
    assert (whole.phase_names, partial.phase_names) == (("ed", "4"), ("ed", "es"))
    assert (whole.site, whole.split, whole.mask_digest) == ("one", "test", "mask of whole")
    assert whole.classes == LV_WALL.codes
    assert partial.classes == ("background", "pool")
    assert {dropped.reason: (dropped.count, dropped.example) for dropped in samples.dropped} == {
        "no mask, or none with a labelled phase": (2, "stack bare"),
        "mask labels none of pool, myocardium": (1, "stack other"),
        "unknown spacing": (1, "stack unscaled"),
        "slices not equally far apart": (1, "stack uneven"),
    }
    assert len(samples) + sum(dropped.count for dropped in samples.dropped) == len(entries)
    assert len(masked_samples(entries, LV_WALL)) == 4


@pytest.mark.parametrize(
    ("heights", "spacing", "even"),
    [
        ((0, 8, 16), (8.0, 1.4, 1.4), (8.0, 1.4, 1.4)),
        ((16, 8, 0), (8.0, 1.4, 1.4), (8.0, 1.4, 1.4)),
        ((0, 8, 24, 32), (8.0, 1.4, 1.4), None),
        ((0, 8, 16), None, None),
    ],
)
def test_a_sample_has_a_spacing_where_its_slices_are_equally_far_apart(make_masked, heights, spacing, even):
    entry = make_masked("one", affines=slices_at(*heights), spacing=spacing)
    np.testing.assert_array_equal(entry.affine_stack[:, 2, 3], heights)
    assert entry.even_spacing == masked_samples([entry], LV_WALL).items[0].spacing == even


def test_a_task_may_ask_about_named_phases_only(make_masked):
    task = replace(LV_WALL, phases=("es",))
    entries = [make_masked("a"), make_masked("b", mask_phases=(0,)), make_masked("c", phases={})]
    samples = masked_samples(entries, task)
    assert [item.phases for item in samples.items] == [(1,)]
    assert [(dropped.reason, dropped.count) for dropped in samples.dropped] == [("no mask at es", 2)]


def test_order_on_disk_changes_nothing(make_masked):
    entries = [make_masked(name) for name in "cab"]
    there, back = (masked_samples(order, LV_WALL) for order in (entries, entries[::-1]))
    assert there == back
    assert there.digest == back.digest
    assert list(there.subjects) == sorted(there.subjects)


@pytest.mark.parametrize(
    "change",
    [
        {"pixels_digest": "other"},
        {"mask_digest": "drawn again"},
        {"mask_phases": (1,)},
        {"mask_classes": ("pool",)},
        {"spacing": None},
    ],
)
def test_the_digest_tells_other_samples_apart(make_masked, change):
    entry = make_masked("a")
    changed = masked_samples([replace(entry, **change)], LV_WALL)
    assert masked_samples([entry], LV_WALL).digest != changed.digest


def test_the_same_pixels_under_two_subjects_are_a_leak(make_masked):
    with pytest.raises(InputError, match="same pixels under subject of a and subject of b"):
        masked_samples([make_masked(name, pixels_digest="same") for name in "ab"], LV_WALL)


def test_a_task_that_classifies_has_no_masks(make_masked):
    with pytest.raises(InputError, match="segments, such as lv-wall, got sax-range"):
        masked_samples([make_masked("a")], SAX_RANGE)


def test_take_chooses_sequences(make_masked):
    samples = masked_samples([make_masked(name) for name in "abc"], LV_WALL)
    chosen = samples.take(np.isin(samples.subjects, ["subject of a", "subject of c"]))
    assert [item.stack for item in chosen.items] == ["a", "c"]
    assert chosen.digest != samples.digest


def test_what_the_task_does_not_ask_about_is_background():
    mask = np.array([[MASK_CODES["rv"], MASK_CODES["pool"]], [MASK_CODES["myocardium"], 0]], np.uint8)
    assert codes_of_task(mask, LV_WALL).tolist() == [[0, 1], [2, 0]]


@given(
    names=st.sets(st.text(min_size=1), min_size=1, max_size=20),
    parts=st.sets(st.integers(1, 20), min_size=1),
    key=st.integers(0, 99),
)
def test_each_training_set_holds_the_one_before(names, parts, key):
    sizes = sorted(size for size in parts if size <= len(names)) or [1]
    sets = nested_draw(names, sizes, key)
    assert [len(set(chosen)) for chosen in sets] == sizes
    assert all(set(small) < set(large) <= names for small, large in pairwise(sets))
    assert sets == nested_draw([*sorted(names, reverse=True), *names], sizes, key)


def test_draws_with_other_keys_differ_and_every_subject_is_drawn_about_as_often():
    drawn = [name for key in range(600) for name in nested_draw("abcdef", (2,), key)[0]]
    assert {drawn.count(name) for name in "abcdef"} <= set(range(150, 251))


@pytest.mark.parametrize("sizes", [(4, 2), (2, 2), (0, 2), (2, 9)])
def test_sizes_that_cannot_be_drawn_are_refused(sizes):
    with pytest.raises(InputError, match=r"ascending sizes within 1\.\.6"):
        nested_draw("abcdef", sizes, 0)


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1)])
def test_a_mask_comes_back_from_the_columns_of_a_task_in_any_order(order):
    task = replace(LV_WALL, classes=tuple(LV_WALL.classes[index] for index in order))
    mask = np.array([[0, MASK_CODES["pool"]], [MASK_CODES["myocardium"], 0]], np.uint8)
    assert mask_of_task(codes_of_task(mask, task), task).tolist() == mask.tolist()
