"""fastai `fine_tune`, its frozen phase: `vision_learner` on the same network of timm, head alone."""

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import TensorDataset

from benchmarks.peers.recorded import Recorded
from benchmarks.slices import Source
from medgraft.study import StudyFile


@dataclass(frozen=True, kw_only=True)
class Epochs:
    """Seconds of whole epochs with validation, and how many parameters fastai trained in its "frozen" phase."""

    seconds: tuple[float, ...]
    trained: int
    trained_outside_head: int


@contextmanager
def fastai_peer(source: Source, study: StudyFile) -> Iterator[Callable[[int], Epochs]]:
    """The target of a `Child`: answers a number of epochs."""
    with source.open() as slices:
        recorded = Recorded(study=study, slices=slices)
        yield lambda epochs: _fine_tune(recorded, epochs)


def _fine_tune(recorded: Recorded, epochs: int) -> Epochs:
    """`fine_tune` with all its epochs frozen, on pictures in memory; the first fold."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import fastai.callback.progress  # noqa: PLC0415 - optional: without it the piece is skipped
        import fastai.callback.schedule  # noqa: PLC0415, F401 - both give learners more methods
        from fastai.callback.core import Callback  # noqa: PLC0415
        from fastai.data.core import DataLoaders  # noqa: PLC0415
        from fastai.vision.learner import vision_learner  # noqa: PLC0415

        class Clock(Callback):  # type: ignore[misc]  # fastai is untyped
            """Times epochs."""

            def __init__(self) -> None:
                self.seconds: list[float] = []

            def before_epoch(self) -> None:
                self.started = time.perf_counter()

            def after_epoch(self) -> None:
                self.seconds.append(time.perf_counter() - self.started)

        clock = Clock()
        learner = vision_learner(
            DataLoaders.from_dsets(*_datasets(recorded), bs=recorded.study.batch_size, num_workers=0, device="cpu"),
            recorded.plan.network,
            pretrained=False,
            normalize=False,
            n_out=len(recorded.data.task.codes),
            loss_func=cross_entropy,
            cbs=[clock],
        )
        with learner.no_bar(), learner.no_logging():
            learner.fine_tune(0, freeze_epochs=epochs)
            learner.freeze()
    return Epochs(
        seconds=tuple(clock.seconds),
        trained=_trained(learner.model),
        trained_outside_head=_trained(learner.model[0]),
    )


def _datasets(recorded: Recorded) -> tuple[Any, Any]:
    """Training pictures of the first epoch, and plain validation pictures, in three scaled channels."""
    images, labels = recorded.epoch(0, 0, 0)
    validation = recorded.data.labels[recorded.data.folds[0].validation]
    plain = TensorDataset(_coloured(recorded.validation(0), recorded), torch.from_numpy(validation))
    return TensorDataset(_coloured(images, recorded), labels), plain


def _coloured(images: Tensor, recorded: Recorded) -> Tensor:
    contract = recorded.weights.contract
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (contract.mean, contract.std))
    return (images.expand(-1, contract.channels, -1, -1) - mean) / std


def _trained(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
