"""Builders of MONAI's networks, without their last convolution, which is the head."""

from collections import OrderedDict

from monai.networks.nets.segresnet import SegResNet
from monai.networks.nets.unet import UNet
from torch import nn

_GROUPS = 8


def segresnet(in_chans: int, *, dims: int, filters: int) -> nn.Module:
    """Images (N, in_chans, ...) to features (N, filters, ...); sides divisible by 8.

    Myronenko 2018 (arXiv 1810.11654) as MONAI has it: 1, 2, 2 and 4 residual blocks with group norm on the way down,
    `filters` channels doubled at each step of stride 2, one block and linear upsampling on the way up, no autoencoder.
    """
    network = SegResNet(spatial_dims=dims, init_filters=filters, in_channels=in_chans, out_channels=filters)
    network.conv_final[-1] = nn.Identity()
    return network


def unet(in_chans: int, *, dims: int, channels: tuple[int, ...], features: int) -> nn.Module:
    """Images (N, in_chans, ...) to features (N, features, ...); sides divisible by 2 ** (len(channels) - 1).

    Kerfoot et al. 2018, as MONAI has it: residual units of two convolutions, the first with stride 2, so that only the
    last step up works at full size; PReLU; transposed convolutions. With group norm instead of instance norm, which
    one voxel at the bottom is too few for, and a norm and PReLU before the head.
    """
    network = UNet(
        spatial_dims=dims,
        in_channels=in_chans,
        out_channels=features,
        channels=channels,
        strides=[2] * (len(channels) - 1),
        num_res_units=2,
        norm=("group", {"num_groups": _GROUPS}),
    )
    return nn.Sequential(OrderedDict(unet=network, norm=nn.GroupNorm(_GROUPS, features), act=nn.PReLU()))
