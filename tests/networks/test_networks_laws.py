"""Laws of every listed network, most of them of those that answer with classes; a new one is tested by being listed."""

import subprocess
import sys

import pytest
import torch
from torch import fx
from torch.nn.modules.batchnorm import _BatchNorm

from medgraft.core.errors import InputError
from medgraft.networks import NETWORKS, spec
from medgraft.networks.classifier import build, out_of_place
from medgraft.networks.freezing import freeze
from medgraft.networks.model import build_base
from medgraft.networks.spec import within

#: Built and run in the quick suite; the others take seconds each.
LIGHT = ("mobilenetv1_025", "mobilenetv2_035", "cbr_small", "resnet18")
CLASSIFIERS = [name for name, network in NETWORKS.items() if network.answers == "classes"]
NAMES = [pytest.param(name, marks=() if name in LIGHT else pytest.mark.slow) for name in CLASSIFIERS]
#: What depth 1 unfreezes, by the table of the paper (Ho and Kim 2021) in modules of the base.
LAST_BLOCKS = {
    "mobilenetv1_025": ["blocks.4.1"],
    "mobilenetv2_035": ["blocks.6.0", "conv_head", "bn2"],
    "vgg16": ["features.24", "features.26", "features.28"],
    "inceptionv3": ["Mixed_7c"],
    "resnet50v2": ["stages.3.blocks.2", "norm"],
    "inceptionresnetv2": ["block8", "conv2d_7b"],
    "densenet121": ["features.denseblock4", "features.norm5"],
    "nasnetmobile": ["cells.12"],
    "xception": ["conv3", "bn3", "conv4", "bn4"],
}


def images(name: str, n: int = 2) -> torch.Tensor:
    size = max(64, spec(name).min_size)
    return torch.rand(n, 3, size, size, generator=torch.Generator().manual_seed(1))


def outline(name: str) -> torch.nn.Module:
    """The base without memory for its weights."""
    with torch.device("meta"):
        return build_base(spec(name))


def test_the_fifteen_networks_of_the_papers_are_listed() -> None:
    nine = {"mobilenetv1_025", "mobilenetv2_035", *LAST_BLOCKS}
    others = {"cbr_larget", "cbr_small", "cbr_tiny", "resnet18", "resnet34", "resnet50"}
    assert set(CLASSIFIERS) == nine | others
    assert len(nine) == 9


def test_listing_loads_neither_torch_nor_timm_nor_monai() -> None:
    code = (
        "import sys, medgraft.networks as n; n.spec('vgg16'), n.spec('unet3d'); "
        "sys.exit(not {'torch', 'timm', 'monai'}.isdisjoint(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", [*NAMES, *(name for name in NETWORKS if name not in CLASSIFIERS)])
def test_every_parameter_and_buffer_belongs_to_exactly_one_stage(name: str) -> None:
    stages = spec(name).stages
    for entry in outline(name).state_dict():
        owners = [stage.name for stage in stages if any(within(entry, module) for module in stage.modules)]
        assert len(owners) == 1, f"{entry} is in {owners}"


@pytest.mark.parametrize("name", NAMES)
def test_the_base_gives_the_stated_features_and_feature_map(name: str) -> None:
    model, maps = build(name, n_classes=5).eval(), []
    model.get_submodule(model.feature_map_module).register_forward_hook(lambda _m, _i, out: maps.append(out.detach()))
    with torch.no_grad():
        features = model.features(images(name))
    assert features.shape == (2, model.spec.features)
    assert model.head(features).shape == (2, 5)
    torch.testing.assert_close(maps[0].mean(dim=(2, 3)), features)


@pytest.mark.parametrize("name", NAMES)
def test_the_least_size_is_enough(name: str) -> None:
    network = spec(name)
    base = build_base(network).eval()
    with torch.no_grad():
        assert base(torch.zeros(1, 3, network.min_size, network.min_size)).isfinite().all()
        if name.startswith("cbr"):
            with pytest.raises(RuntimeError, match="size"):
                base(torch.zeros(1, 3, network.min_size - 1, network.min_size - 1))


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_those_published(name: str) -> None:
    network = spec(name)
    if network.parameters is None:
        pytest.skip("no published number")
    n_base = sum(parameter.numel() for parameter in outline(name).parameters())
    # VGG's two hidden layers of 4,096 are counted by the publishers, and left out here as in the paper.
    dense = 512 * 49 * 4096 + 4096 * 4096 + 2 * 4096 if name == "vgg16" else 0
    last = 4096 if name == "vgg16" else network.features
    n_all = n_base + dense + (last + 1) * 1000
    assert n_all / 1e6 == pytest.approx(network.parameters, rel=0.025, abs=0.05)


