"""Folding: a frozen graph with fewer passes over memory, and the same numbers to rounding.

A padding, a convolution and the norm behind it, in evaluation mode, are one convolution with other weights; the same
activation of the same value is done once; an activation of a value that nothing else reads overwrites it. Weights are
folded in double precision, so that they, and the digest of what follows from them, do not depend on the machine.
"""

import copy
import operator
from typing import TypeGuard

import torch
from timm.layers.conv2d_same import Conv2dSame
from timm.layers.norm_act import BatchNormAct2d
from torch import fx, nn
from torch.fx.node import Argument
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from medgraft.networks.mobilenet_v1 import StemConv
from medgraft.transfer.affine import Affine
from medgraft.transfer.padded import PaddedConv2d, same_pads

#: Convolutions that pad as TensorFlow's "same".
_SAME = (Conv2dSame, StemConv)
#: Layers that use their stored weights (out, ...) as they are; other kinds of convolution change them on the way.
_LINEAR = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear, *_SAME)
#: What norms do in evaluation mode; one that does something else is left alone.
_NORMS = (_BatchNorm.forward, BatchNormAct2d.forward)
#: Functions that give a tensor of its own, never a view of another.
_FRESH = (operator.add, torch.add, torch.cat)
#: How a trace says that `functional.pad` pads with zeros.
_WITH_ZEROS = {"mode": "constant", "value": None}
#: Activations that can overwrite what they read.
_ACTIVATIONS = (
    *(functional.relu, functional.relu6, functional.leaky_relu, functional.elu, functional.silu),
    *(functional.hardswish, functional.hardsigmoid, functional.mish),
)


def fold(prefix: fx.GraphModule) -> fx.GraphModule:
    """The same function of the images in fewer steps.

    Args:
        prefix: frozen, in evaluation mode. It and its modules stay as they are.

    Returns:
        A graph over the prefix's modules, with copies in place of those that changed.
    """
    folding = _Folding(fx.GraphModule(prefix, copy.deepcopy(prefix.graph)))
    for step in (folding.skip, folding.join_norm, folding.join_padding, folding.share, folding.overwrite):
        for node in folding.graph.nodes:
            step(node)
    return fx.GraphModule(folding.root, folding.graph)


class _Folding:
    """A graph and its modules while they change; every step looks at one node."""

    def __init__(self, root: fx.GraphModule) -> None:
        self.root = root
        self.graph = root.graph

    def skip(self, node: fx.Node) -> None:
        """Leave out what does nothing."""
        if isinstance(self._module(node), nn.Identity):
            self._remove(node, node.all_input_nodes[0])

    def join_norm(self, node: fx.Node) -> None:
        """Make a norm part of the layer before it, else a multiplication and an addition; its activation stays."""
        norm = self._module(node)
        if not isinstance(norm, _BatchNorm) or type(norm).forward not in _NORMS or norm.running_mean is None:
            return
        source = node.all_input_nodes[0]
        layer = self._module(source)
        rest = [_in_place(module) for module in norm.children() if not isinstance(module, nn.Identity)]
        if not _is_linear(layer) or len(source.users) > 1:
            self._put(node, nn.Sequential(Affine.of(norm).to(norm.running_mean.dtype), *rest))
            return
        self._put(source, _joined(layer, Affine.of(norm)))
        if rest:
            self._put(node, nn.Sequential(*rest))
        else:
            self._remove(node, source)

    def join_padding(self, node: fx.Node) -> None:
        """Make zeros around a picture part of the convolution behind them."""
        conv = self._module(node)
        if not _is_linear(conv) or not isinstance(conv, nn.Conv2d) or (conv.padding, conv.dilation) != ((0, 0), (1, 1)):
            return
        source = node.all_input_nodes[0]
        padding = self._same(source, node, conv) if isinstance(conv, _SAME) else self._zeros(source)
        if padding:
            self._put(node, PaddedConv2d.of(conv))
            node.args = padding
            if not source.users:
                self.graph.erase_node(source)

    def share(self, node: fx.Node) -> None:
        """Do the same activation of the same value once."""
        if node.target in _ACTIVATIONS:
            call = (node.target, node.args, node.kwargs)
            for other in list(node.all_input_nodes[0].users):
                if other is not node and (other.target, other.args, other.kwargs) == call:
                    self._remove(other, node)

    def overwrite(self, node: fx.Node) -> None:
        """Let an activation overwrite a value that nothing else reads."""
        module = self._module(node)
        reads_fresh = len(node.all_input_nodes) == 1 and self._is_fresh(node.all_input_nodes[0])
        if node.target in _ACTIVATIONS and reads_fresh:
            node.kwargs = {**node.kwargs, "inplace": True}
        elif module is not None and hasattr(module, "inplace") and reads_fresh:
            self._put(node, _in_place(module))

    def _module(self, node: fx.Node) -> nn.Module | None:
        return self.root.get_submodule(str(node.target)) if node.op == "call_module" else None

    def _put(self, node: fx.Node, module: nn.Module) -> None:
        """Let a node call another module, under a name of its own: others may call the same module elsewhere."""
        node.target = f"folded_{node.name}"
        self.root.add_submodule(node.target, module)

    def _remove(self, node: fx.Node, instead: fx.Node) -> None:
        node.replace_all_uses_with(instead)
        self.graph.erase_node(node)

    def _is_fresh(self, node: fx.Node) -> bool:
        """Whether a value may be overwritten by the one that reads it."""
        module = self._module(node)
        of_norm = isinstance(module, nn.Sequential) and len(module) > 0
        is_new = node.target in _FRESH or isinstance(module, _LINEAR) or of_norm
        return is_new and len(node.users) == 1

    def _same(self, images: fx.Node, node: fx.Node, conv: nn.Conv2d) -> tuple[Argument, ...]:
        with self.graph.inserting_before(node):
            return images, self.graph.call_function(same_pads, (images, conv.kernel_size, conv.stride))

    def _zeros(self, source: fx.Node) -> tuple[Argument, ...] | None:
        """What a padding reads and its four numbers; None for anything else."""
        module = self._module(source)
        if isinstance(module, nn.ZeroPad2d) and len(source.users) == 1:
            return source.args[0], module.padding
        if source.target is functional.pad and source.kwargs == _WITH_ZEROS and len(source.users) == 1:
            pads = source.args[1]
            return source.args if isinstance(pads, tuple) and len(pads) == 4 else None
        return None


def _is_linear(module: nn.Module | None) -> TypeGuard[nn.Conv2d | nn.Linear]:
    return type(module) in _LINEAR


def _joined(layer: nn.Conv2d | nn.Linear, affine: Affine) -> nn.Module:
    """A copy of the layer that also scales and shifts what it gives."""
    joined, weight = copy.deepcopy(layer), layer.weight.detach()
    bias = 0 if layer.bias is None else layer.bias.detach().double()
    scaled = weight.double() * affine.scale.view(-1, *[1] * (weight.ndim - 1))
    joined.weight = nn.Parameter(scaled.to(weight), requires_grad=False)
    joined.bias = nn.Parameter((bias * affine.scale + affine.shift).to(weight), requires_grad=False)
    return joined


def _in_place(module: nn.Module) -> nn.Module:
    changed = copy.deepcopy(module)
    for part in changed.modules():
        if hasattr(part, "inplace"):
            part.inplace = True  # type: ignore[assignment]  # a plain flag of torch's activations
    return changed
