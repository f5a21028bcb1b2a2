"""Decoding against every ordered labelling, written out."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.predictions import Predictions
from medgraft.core.seeds import rng
from medgraft.core.task import SAX_LEVELS, SAX_RANGE, Task, task_from_codes
from medgraft.decoding import RULES, decode, decode_stack

Floats = NDArray[np.float64]


def labellings(n_slices: int, order: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for places in itertools.combinations_with_replacement(range(len(order)), n_slices):
        yield tuple(order[place] for place in places)


def log_weight(scores: Floats, labelling: tuple[int, ...]) -> float:
    return float(np.log(np.clip(scores[range(len(scores)), labelling], 1e-12, None)).sum())


@st.composite
def stacks(draw: st.DrawFn) -> tuple[Floats, tuple[int, ...]]:
    n_slices, n_classes = draw(st.integers(1, 8)), draw(st.integers(2, 4))
    # Coarse scores, zeros included, so that ties and vetoes are common.
    scores = draw(arrays(float, (n_slices, n_classes), elements=st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0])))
    order = tuple(draw(st.permutations(range(n_classes)))[: draw(st.integers(1, n_classes))])
    return scores, order


@given(stacks())
@settings(max_examples=150, deadline=None)
def test_best_labelling_is_the_maximum_over_all(stack: tuple[Floats, tuple[int, ...]]) -> None:
    scores, order = stack
    answer = tuple(decode_stack(scores, order).tolist())
    weights = {labelling: log_weight(scores, labelling) for labelling in labellings(len(scores), order)}
    assert answer in weights
    assert weights[answer] == pytest.approx(max(weights.values()), abs=1e-9)


def test_of_equals_the_boundary_lies_towards_the_apex() -> None:
    assert decode_stack(np.full((4, 3), 1 / 3), order=(2, 1, 0)).tolist() == [2, 2, 2, 2]


def test_one_slice_cannot_contradict_its_neighbours() -> None:
    sure = np.full((9, 3), 0.05)
    sure[:, 1] = 0.9
    sure[4] = [0.6, 0.1, 0.3]  # alone it would be OAP in mid-heart
    assert decode_stack(sure, SAX_RANGE.stack_order).tolist() == [1] * 9


@pytest.mark.parametrize(
    ("scores", "order", "said"),
    [
        (np.ones(3), (0,), "shape"),
        (np.array([[np.nan, 1.0]]), (0, 1), "NaN"),
        (np.ones((2, 2)), (0, 0), "different"),
        (np.ones((2, 2)), (0, 2), "within 0..1"),
        (np.ones((2, 2)), (), "order"),
    ],
)
def test_mistakes_are_explained(scores: Floats, order: tuple[int, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        decode_stack(scores, order)


def table(task: Task, seed: int, n_stacks: int = 4, n_slices: int = 6) -> Predictions:
    n = n_stacks * 2 * n_slices
    names = np.repeat([f"s{i}" for i in range(n_stacks)], 2 * n_slices)
    rows = Predictions(
        subject=names,
        site=np.full(n, ""),
        stack=names,
        phase=np.tile(np.repeat(["ed", "es"], n_slices), n_stacks),
        slice=np.tile(np.arange(n_slices), 2 * n_stacks),
        n_slices=np.full(n, n_slices),
        fold=np.zeros(n, np.int64),
        y_true=np.full(n, -1),
        y_score=rng(seed, "scores").dirichlet(np.ones(len(task.classes)), n),
        classes=task.codes,
    )
    return rows.rows(rng(seed, "order").permutation(n))


@pytest.mark.parametrize("task", [SAX_RANGE, SAX_LEVELS])
def test_a_table_is_decoded_stack_by_stack_in_slice_order(task: Task) -> None:
    shuffled = table(task, seed=3)
    answer = decode(shuffled, task, "stack")
    places = np.argsort(task.stack_order)
    for name, phase in itertools.product(np.unique(shuffled.stack), ("ed", "es")):
        rows = np.flatnonzero((shuffled.stack == name) & (shuffled.phase == phase))
        rows = rows[np.argsort(shuffled.slice[rows])]
        assert (np.diff(places[answer[rows]]) >= 0).all()
        np.testing.assert_array_equal(answer[rows], decode_stack(shuffled.y_score[rows], task.stack_order))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_keeps_row_order_input_and_certainty(rule: str) -> None:
    predictions = table(SAX_RANGE, seed=5)
    before = predictions.y_score.copy()
    shuffle = rng(5, "again").permutation(len(predictions))
    answer = decode(predictions, SAX_RANGE, rule)
    np.testing.assert_array_equal(decode(predictions.rows(shuffle), SAX_RANGE, rule), answer[shuffle])
    np.testing.assert_array_equal(predictions.y_score, before)
    certain = Predictions(**{**vars(predictions), "y_score": np.eye(3)[decode(predictions, SAX_RANGE, "stack")]})
    np.testing.assert_array_equal(decode(certain, SAX_RANGE, rule), decode(predictions, SAX_RANGE, "stack"))


def test_wrong_tasks_and_rules_are_explained() -> None:
    predictions = table(SAX_RANGE, seed=1)
    free = task_from_codes("free", list(SAX_RANGE.codes))
    with pytest.raises(InputError, match="Available: argmax, stack"):
        decode(predictions, SAX_RANGE, "vote")
    with pytest.raises(InputError, match="classes of sax-levels"):
        decode(predictions, SAX_LEVELS)
    with pytest.raises(InputError, match="argmax"):
        decode(predictions, free, "stack")
