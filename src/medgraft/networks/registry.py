"""The networks that are checked against their papers, as a table, and `spec`, which knows all of timm besides."""

import importlib
from collections.abc import Iterable

from medgraft.core.contract import InputContract
from medgraft.core.errors import InputError
from medgraft.networks.mask_networks import MASK_NETWORKS
from medgraft.networks.spec import Answers, NetworkSpec, Stage

_HERE = "medgraft.networks"
_KERAS = "Keras Applications, keras.io/api/applications"
_TORCHVISION = "torchvision, IMAGENET1K_V1"
_HO_KIM = (
    "Raghu et al. 2019, arXiv 1902.07208; widths, pooling, padding: Ho and Kim 2021, doi 10.1038/s41598-021-81525-9"
)


def _half(size: int) -> InputContract:
    """`x / 127.5 - 1` on 0..255."""
    return InputContract(size=size, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def _each(modules: str) -> tuple[Stage, ...]:
    """One stage for each module in a list separated by blanks, named as the module."""
    return tuple(Stage(name=module, modules=(module,)) for module in modules.split())


def _numbered(pattern: str, numbers: Iterable[int]) -> tuple[Stage, ...]:
    return _each(" ".join(pattern.format(number) for number in numbers))


def _stage(name: str, modules: str) -> tuple[Stage, ...]:
    return (Stage(name=name, modules=tuple(modules.split())),)


def _resnet_stages(blocks: tuple[int, ...], stem: str = "conv1 bn1") -> tuple[Stage, ...]:
    body = (f"layer{level}.{block}" for level, n_blocks in enumerate(blocks, 1) for block in range(n_blocks))
    return _stage("stem", stem) + _each(" ".join(body))


def _mobilenet_blocks(blocks: tuple[int, ...]) -> tuple[Stage, ...]:
    return _each(" ".join(f"blocks.{level}.{block}" for level, n in enumerate(blocks) for block in range(n)))


_VGG_BLOCKS = (range(5), range(5, 10), range(10, 17), range(17, 24), range(24, 31))
_NASNET_CELLS = "stem_1 stem_2 0 1 2 3 reduce_4 5 6 7 8 reduce_8 9 10 11 12"

_NETWORKS = (
    NetworkSpec(
        name="mobilenetv1_025",
        title="MobileNet V1, width 0.25",
        builder=f"{_HERE}.mobilenet_v1:MobileNetV1",
        arguments={"width": 0.25},
        size=224,
        features=256,
        stages=_stage("stem", "conv_stem bn1") + _mobilenet_blocks((1, 2, 2, 6, 2)),
        feature_map="blocks",
        reference="Howard et al. 2017, arXiv 1704.04861",
        parameters=0.5,
        top1=50.6,
        facts="Howard et al. 2017, Table 6",
        contract=_half(224),
        licence="as Keras Applications (Apache-2.0)",
        keras_file="mobilenet_2_5_224_tf_no_top.h5",
    ),
    NetworkSpec(
        name="mobilenetv2_035",
        title="MobileNet V2, width 0.35",
        builder="timm:mobilenetv2_035",
        arguments={"pad_type": "same", "bn_eps": 1e-3},
        size=224,
        features=1280,
        stages=_stage("stem", "conv_stem bn1")
        + _mobilenet_blocks((1, 2, 3, 4, 3, 3))
        + _stage("blocks.6.0+head", "blocks.6.0 conv_head bn2"),
        feature_map="bn2",
        reference="Sandler et al. 2018, arXiv 1801.04381",
        parameters=1.66,
        top1=60.3,
        facts="TensorFlow-Slim, MobileNet V2 model card (the source of Keras Applications)",
        contract=_half(224),
        licence="as Keras Applications (Apache-2.0)",
        keras_file="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5",
    ),
    NetworkSpec(
        name="vgg16",
        title="VGG16",
        builder=f"{_HERE}.timm_networks:vgg",
        arguments={"name": "vgg16"},
        size=224,
        features=512,
        stages=tuple(
            Stage(name=f"block{number}", modules=tuple(f"features.{index}" for index in block))
            for number, block in enumerate(_VGG_BLOCKS, 1)
        ),
        feature_map="features",
        reference="Simonyan and Zisserman 2014, arXiv 1409.1556",
        parameters=138.4,
        top1=71.3,
        facts=_KERAS,
        contract=InputContract(size=224),
        licence="BSD-3-Clause",
        weights="vgg16.tv_in1k",
    ),
    NetworkSpec(
        name="inceptionv3",
        title="Inception V3",
        builder="timm:inception_v3",
        size=299,
        min_size=75,
        features=2048,
        stages=_stage("stem", "Conv2d_1a_3x3 Conv2d_2a_3x3 Conv2d_2b_3x3 Conv2d_3b_1x1 Conv2d_4a_3x3")
        + _each("Mixed_5b Mixed_5c Mixed_5d Mixed_6a Mixed_6b Mixed_6c Mixed_6d Mixed_6e Mixed_7a Mixed_7b Mixed_7c"),
        feature_map="Mixed_7c",
        reference="Szegedy et al. 2015, arXiv 1512.00567",
        parameters=23.9,
        top1=77.9,
        facts=_KERAS,
        contract=_half(299),
        licence="Apache-2.0",
        weights="inception_v3.tf_in1k",
    ),
    NetworkSpec(
        name="resnet50v2",
        title="ResNet50 V2",
        # The only ResNetV2-50 with batch norm that timm has weights for; it strides in the first block of a
        # resolution where Keras strides in the last.
        builder="timm:resnetv2_50",
        size=224,
        features=2048,
        stages=_stage("stem", "stem")
        + _each(" ".join(f"stages.{level}.blocks.{b}" for level, n in enumerate((3, 4, 6, 2)) for b in range(n)))
        + _stage("stages.3.blocks.2+norm", "stages.3.blocks.2 norm"),
        feature_map="norm",
        reference="He et al. 2016, arXiv 1603.05027",
        parameters=25.6,
        top1=76.0,
        facts=_KERAS,
        contract=_half(224),
        licence="Apache-2.0",
        weights="resnetv2_50.a1h_in1k",
    ),
    NetworkSpec(
        name="inceptionresnetv2",
        title="Inception-ResNet V2",
        builder="timm:inception_resnet_v2",
        size=299,
        min_size=75,
        features=1536,
        stages=_stage("stem", "conv2d_1a conv2d_2a conv2d_2b conv2d_3b conv2d_4a")
        + _each("mixed_5b")
        + _numbered("repeat.{}", range(10))
        + _each("mixed_6a")
        + _numbered("repeat_1.{}", range(20))
        + _each("mixed_7a")
        + _numbered("repeat_2.{}", range(9))
        + _stage("block8+conv2d_7b", "block8 conv2d_7b"),
        feature_map="conv2d_7b",
        reference="Szegedy et al. 2016, arXiv 1602.07261",
        parameters=55.9,
        top1=80.3,
        facts=_KERAS,
        contract=_half(299),
        licence="Apache-2.0",
        weights="inception_resnet_v2.tf_in1k",
    ),
    NetworkSpec(
        name="densenet121",
        title="DenseNet121",
        builder="timm:densenet121",
        size=224,
        features=1024,
        stages=_stage("stem", "features.conv0 features.norm0")
        + _stage("denseblock1", "features.denseblock1 features.transition1")
        + _stage("denseblock2", "features.denseblock2 features.transition2")
        + _stage("denseblock3", "features.denseblock3 features.transition3")
        + _stage("denseblock4+norm", "features.denseblock4 features.norm5"),
        feature_map="features",
        reference="Huang et al. 2016, arXiv 1608.06993",
        parameters=8.1,
        top1=75.0,
        facts=_KERAS,
        contract=InputContract(size=224),
        licence="Apache-2.0",
        weights="densenet121.tv_in1k",
    ),
    NetworkSpec(
        name="nasnetmobile",
        title="NASNet Mobile (4 @ 1056)",
        builder=f"{_HERE}.nasnet:NASNet",
        size=224,
        features=1056,
        stages=_stage("stem", "conv0 bn0")
        + tuple(Stage(name=cell, modules=(f"cells.{cell}",)) for cell in _NASNET_CELLS.split()),
        feature_map="act",
        reference="Zoph et al. 2018, arXiv 1707.07012",
        parameters=5.3,
        top1=74.4,
        facts=_KERAS,
        contract=_half(224),
        licence="as Keras Applications (Apache-2.0)",
        keras_file="nasnet_mobile_no_top.h5",
    ),
    NetworkSpec(
        name="xception",
        title="Xception",
        builder="timm:legacy_xception",
        size=299,
        min_size=71,
        features=2048,
        stages=_stage("stem", "conv1 bn1 conv2 bn2")
        + _numbered("block{}", range(1, 13))
        + _stage("block14", "conv3 bn3 conv4 bn4"),
        feature_map="act4",
        reference="Chollet 2016, arXiv 1610.02357",
        parameters=22.9,
        top1=79.0,
        facts=_KERAS,
        contract=_half(299),
        licence="Apache-2.0",
        weights="legacy_xception.tf_in1k",
    ),
    *(
        NetworkSpec(
            name=name,
            title=title,
            builder=f"{_HERE}.cbr:CBR",
            arguments={"widths": widths, "kernel": kernel},
            size=224,
            min_size=min_size,
            features=widths[-1],
            stages=_numbered("blocks.{}", range(len(widths))),
            feature_map="blocks",
            reference=_HO_KIM,
            contract=_half(224),
        )
        for name, title, kernel, min_size, widths in (
            ("cbr_larget", "CBR-LargeT", 7, 218, (32, 64, 128, 256, 512)),
            ("cbr_small", "CBR-Small", 7, 106, (32, 64, 128, 256)),
            ("cbr_tiny", "CBR-Tiny", 5, 76, (64, 128, 256, 512)),
        )
    ),
    *(
        NetworkSpec(
            name=name,
            title=title,
            builder=f"timm:{name}",
            size=224,
            features=features,
            stages=_resnet_stages(blocks),
            feature_map="layer4",
            reference="He et al. 2015, arXiv 1512.03385",
            parameters=parameters,
            top1=top1,
            facts=_TORCHVISION,
            contract=InputContract(size=224),
            licence="BSD-3-Clause",
            weights=f"{name}.tv_in1k",
        )
        for name, title, blocks, features, parameters, top1 in (
            ("resnet18", "ResNet-18", (2, 2, 2, 2), 512, 11.7, 69.8),
            ("resnet34", "ResNet-34", (3, 4, 6, 3), 512, 21.8, 73.3),
            ("resnet50", "ResNet-50", (3, 4, 6, 3), 2048, 25.6, 76.1),
        )
    ),
)

#: The listed networks by name, in the papers' order; those that answer with masks come last.
NETWORKS: dict[str, NetworkSpec] = {network.name: network for network in (*_NETWORKS, *MASK_NETWORKS)}


def spec(name: str) -> NetworkSpec:
    """The description of a listed network, or of any timm network by its timm name (with or without "timm:").

    Raises `InputError` with the nearest names for an unknown one. Only a name that is not listed loads timm.

    >>> spec("densenet121").features
    1024
    """
    if name in NETWORKS:
        return NETWORKS[name]
    found: NetworkSpec = importlib.import_module(f"{_HERE}.timm_networks").spec_of(name.removeprefix("timm:"))
    return found


def described(network: str | NetworkSpec, answers: Answers) -> NetworkSpec:
    """The description of a network that answers as wanted. Raises `InputError` for another one."""
    found = spec(network) if isinstance(network, str) else network
    if found.answers != answers:
        names = (name for name, other in NETWORKS.items() if other.answers == answers)
        raise InputError(
            f"Expected a network that answers with {answers}, got {found.name}. Available: {', '.join(names)}."
        )
    return found
