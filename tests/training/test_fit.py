"""Laws of the loop: numbers come from the arguments alone, and a killed training ends as one left alone."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress
from medgraft.networks.classifier import KeyedDropout
from medgraft.training import Batch, Checkpoint, History, Plan, fit, predict, trained_state
from medgraft.training.plan import Rule

GENERATOR = torch.Generator().manual_seed(1)
INPUTS, TARGETS = torch.rand(24, 6, generator=GENERATOR), torch.arange(24) % 3


class Small(nn.Module):
    """Frozen norm, trained norm, both kinds of dropout, and a parameter that nothing reads."""

    def __init__(self, drop: float = 0.5) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            self.frozen = nn.BatchNorm1d(6).requires_grad_(False)
            self.hidden = nn.Linear(6, 8)
            self.norm = nn.BatchNorm1d(8)
            self.global_dropout = nn.Dropout(drop / 2)
            self.keyed_dropout = KeyedDropout(drop)
            self.scores = nn.Linear(8, 3)
            self.unused = nn.Parameter(torch.ones(2))

    def train(self, mode: bool = True) -> "Small":
        super().train(mode)
        self.frozen.train(False)
        return self

    def forward(self, x: Tensor) -> Tensor:
        hidden = functional.relu(self.norm(self.hidden(self.frozen(x))))
        out: Tensor = self.scores(self.keyed_dropout(self.global_dropout(hidden)))
        return out


def batches(epoch: int) -> Iterator[Batch]:
    order = np.random.default_rng(epoch).permutation(24)
    for rows in order.reshape(3, 8):
        yield Batch(inputs=(INPUTS[rows],), targets=TARGETS[rows])


def validation() -> Iterator[tuple[Tensor, ...]]:
    yield from ((INPUTS[:5],), (INPUTS[5:9],))


def scores_of(model: nn.Module) -> Callable[[], NDArray[np.float32]]:
    return lambda: predict(model, validation())


def run(
    model: nn.Module,
    epochs: int,
    *,
    key: tuple[object, ...] = (7,),
    optimizer: Rule = "sgd",
    checkpoint: Checkpoint | None = None,
) -> History:
    plan = Plan(rate=0.05, epochs=epochs, optimizer=optimizer)
    return fit(model, batches, plan, key=key, evaluate=scores_of(model), checkpoint=checkpoint)


def state_bytes(model: nn.Module) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in model.state_dict().items()}


def history_bytes(history: History) -> tuple[bytes, bytes]:
    return history.train_loss.tobytes(), history.scores.tobytes()


def test_a_long_training_passes_through_the_end_of_a_short_one() -> None:
    short, long, seen = Small(), Small(), list[dict[str, bytes]]()
    brief = run(short, 5)

    def remember(_: Progress) -> None:
        seen.append(state_bytes(long))

    whole = fit(long, batches, Plan(rate=0.05, epochs=10), key=(7,), evaluate=scores_of(long), report=remember)
    assert seen[4] == state_bytes(short)
    assert seen[9] != seen[4]
    np.testing.assert_array_equal(whole.train_loss[:5], brief.train_loss)
    np.testing.assert_array_equal(whole.scores[:5], brief.scores)


def test_equal_keys_give_equal_bytes_and_others_do_not() -> None:
    models = [Small() for _ in range(3)]
    one, same, other = (run(model, 2, key=key) for model, key in zip(models, ((7,), (7,), (8,)), strict=True))
    assert history_bytes(one) == history_bytes(same) != history_bytes(other)
    assert state_bytes(models[0]) == state_bytes(models[1]) != state_bytes(models[2])


def test_global_random_state_neither_matters_nor_moves() -> None:
    one, other = Small(), Small()
    torch.manual_seed(1)
    first = run(one, 2)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    second = run(other, 2)
    assert torch.equal(torch.get_rng_state(), before)
    assert history_bytes(first) == history_bytes(second)


def test_dropout_differs_from_epoch_to_epoch() -> None:
    model, losses = Small(), list[float]()

    def still(_: int) -> Iterator[Batch]:
        yield Batch(inputs=(INPUTS,), targets=TARGETS)

    losses = fit(model, still, Plan(rate=1e-12, epochs=3), key=(7,)).train_loss.tolist()
    assert len(set(losses)) == 3


def test_scores_are_plain_probabilities_after_each_epoch() -> None:
    model = Small()
    history = run(model, 3)
    assert history.scores.shape == (3, 9, 3)
    np.testing.assert_allclose(history.scores.sum(2), 1, rtol=1e-5)
    with torch.no_grad():
        expected = model.eval()(INPUTS[:9]).softmax(1).numpy()
    np.testing.assert_allclose(history.scores[-1], expected, rtol=1e-6)
    assert fit(Small(), batches, Plan(rate=0.1, epochs=2), key=(1,)).scores.shape == (2, 0, 0)


def test_what_is_frozen_keeps_its_bytes() -> None:
    model = Small()
    before = state_bytes(model)
    run(model, 3)
    after = state_bytes(model)
    assert {name for name in before if before[name] == after[name]} == {
        *(f"frozen.{name}" for name in nn.BatchNorm1d(1).state_dict()),
        "unused",
    }
    assert set(trained_state(model.train())) == {name for name in after if not name.startswith("frozen.")}


class KilledError(Exception):
    """In place of SIGKILL between two epochs."""


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("epoch", [1, 4, 5])
def test_a_killed_training_goes_on_and_ends_as_one_left_alone(tmp_path: Path, epoch: int, optimizer: Rule) -> None:
    path, alone, resumed = tmp_path / "runs" / "state", Small(), Small()
    expected = run(alone, 6, optimizer=optimizer)

    def killed(at: int) -> Iterator[Batch]:
        if at == epoch:
            raise KilledError
        return batches(at)

    model, plan = Small(), Plan(rate=0.05, epochs=6, optimizer=optimizer)
    with pytest.raises(KilledError):
        fit(model, killed, plan, key=(7,), evaluate=scores_of(model), checkpoint=always(path))
    assert path.exists()
    begun = list[int]()

    def counted(at: int) -> Iterator[Batch]:
        begun.append(at)
        return batches(at)

    got = fit(resumed, counted, plan, key=(7,), evaluate=scores_of(resumed), checkpoint=always(path))
    assert begun == list(range(epoch, 6))
    assert history_bytes(got) == history_bytes(expected)
    assert state_bytes(resumed) == state_bytes(alone)
    again = Small()
    assert history_bytes(run(again, 6, optimizer=optimizer, checkpoint=always(path))) == history_bytes(expected)
    assert state_bytes(again) == state_bytes(alone)


def always(path: Path) -> Checkpoint:
    return Checkpoint(path=path, seconds=0)


def test_a_checkpoint_works_without_validation(tmp_path: Path) -> None:
    plan = Plan(rate=0.05, epochs=3)
    first = fit(Small(), batches, plan, key=(7,), checkpoint=always(tmp_path / "state"))
    again = fit(Small(), batches, plan, key=(7,), checkpoint=always(tmp_path / "state"))
    assert history_bytes(first) == history_bytes(again)


def test_what_lies_beside_a_training_is_kept_with_it(tmp_path: Path) -> None:
    path, plan = tmp_path / "state", Plan(rate=0.05, epochs=3)
    first = Checkpoint(path=path, seconds=0, beside={"best": torch.ones(2)})
    fit(Small(), batches, plan, key=(7,), checkpoint=first)
    again = Checkpoint(path=path, beside={"best": torch.zeros(2)})
    model = Small().train()
    losses, _, _ = again.load(model, Adam(model.parameters()))
    assert len(losses) == 3
    assert torch.equal(again.beside["best"], torch.ones(2))
    other = Checkpoint(path=path, beside={"other": torch.zeros(2)})
    assert other.load(model, Adam(model.parameters())) == ([], [], 0), "of another program: begin anew"


@pytest.mark.parametrize("kept", [0, 7, 300, -1])
def test_a_checkpoint_that_was_cut_short_is_none(tmp_path: Path, kept: int) -> None:
    path, plan = tmp_path / "state", Plan(rate=0.05, epochs=2)
    expected = fit(Small(), batches, plan, key=(7,), checkpoint=always(path))
    path.write_bytes(path.read_bytes()[:kept])
    assert history_bytes(fit(Small(), batches, plan, key=(7,), checkpoint=always(path))) == history_bytes(expected)


def test_a_checkpoint_is_not_written_more_often_than_asked(tmp_path: Path) -> None:
    run(Small(), 3, checkpoint=Checkpoint(path=tmp_path / "state", seconds=3600))
    assert list(tmp_path.iterdir()) == []


def test_a_diverging_training_ends_in_nan_and_raises_nothing(tmp_path: Path) -> None:
    plan = Plan(rate=1e30, epochs=6)
    histories = [
        fit(model, batches, plan, key=(7,), evaluate=scores_of(model), checkpoint=always(tmp_path / "state"))
        for model in (Small(), Small())
    ]
    for history in histories:
        assert (history.train_loss.shape, history.scores.shape) == ((6,), (6, 9, 3))
        lost = np.isnan(history.train_loss)
        assert lost[-1]
        assert (np.diff(lost.astype(int)) >= 0).all()
        assert np.isnan(history.scores[lost]).all()
    np.testing.assert_array_equal(histories[0].train_loss, histories[1].train_loss)


def linear(seed: int = 3) -> nn.Linear:
    layer = nn.Linear(6, 3)
    weights = np.random.default_rng(seed).normal(size=(3, 7)).astype(np.float32)
    layer.weight.data, layer.bias.data = torch.from_numpy(weights[:, :6].copy()), torch.from_numpy(weights[:, 6].copy())
    return layer


def keras_sgd(rate: float, momentum: float, decay: float, epochs: int) -> np.ndarray:
    """Softmax regression with Keras' SGD written out: velocity v <- m v - r g, w <- w + m v - r g (Nesterov)."""
    layer = linear()
    w = np.concatenate([layer.weight.detach().numpy(), layer.bias.detach().numpy()[:, None]], 1).astype(np.float64)
    velocity, t = np.zeros_like(w), 0
    for epoch in range(epochs):
        for batch in batches(epoch):
            gradient = gradient_of(w, batch)
            now = rate / (1 + decay * t)
            velocity = momentum * velocity - now * gradient
            w, t = w + momentum * velocity - now * gradient, t + 1
    return w


