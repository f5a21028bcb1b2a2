"""The loop."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD, Adam, Optimizer

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.seeds import seed_of
from medgraft.training.batch import Batch
from medgraft.training.checkpoint import Checkpoint
from medgraft.training.history import History, history_of
from medgraft.training.plan import Plan

#: Gives a loss from logits (N, K, ...) and the targets of a batch.
Loss = Callable[[Tensor, Any], Tensor]


def fit(
    model: nn.Module,
    epoch_batches: Callable[[int], Iterable[Batch]],
    plan: Plan,
    *,
    key: tuple[object, ...],
    forward: Callable[..., Tensor] | None = None,
    loss: Loss = cross_entropy,
    evaluate: Callable[[], NDArray[np.float32]] | None = None,
    checkpoint: Checkpoint | None = None,
    report: Report = silent,
) -> History:
    """Train the parts of a model that require gradients; the model is changed in place.

    The numbers depend on the arguments alone: batches come from the epoch's number, dropout from `key` and the epoch;
    torch's global random state is set from them for each epoch, and left as it was. A training of 10 epochs therefore
    passes through the very weights that a training of 5 epochs ends with.

    Args:
        model: frozen as wanted (`networks.freeze`); `.train()` on it keeps frozen parts frozen.
        epoch_batches: the batches of an epoch (0, 1, ...), in order.
        plan: rate, epochs and the rest.
        key: names this training's random numbers.
        forward: logits from a batch's inputs; the model itself by default, or a suffix behind a cache.
        loss: mean over the rows of a batch; `dice_loss` for masks.
        evaluate: called after every epoch, gives what the history keeps as its scores, (n, K): `predict` of plain
            validation inputs, or Dice by volume and class.
        checkpoint: where a killed training goes on; None to keep nothing.
        report: told after every epoch.

    Raises:
        InputError: an epoch without batches.
    """
    forward = model if forward is None else forward
    model.train()
    optimizer = _optimizer(model, plan)
    losses, scores, updates = checkpoint.load(model, optimizer) if checkpoint else ([], [], 0)
    for epoch in range(len(losses), plan.epochs):
        with _seeded(model, key, epoch):
            mean, updates = _train_epoch(
                forward, epoch_batches(epoch), loss, optimizer, plan=plan, epoch=epoch, updates=updates
            )
        losses.append(mean)
        scores.append(evaluate() if evaluate else np.zeros((0, 0), np.float32))
        if not np.isfinite(mean):
            break
        if checkpoint:
            checkpoint.save(model, optimizer, losses, scores, updates)
        report(Progress(stage="epochs", done=epoch + 1, total=plan.epochs, detail=f"loss {mean:.4f}"))
    return history_of(losses, scores, plan.epochs)


def _optimizer(model: nn.Module, plan: Plan) -> Optimizer:
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if plan.optimizer == "adam":
        return Adam(trained, lr=plan.rate)
    return SGD(trained, lr=plan.rate, momentum=plan.momentum, nesterov=plan.momentum > 0)


@contextmanager
def _seeded(model: nn.Module, key: tuple[object, ...], epoch: int) -> Iterator[None]:
    """This epoch's seed for modules with their own generator, and for those that draw from torch's global state."""
    for name, module in model.named_modules():
        generator = getattr(module, "generator", None)
        if isinstance(generator, torch.Generator):
            generator.manual_seed(seed_of(*key, epoch, name))
    devices = {parameter.device for parameter in model.parameters() if parameter.is_cuda}
    with torch.random.fork_rng(devices=sorted(devices, key=str)):
        torch.manual_seed(seed_of(*key, epoch))
        yield


def _train_epoch(
    forward: Callable[..., Tensor],
    batches: Iterable[Batch],
    loss: Loss,
    optimizer: Optimizer,
    *,
    plan: Plan,
    epoch: int,
    updates: int,
) -> tuple[float, int]:
    """Mean loss over the rows of an epoch, and the updates done so far."""
    total = torch.zeros((), dtype=torch.float64)  # moves to the device with the first loss: no step waits for it
    n_rows = 0
    for batch in batches:
        for group in optimizer.param_groups:
            group["lr"] = plan.rate_of(updates, epoch)
        optimizer.zero_grad(set_to_none=True)
        value = loss(forward(*batch.inputs), batch.targets)
        value.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        optimizer.step()
        total = total.to(value.device) + value.detach().double() * len(batch.targets)
        n_rows += len(batch.targets)
        updates += 1
    if not n_rows:
        raise InputError("Expected at least one batch in every epoch, got none.")
    return float(total / n_rows), updates
