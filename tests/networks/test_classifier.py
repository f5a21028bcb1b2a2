import pytest
import torch

from medgraft.core.errors import InputError
from medgraft.networks import spec
from medgraft.networks.classifier import KeyedDropout, build

QUICK = ("resnet10t", "timm:mobilenetv3_small_050", "vit_tiny_patch16_224")


def test_equal_keys_give_equal_weights_and_the_global_state_is_left_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, second, other = (build("cbr_small", n_classes=3, key=key) for key in ((7, "fold", 1), (7, "fold", 1), 8))
    assert torch.equal(torch.get_rng_state(), before)
    for (name, value), same, different in zip(
        first.state_dict().items(), second.state_dict().values(), other.state_dict().values(), strict=True
    ):
        assert torch.equal(value, same), name
        if name.endswith("0.weight"):
            assert not torch.equal(value, different), name


def test_the_head_starts_as_keras_starts_it() -> None:
    head = build("cbr_small", n_classes=3).head
    for layer in (head.hidden, head.scores):
        limit = (6 / (layer.in_features + layer.out_features)) ** 0.5  # Glorot uniform
        assert 0.9 * limit < layer.weight.abs().max() <= limit
        assert not layer.bias.any()
    assert head.hidden.out_features == 256


def test_keyed_dropout_is_a_function_of_its_generator() -> None:
    dropout, x = KeyedDropout(0.5), torch.ones(64, 64)
    dropout.generator = torch.Generator().manual_seed(5)
    first = dropout(x)
    torch.rand(10)  # the global state has no say
    dropout.generator = torch.Generator().manual_seed(5)
    assert torch.equal(dropout(x), first)
    assert not torch.equal(dropout(x), first)
    assert set(first.unique().tolist()) == {0.0, 2.0}
    assert first.mean().item() == pytest.approx(1, abs=0.06)
    assert torch.equal(dropout.eval()(x), x)


@pytest.mark.parametrize("p", [-0.1, 1.0])
def test_a_dropout_that_is_no_share_is_refused(p: float) -> None:
    with pytest.raises(InputError, match="Expected a dropout"):
        KeyedDropout(p)


@pytest.mark.parametrize("name", ["mobilenetv1_025", "cbr_small", "nasnetmobile"])
def test_random_networks_answer_in_a_usable_range_with_frozen_norm(name: str) -> None:
    model = build(name, n_classes=3).eval()
    x = torch.randn(2, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    assert 1e-2 < model.features(x).abs().mean() < 1e3


def test_an_unknown_network_is_refused_with_near_names() -> None:
    with pytest.raises(InputError, match=r"got 'densenet12'\. Near: densenet121"):
        build("densenet12", n_classes=3)


def test_no_classes_are_refused() -> None:
    with pytest.raises(InputError, match="at least one class"):
        build("cbr_small", n_classes=0)


@pytest.mark.parametrize("name", [*QUICK, pytest.param("vgg11_bn", marks=pytest.mark.slow)])
def test_any_timm_network_works_by_name(name: str) -> None:
    network = spec(name)
    model = build(network, n_classes=2).eval()
    with torch.no_grad():
        assert model(torch.zeros(1, 3, network.size, network.size)).shape == (1, 2)
    for entry in model.base.state_dict():
        assert model.spec.stage_of(entry) is not None, entry
    modules = [module for stage in network.stages for module in stage.modules]
    assert len(modules) == len(set(modules))
    assert len(network.stages) > 2
    assert network.weights.startswith(name.removeprefix("timm:"))
    assert network.licence


def test_a_timm_network_without_stages_is_refused() -> None:
    with pytest.raises(InputError, match="stages timm knows, got poolformer_s12"):
        spec("timm:poolformer_s12")


def test_maps_of_single_attention_heads_are_no_feature_map() -> None:
    """They lie where images do: of the last block's attention, (heads, C, H, W) for one image."""
    assert spec("timm:mvitv2_tiny").feature_map == "stages.3.blocks.0.shortcut_pool_attn"


def test_a_tag_names_the_weights_of_a_timm_network() -> None:
    assert spec("resnet18.a2_in1k").weights == "resnet18.a2_in1k"
    assert spec("inception_v3.tf_in1k").contract.mean == (0.5, 0.5, 0.5)
    with pytest.raises(InputError, match="nonsense"):
        spec("resnet18.nonsense")


def test_a_transformer_has_no_feature_map() -> None:
    assert build("vit_tiny_patch16_224", n_classes=2).feature_map_module == ""
    assert build("resnet10t", n_classes=2).feature_map_module == "base.layer4"
