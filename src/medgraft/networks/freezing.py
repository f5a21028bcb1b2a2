"""Freezing by stage: which parameters learn, and which modules stay in evaluation mode."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from medgraft.core.errors import InputError
from medgraft.networks.model import Model
from medgraft.networks.spec import Depth, within

NORMS = ("train", "frozen")


def freeze(model: Model, depth: Depth, *, norm: str = "train") -> tuple[str, ...]:
    """Train the head and the last `depth` stages of a model; everything else is frozen, now and after any `train()`.

    depth: 0 for the head alone, k for the last k stages, "all". norm: batch norm in the trained stages follows
    training ("train") or keeps its statistics and its weights ("frozen"). Frozen modules use their stored statistics.
    Gives the names of the trained stages; may be called again with another depth. Raises `InputError` for a depth the
    network does not have.

    >>> from medgraft.networks.classifier import build
    >>> freeze(build("cbr_small", n_classes=3), 1)
    ('blocks.3',)
    """
    if norm not in NORMS:
        raise InputError(f"Expected one of {', '.join(NORMS)} for norm, got {norm!r}.")
    stages = model.spec.trainable_stages(depth)
    held = _norm_modules(model.base) if norm == "frozen" else frozenset()
    for name, parameter in model.base.named_parameters():
        module = name.rpartition(".")[0]
        parameter.requires_grad_(model.spec.stage_of(name) in stages and not any(within(module, n) for n in held))
    model.frozen = _frozen_modules(model, stages) | held
    model.train(model.training)
    return stages


def _frozen_modules(model: Model, stages: tuple[str, ...]) -> frozenset[str]:
    """Modules outside the trained stages; containers of a trained module are not frozen themselves."""
    trained = [name for stage in model.spec.stages if stage.name in stages for name in stage.modules]
    return frozenset(
        name
        for name, _ in model.base.named_modules()
        if not any(within(name, module) or within(module, name) or name == "" for module in trained)
    )


def _norm_modules(base: nn.Module) -> frozenset[str]:
    return frozenset(name for name, module in base.named_modules() if isinstance(module, _BatchNorm))
