from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgraft.core.errors import InputError
from medgraft.core.task import SAX_LEVELS, SAX_RANGE, task_from_codes
from medgraft.samples import epoch_order, n_draws, training_copies
from medgraft.samples.balance import PAPER_COPIES

#: ACDC, 60 patients, rule `pool`.
ACDC = np.repeat([0, 1, 2], [39, 1072, 25])

copies_of = st.dictionaries(st.integers(0, 30), st.integers(1, 4), min_size=1, max_size=8)


OWN = task_from_codes("tumour", ["benign", "malignant", "unclear"])


@pytest.mark.parametrize(
    ("task", "rule", "expected"),
    [
        (SAX_RANGE, None, [6, 1, 6]),
        (OWN, None, [27, 1, 30]),
        (SAX_RANGE, PAPER_COPIES, [6, 1, 6]),
        (SAX_RANGE, {"OBS": 3}, [1, 1, 3]),
        (SAX_RANGE, {}, [1, 1, 1]),
        (OWN, {"unclear": 2}, [1, 1, 2]),
        (SAX_RANGE, "balanced", [27, 1, 30]),
    ],
)
def test_copies_per_class(task, rule, expected):
    copies = training_copies(ACDC, task, rule)
    assert [set(copies[label == ACDC]) for label in range(3)] == [{count} for count in expected]


def test_the_papers_table_fits_both_schemas():
    labels = np.array([0, 1, 2, 3, 4])
    assert training_copies(labels, SAX_LEVELS).tolist() == [6, 1, 1, 1, 6]


def test_a_class_that_nobody_has_is_none_to_balance():
    assert training_copies(np.array([0, 0, 2]), OWN).tolist() == [1, 1, 2]


@pytest.mark.parametrize("rule", [{"IN": 0}, {"OAP": 2, "in": 3}])
def test_impossible_copies_are_refused(rule):
    with pytest.raises(InputError, match=r"1 or more copies of classes of sax-range.* Available: OAP, IN, OBS"):
        training_copies(ACDC, SAX_RANGE, rule)


@given(copies_of, st.integers(1, 6), st.integers(0, 20))
def test_an_epoch_shows_every_copy_once(copies: dict[int, int], draws: int, epoch: int):
    positions, counts = np.array(list(copies)), np.array(list(copies.values()))
    shown, used = epoch_order(positions, counts, epoch, draws, 7, "fold", 0)
    assert Counter(shown.tolist()) == Counter(copies)
    assert {(p, d // draws) for p, d in zip(shown.tolist(), used.tolist(), strict=True)} == {
        (p, k) for p, count in copies.items() for k in range(count)
    }
    needed = dict(zip(positions.tolist(), n_draws(counts, draws).tolist(), strict=True))
    assert all(0 <= draw < needed[place] for place, draw in zip(shown.tolist(), used.tolist(), strict=True))


@given(copies_of, st.integers(1, 6), st.integers(0, 3))
def test_a_cycle_of_epochs_uses_every_recorded_draw_once(copies: dict[int, int], draws: int, cycle: int):
    positions, counts = np.array(list(copies)), np.array(list(copies.values()))
    seen = Counter()
    for epoch in range(cycle * draws, (cycle + 1) * draws):
        seen.update(zip(*(part.tolist() for part in epoch_order(positions, counts, epoch, draws, 7)), strict=True))
    assert seen == Counter((p, d) for p, count in copies.items() for d in range(count * draws))


@given(copies_of, st.integers(1, 6), st.integers(0, 20), st.randoms(use_true_random=False))
def test_the_order_of_positions_changes_nothing(copies: dict[int, int], draws: int, epoch: int, random):
    items = list(copies.items())
    shuffled = random.sample(items, len(items))
    one, two = (
        epoch_order(np.array([p for p, _ in them]), np.array([c for _, c in them]), epoch, draws, 7)
        for them in (items, shuffled)
    )
    assert np.array_equal(one, two)


def test_epochs_keys_and_cycles_differ():
    positions, copies = np.arange(40), np.ones(40, np.int64)
    first = epoch_order(positions, copies, 0, 4, 7)
    assert np.array_equal(first, epoch_order(positions, copies, 0, 4, 7))
    for epoch, key in [(1, 7), (4, 7), (0, 8)]:
        assert not np.array_equal(first, epoch_order(positions, copies, epoch, 4, key))


def test_samples_do_not_all_use_the_same_draw_in_an_epoch():
    positions, copies = np.arange(200), np.ones(200, np.int64)
    for epoch in range(4):
        _, draws = epoch_order(positions, copies, epoch, 4, 7)
        assert np.bincount(draws, minlength=4).min() > 25
