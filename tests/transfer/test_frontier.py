"""Laws of the frozen frontier, for every listed network: cut or not, the numbers are those of the plain model."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from medgraft.networks import NETWORKS, spec
from medgraft.networks.classifier import Classifier, build, out_of_place
from medgraft.networks.freezing import freeze
from medgraft.networks.segmenter import Segmenter, build_segmenter
from medgraft.training import Batch, Plan, fit
from medgraft.transfer import Split, split_at_frontier

LIGHT = ("mobilenetv1_025", "mobilenetv2_035", "resnet18")
TIMM = ("convnext_atto", "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224")
#: How many values per image cross at depths 1 and 2, where it is not one: cells of NASNet read the two before them.
SEVERAL = {("nasnetmobile", 1): 2, ("nasnetmobile", 2): 3}
#: Cut at depth 2 as well; the others at 0 and 1.
DEEPER = (*LIGHT, "densenet121", "nasnetmobile", "vit_tiny_patch16_224")
CLASSIFIERS = [name for name, network in NETWORKS.items() if network.answers == "classes"]
DEPTHS = [(name, depth) for name in (*CLASSIFIERS, *TIMM) for depth in ((0, 1, 2) if name in DEEPER else (0, 1))]
CASES = [pytest.param(*case, marks=() if case[0] in LIGHT else pytest.mark.slow) for case in DEPTHS]
#: Three times ten updates each.
TRAININGS = [pytest.param(*case, marks=() if case[0] == "mobilenetv1_025" else pytest.mark.slow) for case in DEPTHS]


def classifier(name: str, depth: int, *, dropout: float = 0.5) -> Classifier:
    model = build(name, n_classes=3, contract=spec(name).contract, dropout=dropout)
    settle(model, images(name, 8, seed=9))
    freeze(model, depth)
    return out_of_place(model).train()  # type: ignore[return-value]  # it gives the model it was given


def settle(model: nn.Module, pictures: Tensor) -> None:
    """Give norms the statistics of some pictures, as learning does: without, values grow a millionfold on the way."""
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(pictures)
    for norm in norms:
        norm.momentum = 0.1
        norm.get_buffer("running_var").clamp_(min=1e-2)  # a channel that eight pictures do not excite


def images(name: str, n: int = 4, seed: int = 1) -> Tensor:
    fixed = name.startswith(("vit", "swin"))
    size = spec(name).size if fixed else max(64, spec(name).min_size)
    return torch.rand(n, 1, size, size, generator=torch.Generator().manual_seed(seed))


def scores(model: nn.Module, forward: nn.Module | Split, pictures: Tensor) -> Tensor:
    """In evaluation mode, every module's own mode restored."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    with torch.no_grad():
        out: Tensor = forward.suffix(*forward.frontier(pictures)) if isinstance(forward, Split) else forward(pictures)
    for module, mode in modes.items():
        module.training = mode
    return out


def moved(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])}


def frozen_names(model: Classifier) -> set[str]:
    """Parameters that are not trained, and the buffers of modules in evaluation mode."""
    names = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    for prefix, module in model.named_modules():
        if not module.training:
            names |= {f"{prefix}.{name}" for name, _ in module.named_buffers(recurse=False)}
    return names & set(model.state_dict())


@pytest.mark.parametrize(("name", "depth"), CASES)
def test_every_network_is_cut_and_scores_as_before(name: str, depth: int) -> None:
    model = classifier(name, depth)
    modes = [module.training for module in model.modules()]
    split = split_at_frontier(model, images(name, 2))
    assert (split.reason, split.prefix is None) == ("", False)
    assert [module.training for module in model.modules()] == modes
    other = images(name, 3, seed=2)
    values = split.frontier(other)
    assert [len(value) for value in values] == [3] * SEVERAL.get((name, depth), 1)
    assert not any(value.requires_grad for value in values)
    expected = scores(model, model, other)
    torch.testing.assert_close(scores(model, split, other), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "name", [pytest.param(*case.values[:1], marks=case.marks) for case in CASES if case.values[1] == 0]
)
def test_behind_a_head_alone_one_vector_per_image_crosses(name: str) -> None:
    split = split_at_frontier(classifier(name, 0), images(name, 2))
    assert [tuple(value.shape) for value in split.frontier(images(name, 3))] == [(3, spec(name).features)]


