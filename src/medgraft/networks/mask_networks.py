"""The networks that answer with masks, as a table."""

from medgraft.core.contract import InputContract
from medgraft.networks.spec import NetworkSpec, Stage

_HERE = "medgraft.networks"
_MYRONENKO = "Myronenko 2018, arXiv 1810.11654; MONAI's SegResNet"
_KERFOOT = "Kerfoot et al. 2018, doi 10.1007/978-3-030-12029-0_40; MONAI's UNet"


def _stages(modules: dict[str, str]) -> tuple[Stage, ...]:
    """From names of stages to lists of modules separated by blanks."""
    return tuple(Stage(name=name, modules=tuple(names.split())) for name, names in modules.items())


def _as_it_is(size: int) -> InputContract:
    """One channel in 0..1."""
    return InputContract(size=size, channels=1, mean=(0.0,), std=(1.0,))


#: MONAI nests one level in the next.
_UNET_STAGES = _stages(
    {
        "down0": "unet.model.0",
        "down1": "unet.model.1.submodule.0",
        "down2": "unet.model.1.submodule.1.submodule.0",
        "bottom": "unet.model.1.submodule.1.submodule.1.submodule",
        "up2": "unet.model.1.submodule.1.submodule.2",
        "up1": "unet.model.1.submodule.2",
        "up0": "unet.model.2 norm act",
    }
)


def _unet(dims: int, size: int) -> NetworkSpec:
    """MONAI's U-Net in 2D or 3D, designed for images of `size` voxels a side."""
    return NetworkSpec(
        name=f"unet{dims}d",
        title=f"U-Net in {dims}D, 16-32-64-128 channels",
        builder=f"{_HERE}.monai_networks:unet",
        arguments={"dims": dims, "channels": (16, 32, 64, 128), "features": 8},
        dims=dims,
        answers="masks",
        size=size,
        min_size=1,
        multiple=8,
        features=8,
        stages=_UNET_STAGES,
        feature_map="",
        reference=_KERFOOT,
        contract=_as_it_is(size),
    )


MASK_NETWORKS = (
    _unet(dims=2, size=128),
    _unet(dims=3, size=96),
    NetworkSpec(
        name="segresnet3d",
        title="SegResNet in 3D, 8-16-32-64 channels",
        builder=f"{_HERE}.monai_networks:segresnet",
        arguments={"dims": 3, "filters": 8},
        dims=3,
        answers="masks",
        size=96,
        min_size=1,
        multiple=8,
        features=8,
        stages=_stages(
            {
                "down0": "convInit down_layers.0",
                "down1": "down_layers.1",
                "down2": "down_layers.2",
                "down3": "down_layers.3",
                "up2": "up_samples.0 up_layers.0",
                "up1": "up_samples.1 up_layers.1",
                "up0": "up_samples.2 up_layers.2 conv_final",
            }
        ),
        feature_map="",
        reference=_MYRONENKO,
        contract=_as_it_is(96),
    ),
    NetworkSpec(
        name="segnet4d",
        title="4D network of Myronenko, 8-16-32 channels",
        builder=f"{_HERE}.segnet4d:SegNet4D",
        dims=4,
        answers="masks",
        size=96,
        min_size=1,
        multiple=4,
        features=8,
        stages=_stages(
            {
                "down0": "encoder.0",
                "down1": "encoder.1",
                "down2": "encoder.2",
                "up1": "decoder.0",
                "up0": "decoder.1 end",
            }
        ),
        feature_map="",
        reference="Myronenko et al. 2019, arXiv 1906.07295",
        contract=_as_it_is(96),
    ),
)
