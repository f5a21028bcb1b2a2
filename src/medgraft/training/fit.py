"""The loop."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.seeds import seed_of
from medgraft.training.batch import Batch
from medgraft.training.checkpoint import Checkpoint
from medgraft.training.history import History, history_of
from medgraft.training.plan import Plan
from medgraft.training.predict import predict


def fit(
    model: nn.Module,
    epoch_batches: Callable[[int], Iterable[Batch]],
    plan: Plan,
    *,
    key: tuple[object, ...],
    forward: Callable[..., Tensor] | None = None,
    validation: Callable[[], Iterable[tuple[Tensor, ...]]] | None = None,
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
        validation: plain validation inputs, in the order of the scores wanted.
        checkpoint: where a killed training goes on; None to keep nothing.
        report: told after every epoch.

    Raises:
        InputError: an epoch without batches.
    """
    forward = forward or model
    model.train()
    optimizer = _optimizer(model, plan)
    losses, scores, updates = checkpoint.load(model, optimizer) if checkpoint else ([], [], 0)
    for epoch in range(len(losses), plan.epochs):
        with _seeded(model, key, epoch):
            loss, updates = _train_epoch(forward, epoch_batches(epoch), optimizer, plan, updates)
        losses.append(loss)
        scores.append(_scores(model, forward, validation))
        if not np.isfinite(loss):
            break
        if checkpoint:
            checkpoint.save(model, optimizer, losses, scores, updates)
        report(Progress(stage="epochs", done=epoch + 1, total=plan.epochs, detail=f"loss {loss:.4f}"))
    return history_of(losses, scores, plan.epochs)


def _optimizer(model: nn.Module, plan: Plan) -> SGD:
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
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
    forward: Callable[..., Tensor], batches: Iterable[Batch], optimizer: SGD, plan: Plan, updates: int
) -> tuple[float, int]:
    total, count = (
        torch.zeros((), dtype=torch.float64),
        0,
    )  # moves to the device with the first loss: no step waits for it
    for batch in batches:
        for group in optimizer.param_groups:
            group["lr"] = plan.rate_of(updates)
        optimizer.zero_grad(set_to_none=True)
        loss = cross_entropy(forward(*batch.inputs), batch.targets)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        optimizer.step()
        total = total.to(loss.device) + loss.detach().double() * len(batch.targets)
        count += len(batch.targets)
        updates += 1
    if not count:
        raise InputError("Expected at least one batch in every epoch, got none.")
    return float(total / count), updates


def _scores(
    model: nn.Module, forward: Callable[..., Tensor], validation: Callable[[], Iterable[tuple[Tensor, ...]]] | None
) -> NDArray[np.float32]:
    if validation is None:
        return np.zeros((0, 0), np.float32)
    return predict(model, validation(), forward)
