"""Laws of many heads at once: each is what `fit` makes of it alone, whatever stands beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress
from medgraft.core.seeds import rng
from medgraft.networks.classifier import Head
from medgraft.networks.heads import Heads
from medgraft.samples.balance import epoch_order
from medgraft.training import Batch, Course, History, Plan, batch_slices, fit, fit_side_by_side, predict, trained_state

N_FEATURES, N_ROWS, DRAWS, DROPOUT = 24, 120, 2, 0.3
FEATURES = rng("features").normal(size=(N_ROWS, N_FEATURES)).astype(np.float32)
LABELS = np.arange(N_ROWS // DRAWS) % 3
TARGETS = np.repeat(LABELS, DRAWS)
#: Training samples of each fold: unequal numbers of steps of 8, and one rest of a single row.
FOLDS = (np.arange(0, 40), np.arange(11, 60), np.arange(9, 60, 2))


class Model(nn.Module):
    """A classifier whose features are known."""

    def __init__(self, key: int) -> None:
        super().__init__()
        self.head = Head(N_FEATURES, hidden=16, n_classes=3, dropout=DROPOUT, key=key)

    def forward(self, features: Tensor) -> Tensor:
        out: Tensor = self.head(features)
        return out


def course(
    rate: float = 0.05,
    fold: int = 0,
    *,
    epochs: int = 3,
    batch_size: int = 8,
    decay: float = 0.01,
    momentum: float = 0.9,
) -> Course:
    key, samples = (7, fold), FOLDS[fold]

    def rows(epoch: int) -> NDArray[np.int64]:
        copies = np.where(LABELS[samples] == 1, 1, 2)
        order, draws = epoch_order(samples, copies, epoch, 1, *key)
        return order * DRAWS + draws % DRAWS

    plan = Plan(rate=rate, epochs=epochs, batch_size=batch_size, decay=decay, momentum=momentum)
    return Course(plan=plan, key=key, rows=rows, validation=np.arange(fold, N_ROWS, 3 + fold))


def alone(one: Course, key: int = 0, features: NDArray[np.floating] = FEATURES) -> tuple[History, dict[str, Tensor]]:
    """What `fit` makes of a course."""
    model, values = Model(key), torch.from_numpy(features.astype(np.float32))

    def batches(epoch: int) -> Iterator[Batch]:
        order = one.rows(epoch)
        for part in batch_slices(len(order), one.plan.batch_size):
            yield Batch(inputs=(values[order[part]],), targets=torch.from_numpy(TARGETS[order[part]]))

    def scores() -> NDArray[np.float32]:
        return predict(model, [(values[one.validation],)] if len(one.validation) else [])

    return fit(model, batches, one.plan, key=one.key, evaluate=scores), trained_state(model)


def together(
    courses: Sequence[Course], keys: Sequence[int] | None = None, features: NDArray[np.floating] = FEATURES
) -> list[tuple[History, dict[str, Tensor]]]:
    heads = Heads([Model(key).state_dict() for key in keys or [0] * len(courses)], dropout=DROPOUT)
    histories = fit_side_by_side(heads, features, TARGETS, courses)
    return [(history, heads.state(index)) for index, history in enumerate(histories)]


def assert_close(one: tuple[History, dict[str, Tensor]], other: tuple[History, dict[str, Tensor]]) -> None:
    np.testing.assert_allclose(one[0].train_loss, other[0].train_loss, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(one[0].scores, other[0].scores, rtol=1e-5, atol=1e-6)
    assert one[1].keys() == other[1].keys()
    for name, value in one[1].items():
        torch.testing.assert_close(value, other[1][name], rtol=1e-4, atol=1e-6)


def as_bytes(one: tuple[History, dict[str, Tensor]]) -> tuple[bytes, ...]:
    return one[0].train_loss.tobytes(), one[0].scores.tobytes(), *(v.numpy().tobytes() for v in one[1].values())


GRID = [course(rate, fold) for fold in range(3) for rate in (0.1, 0.03, 0.001)]


def test_a_grid_is_what_each_training_is_alone() -> None:
    for one, done in zip(GRID, together(GRID), strict=True):
        assert_close(done, alone(one))


@settings(deadline=None, max_examples=15)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.2, 0.01]), st.integers(0, 2), st.integers(1, 4), st.sampled_from([0.0, 0.5, 0.9])),
        min_size=1,
        max_size=4,
    ),
    st.integers(2, 60),
    st.sampled_from([0.0, 0.3]),
)
def test_any_mixture_is_what_each_training_is_alone(
    mixture: list[tuple[float, int, int, float]], batch_size: int, decay: float
) -> None:
    courses = [
        course(rate, fold, epochs=epochs, momentum=momentum, batch_size=batch_size, decay=decay)
        for rate, fold, epochs, momentum in mixture
    ]
    for key, (one, done) in enumerate(zip(courses, together(courses, range(len(courses))), strict=True)):
        assert_close(done, alone(one, key))


def test_features_of_half_precision_are_read_from_disk(tmp_path: Path) -> None:
    np.save(tmp_path / "features.npy", FEATURES.astype(np.float16))
    halves = np.load(tmp_path / "features.npy", mmap_mode="r")
    for one, done in zip(GRID[:4], together(GRID[:4], features=halves), strict=True):
        assert_close(done, alone(one, features=halves))


def test_a_divergence_is_as_alone_and_goes_unnoticed_by_the_others() -> None:
    wild = [course(1e6, 0, epochs=4), course(1e30, 1, epochs=4)]
    done = together([GRID[0], wild[0], GRID[4], wild[1]])
    assert as_bytes(done[0]) == as_bytes(together([GRID[0]])[0])
    assert as_bytes(done[2]) == as_bytes(together([GRID[4]])[0])
    for index, one in zip((1, 3), wild, strict=True):
        history, expected = done[index][0], alone(one)[0]
        assert np.isnan(history.train_loss[-1])
        assert np.isnan(history.scores[-1]).all()
        np.testing.assert_array_equal(np.isnan(history.train_loss), np.isnan(expected.train_loss))
        np.testing.assert_array_equal(np.isnan(history.scores), np.isnan(expected.scores))


def test_when_all_diverge_the_rest_is_not_done() -> None:
    seen: list[Progress] = []
    heads = Heads([Model(0).state_dict()], dropout=DROPOUT)
    histories = fit_side_by_side(heads, FEATURES, TARGETS, [course(1e30, epochs=50)], report=seen.append)
    assert len(seen) < 5
    assert histories[0].train_loss.shape == (50,)
    assert np.isnan(histories[0].train_loss[-1])


@pytest.mark.parametrize(
    ("n_features", "batch_size", "n_threads"), [(512, 7, 1), (512, 7, 2), (512, 32, 1), (1280, 32, 1), (1280, 32, 2)]
)
def test_no_bit_depends_on_the_others_and_the_same_call_gives_the_same_bytes(
    n_features: int, batch_size: int, n_threads: int
) -> None:
    features = rng(n_features).normal(size=(N_ROWS, n_features)).astype(np.float32)
    heads = [Head(n_features, hidden=256, n_classes=3, dropout=0.5, key=key) for key in range(2)]
    states = [{f"head.{name}": value for name, value in head.state_dict().items()} for head in heads]
    rates = (0.01, 0.001, 1e-4)
    courses = [course(rate, fold, epochs=1, batch_size=batch_size) for fold in range(2) for rate in rates]

    def groups_of(size: int) -> list[tuple[bytes, ...]]:
        done: list[tuple[bytes, ...]] = []
        for first in range(0, 6, size):
            some = range(first, min(first + size, 6))
            stack = Heads([states[index // 3] for index in some], dropout=0.5)
            histories = fit_side_by_side(stack, features, TARGETS, [courses[index] for index in some])
            done += [as_bytes((history, stack.state(place))) for place, history in enumerate(histories)]
        return done

    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        whole = groups_of(6)
        assert len(set(whole)) == 6
        assert all(groups_of(size) == whole for size in (1, 2, 5, 6))
    finally:
        torch.set_num_threads(before)


def test_scores_may_be_left_out_for_some() -> None:
    some = [GRID[0], replace(GRID[1], validation=np.zeros(0, np.int64))]
    histories = [history for history, _ in together(some)]
    assert [history.scores.shape for history in histories] == [(3, 40, 3), (3, 0, 0)]
    np.testing.assert_array_equal(histories[1].scores, alone(some[1])[0].scores)


def test_progress_is_told_after_every_epoch() -> None:
    seen: list[Progress] = []
    heads = Heads([Model(0).state_dict()] * 2, dropout=DROPOUT)
    fit_side_by_side(heads, FEATURES, TARGETS, [course(epochs=3), course(epochs=1)], report=seen.append)
    assert [(progress.stage, progress.done, progress.total) for progress in seen] == [
        ("epochs", epoch, 3) for epoch in (1, 2, 3)
    ]
    assert [progress.detail for progress in seen] == ["2 of 2 heads", "1 of 2 heads", "1 of 2 heads"]


@pytest.mark.parametrize(
    ("courses", "message"),
    [
        ([course(), replace(course(), rows=lambda epoch: np.zeros(1, np.int64))], "at least one batch in every epoch"),
        ([course(batch_size=8), course(batch_size=16)], r"one batch size, got \[8, 16\]"),
        (
            [course(), replace(course(), plan=Plan(rate=0.1, epochs=1, batch_size=8, optimizer="adam"))],
            'optimizer "sgd"',
        ),
        ([course()], "one course for each of 2 heads, got 1"),
    ],
)
def test_mistakes_are_named(courses: list[Course], message: str) -> None:
    heads = Heads([Model(0).state_dict()] * 2, dropout=DROPOUT)
    with pytest.raises(InputError, match=message):
        fit_side_by_side(heads, FEATURES, TARGETS, courses)