@pytest.mark.parametrize(("name", "depth"), TRAININGS)
def test_training_behind_the_frontier_is_training_the_whole_and_to_a_hundredth_in_half_precision(
    name: str, depth: int
) -> None:
    pictures = [images(name, 8, seed) for seed in range(4)]
    plain, cut = classifier(name, depth), classifier(name, depth)
    split = split_at_frontier(cut, pictures[0])
    values = [split.frontier(batch) for batch in pictures]
    kept = [[value.clone() for value in batch] for batch in values]
    before, frozen = copy.deepcopy(cut.state_dict()), frozen_names(cut)
    expected = ten_losses(plain, [(batch,) for batch in pictures])
    got = ten_losses(cut, values, split)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4)
    assert max(expected) - min(expected) > 1e-2
    assert all(torch.equal(a, b) for x, y in zip(values, kept, strict=True) for a, b in zip(x, y, strict=True))
    changed = moved(before, cut.state_dict())
    assert changed
    assert not changed & frozen
    assert changed >= {f"head.{name}" for name in ("hidden.weight", "scores.weight")}
    half = classifier(name, depth)
    rounded = [tuple(value.half().float() for value in batch) for batch in kept]
    halved = ten_losses(half, rounded, split_at_frontier(half, pictures[0]))
    assert 0 < float(np.abs(np.subtract(halved, got)).max()) < 1e-2 * max(1, *expected)


def ten_losses(model: Classifier, inputs: list[tuple[Tensor, ...]], split: Split | None = None) -> list[float]:
    """The loss of each of ten updates, batch after batch, on the whole model or behind its frontier.

    At the middle one of the paper's rates: at 1e-3, blocks in training make 1e-4 of a rounding error in twenty updates.
    """

    def batches(epoch: int) -> Iterator[Batch]:
        number = epoch % len(inputs)
        yield Batch(inputs=inputs[number], targets=(torch.arange(len(inputs[number][0])) + number) % 3)

    deeper = any(parameter.requires_grad for parameter in model.base.parameters())
    plan = Plan(rate=1e-4 if deeper else 1e-3, epochs=10)
    return list(fit(model, batches, plan, key=(7,), forward=split.suffix if split else None).train_loss)


def test_dropout_draws_the_same_on_both_sides() -> None:
    name = "mobilenetv2_035"
    model = classifier(name, 0, dropout=0.5)
    split = split_at_frontier(model, images(name))
    model.head.dropout.generator.manual_seed(3)
    expected = model(images(name))
    model.head.dropout.generator.manual_seed(3)
    torch.testing.assert_close(split.suffix(*split.frontier(images(name))), expected, rtol=1e-5, atol=1e-5)


