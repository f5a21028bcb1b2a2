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
from medgraft.decoding import RULES, adjust_prior, decode, decode_stack, posterior, stack_posterior

Floats = NDArray[np.float64]


def labellings(n_slices: int, order: tuple[int, ...], required: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for places in itertools.combinations_with_replacement(range(len(order)), n_slices):
        if set(required) <= {order[place] for place in places}:
            yield tuple(order[place] for place in places)


def log_weight(scores: Floats, labelling: tuple[int, ...]) -> float:
    return float(np.log(np.clip(scores[range(len(scores)), labelling], 1e-12, None)).sum())


@st.composite
def stacks(draw: st.DrawFn) -> tuple[Floats, tuple[int, ...], tuple[int, ...]]:
    n_slices, n_classes = draw(st.integers(1, 8)), draw(st.integers(2, 4))
    # Coarse scores, zeros included, so that ties and vetoes are common.
    scores = draw(arrays(float, (n_slices, n_classes), elements=st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0])))
    order = tuple(draw(st.permutations(range(n_classes)))[: draw(st.integers(1, n_classes))])
    required = draw(st.lists(st.sampled_from(order), unique=True, max_size=min(n_slices, len(order))))
    return scores, order, tuple(required)


@given(stacks())
@settings(max_examples=150, deadline=None)
def test_best_labelling_is_the_maximum_over_all(stack: tuple[Floats, tuple[int, ...], tuple[int, ...]]) -> None:
    scores, order, required = stack
    answer = tuple(decode_stack(scores, order, required).tolist())
    weights = {labelling: log_weight(scores, labelling) for labelling in labellings(len(scores), order, required)}
    assert answer in weights
    assert weights[answer] == pytest.approx(max(weights.values()), abs=1e-9)


@given(stacks())
@settings(max_examples=150, deadline=None)
def test_posterior_is_the_weighted_share_of_all_labellings(
    stack: tuple[Floats, tuple[int, ...], tuple[int, ...]],
) -> None:
    scores, order, required = stack
    found = list(labellings(len(scores), order, required))
    weights = np.exp([log_weight(scores, labelling) for labelling in found])
    expected = np.zeros(scores.shape)
    for labelling, weight in zip(found, weights, strict=True):
        expected[range(len(scores)), labelling] += weight / weights.sum()
    np.testing.assert_allclose(stack_posterior(scores, order, required), expected, atol=1e-9)


def test_of_equals_the_boundary_lies_towards_the_apex() -> None:
    assert decode_stack(np.full((4, 3), 1 / 3), order=(2, 1, 0)).tolist() == [2, 2, 2, 2]


def test_one_slice_cannot_contradict_its_neighbours() -> None:
    sure = np.full((9, 3), 0.05)
    sure[:, 1] = 0.9
    sure[4] = [0.6, 0.1, 0.3]  # alone it would be OAP in mid-heart
    assert decode_stack(sure, SAX_RANGE.stack_order).tolist() == [1] * 9
    assert stack_posterior(sure, SAX_RANGE.stack_order)[4].argmax() == 1


@pytest.mark.parametrize(
    ("scores", "order", "required", "said"),
    [
        (np.ones(3), (0,), (), "shape"),
        (np.array([[np.nan, 1.0]]), (0, 1), (), "NaN"),
        (np.ones((2, 2)), (0, 0), (), "different"),
        (np.ones((2, 2)), (0, 2), (), "within 0..1"),
        (np.ones((2, 2)), (), (), "order"),
        (np.ones((2, 2)), (0,), (1,), "required"),
        (np.ones((1, 2)), (0, 1), (0, 1), "at least 2 slices"),
    ],
)
def test_mistakes_are_explained(scores: Floats, order: tuple[int, ...], required: tuple[int, ...], said: str) -> None:
    for verb in (decode_stack, stack_posterior):
        with pytest.raises(InputError, match=said):
            verb(scores, order, required)


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
    answer, scores = decode(shuffled, task, "stack"), posterior(shuffled, task).y_score
    places = np.argsort(task.stack_order)
    for name, phase in itertools.product(np.unique(shuffled.stack), ("ed", "es")):
        rows = np.flatnonzero((shuffled.stack == name) & (shuffled.phase == phase))
        rows = rows[np.argsort(shuffled.slice[rows])]
        assert (np.diff(places[answer[rows]]) >= 0).all()
        np.testing.assert_array_equal(answer[rows], decode_stack(shuffled.y_score[rows], task.stack_order))
        np.testing.assert_allclose(scores[rows], stack_posterior(shuffled.y_score[rows], task.stack_order))


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
    with pytest.raises(InputError, match="argmax"):
        posterior(predictions, free)


def test_prior_correction_is_bayes_rule() -> None:
    random = rng(1, "bayes")
    likelihood, seen, real = random.random((50, 3)), np.array([0.2, 0.5, 0.3]), np.array([0.01, 0.95, 0.04])
    under_seen, under_real = likelihood * seen, likelihood * real
    under_seen /= under_seen.sum(axis=1, keepdims=True)
    under_real /= under_real.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(adjust_prior(under_seen, seen, real * 1136), under_real)
    np.testing.assert_allclose(adjust_prior(under_real, real, seen), under_seen)


def test_prior_of_a_class_that_cannot_be() -> None:
    adjusted = adjust_prior(np.array([[1.0, 0.0]]), np.array([1, 1]), np.array([0, 1]))
    np.testing.assert_array_equal(adjusted, [[0, 1]])
    with pytest.raises(InputError, match="one per class"):
        adjust_prior(np.ones((2, 3)), np.ones(2), np.ones(2))
    with pytest.raises(InputError, match="above 0"):
        adjust_prior(np.ones((2, 2)), np.array([0, 1]), np.ones(2))
