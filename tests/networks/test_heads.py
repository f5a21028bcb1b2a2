"""Laws of stacked heads: each place computes what `Head` computes, autograd and dropout included."""

import copy

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from medgraft.core.errors import InputError
from medgraft.networks.classifier import Head
from medgraft.networks.heads import Heads

GENERATOR = torch.Generator().manual_seed(3)
COUNTS = (1, 2, 5)
DROPOUTS = (0.0, 0.3, 0.5)


def some_heads(count: int, dropout: float = 0.5) -> list[Head]:
    return [Head(12, hidden=8, n_classes=3, dropout=dropout, key=key) for key in range(count)]


def stacked(heads: list[Head], prefix: str = "head.") -> Heads:
    starts = [{f"{prefix}{name}": value for name, value in head.state_dict().items()} for head in heads]
    return Heads(starts, dropout=heads[0].dropout.p, prefix=prefix)


def inputs(count: int, rows: int) -> tuple[Tensor, Tensor]:
    return torch.randn(count, rows, 12, generator=GENERATOR), torch.randint(0, 3, (count, rows), generator=GENERATOR)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("dropout", DROPOUTS)
def test_losses_and_gradients_are_those_that_autograd_finds(count: int, dropout: float) -> None:
    heads, (features, targets), sizes = some_heads(count, dropout), inputs(count, 6), [6, 4, 2, 6, 5][:count]
    side_by_side = stacked(heads)
    shares = torch.tensor([[1 / size] * size + [0.0] * (6 - size) for size in sizes])
    masks = torch.stack([next(side_by_side.masks(place, [6])) for place in range(count)])
    losses = side_by_side.backward(features, targets, shares, masks)
    for place, (head, size) in enumerate(zip(heads, sizes, strict=True)):
        head.dropout.generator.manual_seed(place)
        loss = cross_entropy(head(features[place])[:size], targets[place, :size])
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        torch.testing.assert_close(losses[place], loss.detach())
        for parameter, gradient in zip(head.parameters(), side_by_side.gradients, strict=True):
            torch.testing.assert_close(gradient[place], parameter.grad)


@pytest.mark.parametrize("count", COUNTS)
def test_scores_are_those_of_each_head_without_dropout(count: int) -> None:
    heads, (features, _) = some_heads(count), inputs(count, 7)
    scores = stacked(heads).scores(features)
    assert scores.shape == (count, 7, 3)
    for head, own, values in zip(heads, scores, features, strict=True):
        torch.testing.assert_close(own, head.eval()(values).softmax(1))


@pytest.mark.parametrize("dropout", DROPOUTS)
def test_masks_are_those_that_a_head_draws_batch_by_batch(dropout: float) -> None:
    head = some_heads(1, dropout)[0]
    head.dropout.generator.manual_seed(11)
    drawn = list(stacked([head]).masks(11, [5, 5, 2]))
    assert [mask.shape for mask in drawn] == [(5, 8), (5, 8), (2, 8)]
    assert all(torch.equal(mask, head.dropout(torch.ones_like(mask))) for mask in drawn)


@pytest.mark.parametrize("prefix", ["head.", ""])
def test_what_goes_in_comes_out_as_copies(prefix: str) -> None:
    heads = some_heads(2)
    before = copy.deepcopy(heads[1].state_dict())
    side_by_side = stacked(heads, prefix)
    assert side_by_side.dropout_name == f"{prefix}dropout"
    state = side_by_side.state(1)
    for parameter in side_by_side.parameters:
        parameter.zero_()
    assert all(torch.equal(state[f"{prefix}{name}"], value) for name, value in before.items())
    assert all(torch.equal(value, before[name]) for name, value in heads[1].state_dict().items())


def test_what_is_missing_is_named() -> None:
    state = {f"head.{name}": value for name, value in some_heads(1)[0].state_dict().items()}
    with pytest.raises(InputError, match=r"Expected head\.hidden\.weight, .* got \[\]"):
        Heads([], dropout=0.5)
    del state["head.scores.bias"]
    with pytest.raises(InputError, match=r"head\.scores\.bias of each head, got \[\['head\.hidden\.bias'"):
        Heads([state], dropout=0.5)