class Toy(nn.Module):
    """A frozen and a trained convolution; subclasses join them in ways that trap a cut."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen = nn.Conv2d(1, 4, 3, padding=1).requires_grad_(False).eval()
        self.trained = nn.Conv2d(4, 4, 3, padding=1)
        self.scale = nn.Parameter(torch.full((4, 1, 1), 2.0))
        self.register_buffer("table", torch.arange(4.0))

    def train(self, mode: bool = True) -> "Toy":
        super().train(mode)
        self.frozen.train(False)
        return self


class ReadsShape(Toy):
    def forward(self, x: Tensor) -> Tensor:
        kept = self.frozen(x)
        n, _, height, width = kept.shape
        out: Tensor = self.trained(kept).reshape(n, 4, height * width).sum(2) / height
        return out


class ReadsPictureShape(Toy):
    def forward(self, x: Tensor) -> Tensor:
        return functional.interpolate(self.trained(self.frozen(x)), x.shape[2:]).mean((2, 3))


class ReadsTable(Toy):
    def forward(self, x: Tensor) -> Tensor:
        offset = self.table.view(4, 1, 1) + 1
        out: Tensor = (self.trained(self.frozen(x)) * offset).mean((2, 3))
        return out


class ReadsParameter(Toy):
    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.trained(self.frozen(x) * self.scale).mean((2, 3))
        return out


class OverwritesFrontier(Toy):
    def forward(self, x: Tensor) -> Tensor:
        kept = self.frozen(x)
        return (self.trained(kept) + functional.relu_(kept)).mean((2, 3))


class PoolsBeforeTraining(Toy):
    def forward(self, x: Tensor) -> Tensor:
        kept = self.frozen(x)
        return (functional.avg_pool2d(self.trained(kept), 2) + self.trained(functional.avg_pool2d(kept, 2))).mean(
            (2, 3)
        )


class BranchesOnValues(Toy):
    def forward(self, x: Tensor) -> Tensor:
        kept = self.frozen(x)
        out: Tensor = self.trained(kept if kept.mean() > 0 else -kept).mean((2, 3))
        return out


class DropsByFunction(Toy):
    def forward(self, x: Tensor) -> Tensor:
        kept = functional.dropout(self.trained(self.frozen(x)), 0.5, self.training)
        return kept.mean((2, 3))


class DrawsAlways(Toy):
    def forward(self, x: Tensor) -> Tensor:
        kept = self.frozen(x)
        out: Tensor = self.trained(kept + torch.rand_like(kept)).mean((2, 3))
        return out


class KnowsOneBatch(Toy):
    def forward(self, x: Tensor) -> Tensor:
        return self.trained(self.frozen(x)).reshape(-1, 4, 64).mean(2)


PICTURES = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "kind", [ReadsShape, ReadsTable, ReadsParameter, OverwritesFrontier, PoolsBeforeTraining, KnowsOneBatch]
)
def test_the_frontier_is_one_value_per_image_whatever_else_is_read(kind: type[Toy]) -> None:
    model = kind()
    split = split_at_frontier(model, PICTURES)
    assert split.reason == ""
    (value,) = split.frontier(PICTURES)
    torch.testing.assert_close(value, model.frozen(PICTURES))
    torch.testing.assert_close(scores(model, split, PICTURES), scores(model, model, PICTURES))
    torch.testing.assert_close(scores(model, split, PICTURES[:1]), scores(model, model, PICTURES[:1]))


def test_a_model_that_asks_the_picture_for_its_shape_is_cut_with_the_picture_kept() -> None:
    model = ReadsPictureShape()
    split = split_at_frontier(model, PICTURES)
    assert split.reason == ""
    assert sorted(value.shape[1] for value in split.frontier(PICTURES)) == [1, 4]
    torch.testing.assert_close(scores(model, split, PICTURES), scores(model, model, PICTURES))


def test_a_parameter_belongs_to_the_side_that_uses_it() -> None:
    model = ReadsParameter()
    split = split_at_frontier(model, PICTURES)
    assert split.prefix is not None
    assert "scale" in dict(split.suffix.named_parameters())
    assert "scale" not in dict(split.prefix.named_parameters())
    split.suffix(*split.frontier(PICTURES)).sum().backward()
    assert model.scale.grad is not None
    model.scale.requires_grad_(False)
    frozen = split_at_frontier(model, PICTURES)
    assert frozen.prefix is not None
    assert "scale" in dict(frozen.prefix.named_parameters())
    assert "scale" not in dict(frozen.suffix.named_parameters())


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (BranchesOnValues, "cannot be traced"),
        (DropsByFunction, "random functions"),
        (DrawsAlways, "random functions"),
    ],
)
def test_what_cannot_be_cut_runs_plainly_and_says_why(kind: type[Toy], reason: str) -> None:
    model = kind().train()
    split = split_at_frontier(model, PICTURES)
    assert split.prefix is None
    assert split.suffix is model
    assert reason in split.reason
    (same,) = split.frontier(PICTURES)
    assert same is PICTURES


def test_frozen_functional_dropout_does_nothing_and_is_cut() -> None:
    assert split_at_frontier(DropsByFunction().eval(), PICTURES).reason == ""


def test_a_model_with_nothing_frozen_runs_plainly() -> None:
    model = ReadsShape()
    model.frozen.requires_grad_(True)
    assert split_at_frontier(model, PICTURES).reason == "nothing is frozen"


def test_what_learns_is_behind_the_frontier_even_in_evaluation_mode() -> None:
    model = ReadsShape().eval()
    split = split_at_frontier(model, PICTURES)
    assert split.prefix is not None
    assert not any(parameter.requires_grad for parameter in split.prefix.parameters())
    assert {name for name, _ in split.suffix.named_parameters()} == {"trained.weight", "trained.bias"}


@pytest.mark.parametrize("name", LIGHT)
def test_networks_with_activations_in_place_are_right_or_plain(name: str) -> None:
    model = build(name, n_classes=3)
    freeze(model, 1)
    split = split_at_frontier(model.train(), images(name).expand(-1, 3, -1, -1))
    pictures = images(name, seed=5).expand(-1, 3, -1, -1)
    torch.testing.assert_close(scores(model, split, pictures), scores(model, model, pictures), rtol=1e-5, atol=1e-5)


def cut_of(**changes: object) -> Split:
    contract = replace(spec("cbr_small").contract, **changes)  # type: ignore[arg-type]  # the test's own changes
    model = build("cbr_small", n_classes=3, contract=contract)
    freeze(model, 1)
    return split_at_frontier(model.train(), images("cbr_small", 2))


def test_the_identity_is_that_of_everything_the_values_depend_on() -> None:
    usual = cut_of()
    assert cut_of().identity == usual.identity
    assert cut_of(mean=(0.4, 0.4, 0.4)).identity != usual.identity
    assert cut_of(order="BGR").identity != usual.identity
    assert cut_of(size=96).identity == usual.identity  # the size is the pictures', not the frozen part's


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        ("blocks.0.0", "padding", "same"),
        ("blocks.0.0", "weight", nn.Parameter(torch.ones(32, 3, 7, 7), requires_grad=False)),
        ("blocks.0.1", "eps", 1e-2),
        ("blocks.0.1", "running_mean", torch.ones(32)),
        ("blocks.0.1", "running_var", torch.full((32,), 2.0)),
        ("blocks.0.1", "weight", nn.Parameter(torch.zeros(32), requires_grad=False)),
    ],
)
def test_the_identity_is_that_of_every_setting_and_tensor_of_the_frozen_part(
    module: str, name: str, value: object
) -> None:
    model = build("cbr_small", n_classes=3)
    freeze(model, 1)
    usual = split_at_frontier(model.train(), images("cbr_small", 2).expand(-1, 3, -1, -1))
    setattr(model.base.get_submodule(module), name, value)
    changed = split_at_frontier(model, images("cbr_small", 2).expand(-1, 3, -1, -1))
    assert (usual.reason, changed.reason) == ("", "")
    assert usual.identity != changed.identity


#: Images of sides that are padded, by the number of their axes.
SHAPES = {2: (2, 1, 20, 18), 3: (2, 1, 10, 16, 14), 4: (2, 1, 3, 8, 10, 6)}
MASKS = [name for name, network in NETWORKS.items() if network.answers == "masks"]


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("name", MASKS)
def test_every_network_for_masks_is_cut_and_scores_as_before(name: str, depth: int) -> None:
    model, shape = segmenter(name, depth), SHAPES[spec(name).dims]
    split = split_at_frontier(model, volumes(shape, seed=0))
    assert split.reason == ""
    for size in (shape, (3, 1, *(side + 3 for side in shape[2:]))):
        other = volumes(size, seed=1)
        torch.testing.assert_close(scores(model, split, other), scores(model, model, other), rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("name", MASKS)
def test_training_a_network_for_masks_behind_its_frontier_is_training_the_whole(name: str, depth: int) -> None:
    seen = [volumes(SHAPES[spec(name).dims], seed) for seed in range(4)]
    plain, cut = segmenter(name, depth), segmenter(name, depth)
    split = split_at_frontier(cut, seen[0])
    values = [split.frontier(batch) for batch in seen]

    def batches(inputs: list[tuple[Tensor, ...]]) -> Callable[[int], Iterator[Batch]]:
        return lambda epoch: iter([Batch(inputs=inputs[epoch % 4], targets=(seen[epoch % 4][:, 0] > 0.5).long())])

    plan = Plan(rate=1e-2, epochs=20)
    expected = fit(plain, batches([(batch,) for batch in seen]), plan, key=(7,)).train_loss
    got = fit(cut, batches(values), plan, key=(7,), forward=split.suffix).train_loss
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4)
    assert expected[0] - expected[-1] > 5e-3


def volumes(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def segmenter(name: str, depth: int) -> Segmenter:
    model = build_segmenter(name, n_classes=2)
    freeze(model, depth)
    return out_of_place(model).train()  # type: ignore[return-value]  # it gives the model it was given
