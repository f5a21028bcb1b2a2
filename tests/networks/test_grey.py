import pytest
import torch

from medgraft.core.contract import InputContract
from medgraft.core.errors import InputError
from medgraft.networks import NETWORKS
from medgraft.networks.classifier import build
from medgraft.networks.grey import sum_stem

LIGHT = ("mobilenetv1_025", "mobilenetv2_035", "resnet18", "cbr_small")
CLASSIFIERS = [name for name, network in NETWORKS.items() if network.answers == "classes"]
NAMES = [pytest.param(name, marks=() if name in LIGHT else pytest.mark.slow) for name in CLASSIFIERS]
IMAGENET, HALF = InputContract(size=224), InputContract(size=224, mean=(0.5,) * 3, std=(0.5,) * 3)


@pytest.mark.parametrize("contract", [IMAGENET, HALF], ids=["by channel", "uniform"])
@pytest.mark.parametrize("name", NAMES)
def test_the_summed_stem_equals_three_copies_of_grey(name: str, contract: InputContract) -> None:
    model = build(name, n_classes=3).eval()
    size = max(97, model.spec.min_size)
    grey = torch.rand(2, 1, size, size, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        expected = model.features(normalised(grey.expand(-1, 3, -1, -1), contract))
        got = model.features(normalised(grey, sum_stem(model, contract)))
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))


def test_it_becomes_a_network_of_one_channel_where_colours_are_scaled_alike() -> None:
    model = build("resnet18", n_classes=3)
    grey = sum_stem(model, HALF)
    assert (grey.channels, grey.mean, grey.std) == (1, (0.5,), (0.5,))
    one = build("resnet18", n_classes=3, channels=1)
    one.load_state_dict(model.state_dict())
    x = torch.rand(1, 1, 64, 64)
    assert torch.equal(one.eval()(x), model.eval()(x))


@pytest.mark.parametrize("contract", [IMAGENET, HALF], ids=["by channel", "uniform"])
def test_a_model_that_scales_by_itself_scales_one_channel_then(contract: InputContract) -> None:
    model = build("cbr_small", n_classes=3, contract=contract).eval()
    grey = torch.rand(2, 1, 128, 128, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        expected = model(grey)
        sum_stem(model, contract)
        torch.testing.assert_close(model(grey), expected)


def test_a_network_of_one_channel_has_nothing_to_sum() -> None:
    with pytest.raises(InputError, match="three channels"):
        sum_stem(build("cbr_small", n_classes=3, channels=1), HALF)


@pytest.mark.parametrize("contract", [IMAGENET, HALF], ids=["by channel", "uniform"])
def test_a_stem_that_standardises_its_weights_is_not_summed(contract: InputContract) -> None:
    model = build("timm:resnetv2_50x1_bit", n_classes=3)
    with pytest.raises(InputError, match=r"plain convolution .* got resnetv2_50x1_bit"):
        sum_stem(model, contract)


def normalised(x: torch.Tensor, contract: InputContract) -> torch.Tensor:
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (contract.mean, contract.std))
    return (x - mean) / std