@pytest.mark.parametrize(("name", "modules"), LAST_BLOCKS.items())
def test_depth_one_unfreezes_what_the_paper_says(name: str, modules: list[str]) -> None:
    network = spec(name)
    (trained,) = network.trainable_stages(1)
    names = [module for stage in network.stages if stage.name == trained for module in stage.modules]
    convolutions = [module for module in names if not (name == "vgg16" and int(module[9:]) not in (24, 26, 28))]
    assert convolutions == modules


@pytest.mark.parametrize("name", NETWORKS)
def test_depths_go_stage_by_stage_towards_the_input(name: str) -> None:
    network = spec(name)
    names = tuple(stage.name for stage in network.stages)
    assert network.trainable_stages(0) == ()
    for depth in range(len(names)):
        shallower, deeper = network.trainable_stages(depth), network.trainable_stages(depth + 1)
        assert deeper[1:] == shallower
    assert network.trainable_stages("all") == network.trainable_stages(len(names)) == names


@pytest.mark.parametrize("depth", [-1, 999, "most", 1.0])
def test_a_depth_that_does_not_exist_is_refused(depth: object) -> None:
    with pytest.raises(InputError, match="Expected a depth of 0 to 4"):
        spec("cbr_small").trainable_stages(depth)  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize("depth", [0, 1, 2, "all"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_frozen_does_not_move_in_a_training_step(name: str, depth: int | str) -> None:
    model = build(name, n_classes=3)
    trained = freeze(model, depth)
    model.eval()
    model.train()
    before = {entry: value.clone() for entry, value in model.base.state_dict().items()}
    step(model, images(name))
    moved = {entry for entry, value in model.base.state_dict().items() if not torch.equal(value, before[entry])}
    assert {model.spec.stage_of(entry) for entry in moved} == set(trained)
    without_gradient = {entry for entry, parameter in model.base.named_parameters() if parameter.grad is None}
    assert {model.spec.stage_of(entry) for entry in without_gradient}.isdisjoint(trained)
    statistics = {entry for entry in before if entry.endswith("running_mean")}
    assert moved & statistics == {entry for entry in statistics if model.spec.stage_of(entry) in trained}


def test_frozen_norm_keeps_statistics_and_weights_in_the_trained_stages() -> None:
    model = build("cbr_small", n_classes=3)
    freeze(model, "all", norm="frozen")
    before = {entry: value.clone() for entry, value in model.base.state_dict().items()}
    step(model.train(), images("cbr_small"))
    norms = [name for name, module in model.base.named_modules() if isinstance(module, _BatchNorm)]
    for entry, value in model.base.state_dict().items():
        in_norm = any(within(entry, norm) for norm in norms)
        assert torch.equal(value, before[entry]) == in_norm, entry


def test_freezing_again_with_another_depth_thaws() -> None:
    model = build("cbr_small", n_classes=3)
    freeze(model, 0)
    assert not any(parameter.requires_grad for parameter in model.base.parameters())
    freeze(model, "all")
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(module.training for module in model.train().base.blocks.modules())


def test_drop_path_in_frozen_blocks_does_nothing() -> None:
    network = spec("convnext_atto")
    model = build(network, n_classes=3)
    for module in model.base.modules():
        if hasattr(module, "drop_prob"):
            module.drop_prob = 0.9
    freeze(model, 0)
    model.train()
    torch.testing.assert_close(model.features(images("cbr_small")), model.eval().features(images("cbr_small")))


class LeafTracer(fx.Tracer):
    """Looks into everything but single layers, as the frozen frontier does."""

    def is_leaf_module(self, m: torch.nn.Module, module_qualified_name: str) -> bool:
        return not any(True for _ in m.children()) or isinstance(m, _BatchNorm)


@pytest.mark.parametrize("name", NAMES)
def test_the_base_can_be_traced(name: str) -> None:
    base = out_of_place(build_base(spec(name)).eval())
    traced = fx.GraphModule(base, LeafTracer().trace(base))
    with torch.no_grad():
        torch.testing.assert_close(traced(images(name)), base(images(name)), rtol=0, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_out_of_place_changes_no_answer_and_overwrites_nothing_between_stages(name: str) -> None:
    model, kept = build(name, n_classes=3).eval(), []
    with torch.no_grad():
        scores = model(images(name))
        out_of_place(model)
        for module in (module for stage in model.spec.stages for module in stage.modules):
            model.base.get_submodule(module).register_forward_hook(lambda _m, _i, out: kept.append((out, out.clone())))
        torch.testing.assert_close(model(images(name)), scores, rtol=0, atol=0)
    assert all(torch.equal(out, copy) for out, copy in kept)


def step(model: torch.nn.Module, x: torch.Tensor) -> None:
    optimiser = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    torch.nn.functional.cross_entropy(model(x), torch.tensor([0, 1])).backward()
    optimiser.step()
