"""Laws of many heads at once: each is what `fit` makes of it alone, whatever stands beside it."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from medgraft.core.seeds import rng
from medgraft.networks.classifier import Head
from medgraft.networks.heads import Heads
from medgraft.samples.balance import epoch_order
from medgraft.training import Batch, Course, History, Plan, batch_slices, fit, fit_side_by_side, trained_state

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
    model, values = Model(key), torch.from_numpy(features).float()

    def batches(epoch: int) -> Iterator[Batch]:
        order = one.rows(epoch)
        for part in batch_slices(len(order), one.plan.batch_size):
            yield Batch(inputs=(values[order[part]],), targets=torch.from_numpy(TARGETS[order[part]]))

    def validation() -> Iterator[tuple[Tensor, ...]]:
        if len(one.validation):
            yield (values[one.validation],)

    return fit(model, batches, one.plan, key=one.key, validation=validation), trained_state(model)


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