def adam(plan: Plan) -> np.ndarray:
    """Softmax regression with Adam (Kingma and Ba 2014, algorithm 1) written out."""
    layer = linear()
    w = np.concatenate([layer.weight.detach().numpy(), layer.bias.detach().numpy()[:, None]], 1).astype(np.float64)
    first, second, t = np.zeros_like(w), np.zeros_like(w), 0
    for epoch in range(plan.epochs):
        for batch in batches(epoch):
            gradient, t = gradient_of(w, batch), t + 1
            rate = plan.rate * plan.decay_factor ** (epoch // plan.decay_epochs)
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            w -= rate * (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
    return w


def gradient_of(w: np.ndarray, batch: Batch) -> np.ndarray:
    """Of the cross-entropy of softmax regression with weights and bias (3, 7)."""
    assert isinstance(batch.targets, Tensor)
    x = np.concatenate([batch.inputs[0].numpy(), np.ones((8, 1))], 1).astype(np.float64)
    scores = np.exp(x @ w.T)
    scores /= scores.sum(1, keepdims=True)
    gradient: np.ndarray = (scores - np.eye(3)[batch.targets.numpy()]).T @ x / len(x)
    return gradient


@pytest.mark.parametrize("decay_factor", [1.0, 0.5])
def test_updates_are_those_of_adam_with_a_rate_that_decays_by_epochs(tmp_path: Path, decay_factor: float) -> None:
    plan = Plan(rate=0.1, epochs=5, decay=0.0, optimizer="adam", decay_factor=decay_factor, decay_epochs=2)
    begun, layer = replace(plan, epochs=3), linear()
    fit(linear(), batches, begun, key=(1,), checkpoint=always(tmp_path / "state"))
    fit(layer, batches, plan, key=(1,), checkpoint=always(tmp_path / "state"))
    got = np.concatenate([layer.weight.detach().numpy(), layer.bias.detach().numpy()[:, None]], 1)
    np.testing.assert_allclose(got, adam(plan), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize(
    ("momentum", "decay"),
    # The first row is the paper's. torch scales the kept momentum with today's rate, Keras with the rate of its day:
    # at the paper's decay no difference, at large ones compared without momentum.
    [(0.9, 1e-6), (0.9, 0.0), (0.0, 0.0), (0.0, 0.3)],
)
def test_updates_are_those_of_keras(momentum: float, decay: float) -> None:
    layer = linear()
    fit(layer, batches, Plan(rate=0.3, epochs=4, momentum=momentum, decay=decay), key=(1,))
    got = np.concatenate([layer.weight.detach().numpy(), layer.bias.detach().numpy()[:, None]], 1)
    np.testing.assert_allclose(got, keras_sgd(0.3, momentum, decay, 4), rtol=2e-5, atol=2e-6)


def test_the_decayed_rate_goes_on_through_a_checkpoint(tmp_path: Path) -> None:
    plan, half = (Plan(rate=0.3, epochs=epochs, momentum=0.0, decay=0.3) for epochs in (4, 2))
    layer = linear()
    fit(linear(), batches, half, key=(1,), checkpoint=always(tmp_path / "state"))
    fit(layer, batches, plan, key=(1,), checkpoint=always(tmp_path / "state"))
    np.testing.assert_allclose(layer.weight.detach().numpy(), keras_sgd(0.3, 0.0, 0.3, 4)[:, :6], rtol=2e-5, atol=2e-6)


def test_the_loss_is_the_mean_over_images_not_over_batches() -> None:
    layer = linear()

    def uneven(_: int) -> Iterator[Batch]:
        for rows in (slice(0, 20), slice(20, 24)):
            yield Batch(inputs=(INPUTS[rows],), targets=TARGETS[rows])

    expected = functional.cross_entropy(layer(INPUTS), TARGETS).item()
    history = fit(layer, uneven, Plan(rate=1e-12, epochs=1), key=(1,))
    assert history.train_loss[0] == pytest.approx(expected, rel=1e-6)


def test_progress_is_told_after_every_epoch() -> None:
    told = list[Progress]()
    fit(Small(), batches, Plan(rate=0.1, epochs=3), key=(1,), report=told.append)
    assert [(step.done, step.total) for step in told] == [(1, 3), (2, 3), (3, 3)]


def test_trainings_of_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="at least one epoch"):
        Plan(rate=0.1, epochs=0)
    with pytest.raises(InputError, match="every 1, 2"):
        Plan(rate=0.1, epochs=1, decay_epochs=0)
    with pytest.raises(InputError, match="at least one batch"):
        fit(Small(), lambda _: [], Plan(rate=0.1, epochs=1), key=(1,))


def test_predict_gives_every_module_its_mode_back() -> None:
    model = nn.Sequential(nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 3)).train()
    model[0].eval()
    scores = predict(model, validation())
    assert [module.training for module in model] == [False, True, True]
    assert scores.shape == (9, 3)
    np.testing.assert_array_equal(scores, predict(model, validation()))
    with pytest.raises(RuntimeError):
        predict(model, [(torch.zeros(2, 5),)])
    assert [module.training for module in model] == [False, True, True]
    assert predict(model, []).shape == (0, 0)


def test_predict_computes_by_the_forward_given() -> None:
    layer = linear()
    got = predict(layer, [(INPUTS, INPUTS)], lambda a, b: layer(a + b))
    np.testing.assert_allclose(got, layer(2 * INPUTS).softmax(1).detach().numpy(), rtol=1e-5)
