"""Which module each Keras layer became, per network."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from medgraft.networks.registry import NETWORKS


class LayerName(NamedTuple):
    """A module of the base and the kind of the Keras layer: "conv", "depthwise", "separable" or "norm"."""

    module: str
    kind: str


_Rows = Iterator[tuple[str, LayerName]]


def _mobilenet_v1() -> _Rows:
    yield "conv1", LayerName("conv_stem", "conv")
    yield "conv1_bn", LayerName("bn1", "norm")
    for number, block in enumerate(_blocks("mobilenetv1_025"), 1):
        yield f"conv_dw_{number}", LayerName(f"{block}.conv_dw", "depthwise")
        yield f"conv_dw_{number}_bn", LayerName(f"{block}.bn1", "norm")
        yield f"conv_pw_{number}", LayerName(f"{block}.conv_pw", "conv")
        yield f"conv_pw_{number}_bn", LayerName(f"{block}.bn2", "norm")


def _mobilenet_v2() -> _Rows:
    yield "Conv1", LayerName("conv_stem", "conv")
    yield "bn_Conv1", LayerName("bn1", "norm")
    first, *others = _blocks("mobilenetv2_035")
    yield from _steps("expanded_conv", first, {"depthwise": "conv_dw", "project": "conv_pw"})
    for number, block in enumerate(others, 1):
        yield from _steps(
            f"block_{number}", block, {"expand": "conv_pw", "depthwise": "conv_dw", "project": "conv_pwl"}
        )
    yield "Conv_1", LayerName("conv_head", "conv")
    yield "Conv_1_bn", LayerName("bn2", "norm")


def _steps(layer: str, block: str, steps: Mapping[str, str]) -> _Rows:
    for number, (step, module) in enumerate(steps.items(), 1):
        yield f"{layer}_{step}", LayerName(f"{block}.{module}", "depthwise" if step == "depthwise" else "conv")
        yield f"{layer}_{step}_BN", LayerName(f"{block}.bn{number}", "norm")


def _nasnet_mobile() -> _Rows:
    yield "stem_conv1", LayerName("conv0", "conv")
    yield "stem_bn1", LayerName("bn0", "norm")
    for cell in (stage.name for stage in NETWORKS["nasnetmobile"].stages[1:]):
        kind = "reduction" if cell.startswith(("stem", "reduce")) else "normal"
        yield f"{kind}_conv_1_{cell}", LayerName(f"cells.{cell}.squeeze.conv", "conv")
        yield f"{kind}_bn_1_{cell}", LayerName(f"cells.{cell}.squeeze.bn", "norm")
        yield f"adjust_conv_projection_{cell}", LayerName(f"cells.{cell}.adjust.conv", "conv")
        yield f"adjust_conv_1_{cell}", LayerName(f"cells.{cell}.adjust.conv1", "conv")
        yield f"adjust_conv_2_{cell}", LayerName(f"cells.{cell}.adjust.conv2", "conv")
        yield f"adjust_bn_{cell}", LayerName(f"cells.{cell}.adjust.bn", "norm")
        for branch in ("left1", "right1", "left2", "right2", "right3", "left4", "left5"):
            for turn in (1, 2):
                keras, module = f"{kind}_{branch}_{cell}", f"cells.{cell}.{branch}"
                yield f"separable_conv_{turn}_{keras}", LayerName(f"{module}.conv{turn}", "separable")
                yield f"separable_conv_{turn}_bn_{keras}", LayerName(f"{module}.bn{turn}", "norm")


def _blocks(network: str) -> list[str]:
    """The blocks of a MobileNet, from input to output."""
    modules = (name for stage in NETWORKS[network].stages for name in stage.modules)
    return [name for name in modules if name.startswith("blocks.")]


#: Keras layer to module for every network whose Keras file can be read. Rows for layers a cell lacks do no harm.
KERAS_LAYERS: dict[str, dict[str, LayerName]] = {
    "mobilenetv1_025": dict(_mobilenet_v1()),
    "mobilenetv2_035": dict(_mobilenet_v2()),
    "nasnetmobile": dict(_nasnet_mobile()),
}
