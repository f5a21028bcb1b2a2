"""The plain loop: PyTorch and timm as a good engineer writes them, without a cache.

The whole network runs for every picture of every epoch. What a good engineer would do is done: channels last, frozen
layers in evaluation mode and without gradients (frozen parameters on pictures without gradients record no graph), the
networks' own in-place activations, gradients set to None, no value read back inside an epoch, inference mode for
validation, pictures in memory in the order they are needed.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD

from benchmarks.peers.recorded import LAST, Recorded
from benchmarks.slices import Source
from medgraft.core.seeds import seed_of
from medgraft.networks.classifier import build
from medgraft.networks.freezing import freeze
from medgraft.study import StudyFile
from medgraft.study.study_file import Depth
from medgraft.training import Plan
from medgraft.transfer import load_weights

_VALIDATION_BATCH = 128


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Do one epoch of one trial; epochs of a trial go on from each other. warm_up: two updates, nothing kept."""

    rate: float
    fold: int
    epoch: int
    warm_up: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Turn:
    """One epoch done: training and validation. scores: (n, K) probabilities. rendering: seconds that came for free."""

    seconds: float
    scores: NDArray[np.float32]
    rendering: float
    pictures: int


@contextmanager
def plain_peer(source: Source, study: StudyFile, depth: Depth, device: str) -> Iterator[Callable[[Ask], Turn]]:
    """The target of a `Child`: answers `Ask` with `Turn`."""
    with source.open() as slices:
        yield PlainLoop(Recorded(study=study, slices=slices), depth, torch.device(device)).answer


class PlainLoop:
    """Trials of one network at one depth."""

    def __init__(self, recorded: Recorded, depth: Depth, device: torch.device) -> None:
        self.recorded = recorded
        self.depth = depth
        self.device = device
        self._trials: dict[tuple[float, int], PlainTrial] = {}
        self._pictures: dict[tuple[int, int], tuple[Tensor, Tensor, Tensor]] = {}

    def answer(self, ask: Ask) -> Turn:
        """One epoch of a trial; pictures are ready before the clock starts."""
        started = time.perf_counter()
        images, labels, plain = self._ready(ask)
        rendering = time.perf_counter() - started
        trial = self._trial(ask)
        if ask.warm_up:
            images, labels, plain = images[: 2 * trial.plan.batch_size], labels[: 2 * trial.plan.batch_size], plain[:8]
        started = time.perf_counter()
        trial.train(images, labels, ask.epoch)
        scores = trial.scores(plain)
        seconds = time.perf_counter() - started
        if ask.warm_up:
            del self._trials[ask.rate, ask.fold]
        return Turn(seconds=seconds, scores=scores, rendering=rendering, pictures=len(images) + len(plain))

    def _ready(self, ask: Ask) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures of one epoch at a time: those of the last are kept, in case they are asked for again."""
        place = (ask.fold, ask.epoch)
        if place not in self._pictures:
            self._pictures.clear()
            images, labels = self.recorded.epoch(self.depth, ask.fold, ask.epoch)
            plain = self.recorded.validation(ask.fold)
            self._pictures[place] = (images.to(self.device), labels.to(self.device), plain.to(self.device))
        return self._pictures[place]

    def _trial(self, ask: Ask) -> "PlainTrial":
        if (ask.rate, ask.fold) not in self._trials:
            self._trials[ask.rate, ask.fold] = PlainTrial(self.recorded, self.depth, ask, self.device)
        return self._trials[ask.rate, ask.fold]


class PlainTrial:
    """One training, the study's plan: SGD, Nesterov, rate / (1 + decay t)."""

    def __init__(self, recorded: Recorded, depth: Depth, ask: Ask, device: torch.device) -> None:
        self.key = recorded.key(depth, ask.fold)
        self.plan = Plan(rate=ask.rate, epochs=1, batch_size=recorded.study.batch_size)
        self.device = device
        self.model = _model(recorded, depth).to(device, memory_format=LAST)  # type: ignore[call-overload]  # torch's stubs miss this pair
        trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.optimizer = SGD(trained, lr=self.plan.rate, momentum=self.plan.momentum, nesterov=True)
        self.updates = 0

    def train(self, images: Tensor, labels: Tensor, epoch: int) -> None:
        """One epoch over pictures (n, 1, S, S) in order."""
        self.model.train()  # what is frozen stays in evaluation mode
        self.model.head.dropout.generator.manual_seed(seed_of(*self.key, epoch, "head.dropout"))
        loss_sum = torch.zeros((), device=self.device)
        size = self.plan.batch_size
        for batch, targets in zip(torch.split(images, size), torch.split(labels, size), strict=True):
            if len(batch) < 2:  # batch norm needs two
                break
            self.optimizer.param_groups[0]["lr"] = self.plan.rate / (1 + self.plan.decay * self.updates)
            self.optimizer.zero_grad(set_to_none=True)
            loss = cross_entropy(self.model(batch), targets)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
            self.optimizer.step()
            loss_sum += loss.detach() * len(batch)
            self.updates += 1

    @torch.inference_mode()
    def scores(self, plain: Tensor) -> NDArray[np.float32]:
        """(n, K) probabilities."""
        self.model.eval()
        parts = [self.model(batch).softmax(1) for batch in torch.split(plain, _VALIDATION_BATCH)]
        result: NDArray[np.float32] = torch.cat(parts).cpu().numpy()
        return result


def _model(recorded: Recorded, depth: Depth) -> nn.Module:
    """The network with the weights, the head and the freezing that the study gives it."""
    plan, weights = recorded.plan, recorded.weights
    model = build(
        plan.spec,
        n_classes=len(recorded.data.task.codes),
        key=(recorded.data.seed, plan.network),
        contract=weights.contract,
    )
    load_weights(model, weights)
    freeze(model, depth)
    return model
