"""Laws of the Dice loss: what is not labelled costs nothing and moves nothing."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.training import Batch, MaskTarget, dice_loss

#: Shapes of codes: pictures, volumes, volumes over time.
SHAPES = {2: (2, 6, 5), 3: (2, 4, 6, 5), 4: (2, 3, 4, 6, 5)}
K = 3


def example(dims: int) -> tuple[Tensor, MaskTarget]:
    """Logits and a target where everything is labelled."""
    generator, shape = torch.Generator().manual_seed(dims), SHAPES[dims]
    logits = torch.randn(shape[0], K, *shape[1:], generator=generator, dtype=torch.float64)
    phases = torch.ones(shape[0], shape[1] if dims == 4 else 1, dtype=torch.bool)
    codes = torch.randint(0, K, shape, generator=generator)
    return logits, MaskTarget(codes=codes, phases=phases, classes=torch.ones(shape[0], K, dtype=torch.bool))


def by_hand(logits: Tensor, codes: Tensor) -> float:
    """The formula of Myronenko 2018 in numpy, everything labelled."""
    scores: NDArray[np.float64] = np.exp(logits.numpy())
    scores /= scores.sum(1, keepdims=True)
    losses = []
    for unit, mask in zip(scores, codes.numpy(), strict=True):
        for code, score in enumerate(unit):
            true = mask == code
            losses.append(1 - 2 * score[true].sum() / (np.sum(score**2) + true.sum()))
    return float(np.mean(losses))


@pytest.mark.parametrize("dims", SHAPES)
def test_it_is_the_published_formula(dims: int) -> None:
    logits, target = example(dims)
    assert dice_loss(logits, target).item() == pytest.approx(by_hand(logits, target.codes), abs=1e-6)


@pytest.mark.parametrize("dims", SHAPES)
def test_perfect_is_0_and_all_wrong_is_1(dims: int) -> None:
    _, target = example(dims)
    perfect = 60.0 * torch.nn.functional.one_hot(target.codes, K).movedim(-1, 1).double()
    assert dice_loss(perfect, target).item() == pytest.approx(0, abs=1e-9)
    assert dice_loss(perfect.roll(1, 1), target).item() == pytest.approx(1, abs=1e-6)


def test_unlabelled_phases_cost_nothing_and_have_no_gradient() -> None:
    logits, full = example(4)
    phases = torch.tensor([[True, False, True], [False, False, True]])
    target = MaskTarget(codes=full.codes, phases=phases, classes=full.classes)
    loss = gradient_of(logits, target)
    assert not loss[1].movedim(2, 1)[~phases].any()
    assert loss[1].movedim(2, 1)[phases].abs().min() > 0
    elsewhere = torch.where(phases[:, None, :, None, None, None], logits, 100 * logits)
    other_codes = torch.where(phases[:, :, None, None, None], full.codes, 77)
    other = MaskTarget(codes=other_codes, phases=phases, classes=full.classes)
    assert dice_loss(elsewhere, other).item() == loss[0]


@pytest.mark.parametrize("dims", SHAPES)
def test_probability_may_move_between_background_and_a_class_that_is_never_labelled(dims: int) -> None:
    logits, full = example(dims)
    classes = torch.tensor([[True, True, False], [True, True, False]])
    target = MaskTarget(codes=full.codes.where(full.codes < 2, 0), phases=full.phases, classes=classes)
    scores = logits.softmax(1)
    share = torch.rand(scores[:, :1].shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    together = scores[:, :1] + scores[:, 2:]
    moved = torch.cat([together * share, scores[:, 1:2], together * (1 - share)], 1)
    expected = dice_loss(logits, target).item()
    assert dice_loss(moved.log(), target).item() == pytest.approx(expected, abs=1e-9)
    two = MaskTarget(codes=target.codes, phases=full.phases, classes=classes[:, :2])
    assert dice_loss(torch.cat([together, scores[:, 1:2]], 1).log(), two).item() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("dims", SHAPES)
def test_nothing_labelled_is_a_loss_of_0_with_a_gradient_of_0(dims: int) -> None:
    logits, full = example(dims)
    for phases, classes in (
        (torch.zeros_like(full.phases), full.classes),
        (full.phases, torch.zeros_like(full.classes)),
    ):
        loss, gradient = gradient_of(logits, MaskTarget(codes=full.codes, phases=phases, classes=classes))
        assert loss == 0
        assert not gradient.any()


def test_units_count_alike_whatever_is_labelled_in_them() -> None:
    logits, full = example(3)
    classes = torch.tensor([[True, True, True], [True, True, False]])
    alone = [
        dice_loss(logits[row : row + 1], _row(MaskTarget(codes=full.codes, phases=full.phases, classes=classes), row))
        for row in range(2)
    ]
    whole = dice_loss(logits, MaskTarget(codes=full.codes, phases=full.phases, classes=classes))
    assert whole.item() == pytest.approx(torch.stack(alone).mean().item(), abs=1e-12)


def test_a_target_knows_its_length_and_moves_as_one() -> None:
    _, target = example(3)
    assert len(target) == 2
    moved = Batch(inputs=(target.codes,), targets=target).to(torch.device("meta")).targets
    assert isinstance(moved, MaskTarget)
    assert {value.device.type for value in (moved.codes, moved.phases, moved.classes)} == {"meta"}


def _row(target: MaskTarget, row: int) -> MaskTarget:
    part = slice(row, row + 1)
    return MaskTarget(codes=target.codes[part], phases=target.phases[part], classes=target.classes[part])


def gradient_of(logits: Tensor, target: MaskTarget) -> tuple[float, Tensor]:
    leaf = logits.clone().requires_grad_(True)
    loss = dice_loss(leaf, target)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
    assert leaf.grad is not None
    return loss.item(), leaf.grad
