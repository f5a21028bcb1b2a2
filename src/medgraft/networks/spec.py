"""NetworkSpec: everything there is to know about a network without building it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from medgraft.core.contract import InputContract
from medgraft.core.errors import InputError

#: How many stages are trained, counted from the output: 0 is the head alone, 1 the last stage, "all" every stage.
Depth = int | str

#: What a network gives for an image: one score per class, or one per class and voxel.
Answers = Literal["classes", "masks"]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Part of a network that is frozen or trained as a whole.

    modules: names of modules or parameters of the base; everything below a name belongs to it.
    """

    name: str
    modules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """One network, described once; freezing, the cache, loading and Grad-CAM read it from here.

    builder: "timm:NAME" or "package.module:function", called with `arguments` and `in_chans`.
    dims: axes of an image besides its channels: 2 (Y, X), 3 (Z, Y, X), 4 (T, Z, Y, X). answers: with what.
    size: pixels of a side that the network was designed for. min_size: the least it can compute. multiple: what the
    sides of the base's images must be a multiple of.
    features: values per image after average pooling, or per voxel where it answers with masks.
    stages: from input to output; every parameter of the base belongs to exactly one.
    feature_map: module of the base whose output is the last convolutional feature map (N, C, H, W); "" if none is.
    parameters: millions, classifier included. top1: ImageNet accuracy in percent. Both as published, None if not.
    facts: who published them. contract, licence: of the usual ImageNet weights.
    weights: those weights on timm's hub, "" where it has none. keras_file: official Keras file that fits, "" if none.
    """

    name: str
    title: str
    builder: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    dims: int = 2
    answers: Answers = "classes"
    size: int
    min_size: int = 32
    multiple: int = 1
    features: int
    stages: tuple[Stage, ...]
    feature_map: str
    reference: str
    parameters: float | None = None
    top1: float | None = None
    facts: str = ""
    contract: InputContract
    licence: str = ""
    weights: str = ""
    keras_file: str = ""

    def trainable_stages(self, depth: Depth) -> tuple[str, ...]:
        """Names of the stages that are trained at a depth, in the network's order.

        Raises `InputError` for a depth the network does not have.
        """
        names = tuple(stage.name for stage in self.stages)
        if depth == "all":
            return names
        if not isinstance(depth, int) or not 0 <= depth <= len(names):
            raise InputError(f'Expected a depth of 0 to {len(names)} or "all" for {self.name}, got {depth!r}.')
        return names[len(names) - depth :]

    def stage_of(self, name: str) -> str | None:
        """The stage that a module or parameter of the base belongs to; None for containers and for what is outside."""
        return next(
            (stage.name for stage in self.stages if any(within(name, module) for module in stage.modules)), None
        )


def within(name: str, module: str) -> bool:
    """Whether a dotted name is `module` or lies below it.

    >>> within("layer4.1.conv1.weight", "layer4.1"), within("layer4.10", "layer4.1")
    (True, False)
    """
    return name == module or name.startswith(f"{module}.")
