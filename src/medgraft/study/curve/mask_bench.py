"""How a worker trains on masks and assesses what it trained."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.errors import InputError, WeightsError
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.seeds import rng
from medgraft.evaluation import dice
from medgraft.inference import phase_scores
from medgraft.networks.freezing import freeze
from medgraft.networks.segmenter import Segmenter, build_segmenter
from medgraft.study.curve.figures import Wall, subject_figures
from medgraft.study.curve.mask_data import Piece, Rendered
from medgraft.study.curve.mask_trial import Assessment, MaskTraining, structure_dice
from medgraft.study.runs import checkpoint_of
from medgraft.study.trained import Trained
from medgraft.study.work import DeskSettings, Job, Trial
from medgraft.training import Batch, Checkpoint, History, dice_loss, fit

_SCORE = "validation_score"
_NO_HISTORY = History(train_loss=np.zeros(0), scores=np.zeros((0, 0, 0), np.float32))


class TrainingBench:
    """Trains on one set of volumes, which stay rendered from job to job."""

    def __init__(
        self,
        job: Job[MaskTraining],
        settings: DeskSettings,
        device: torch.device,
        report: Report = silent,  # noqa: ARG002 (volumes are rendered when they are first read)
    ) -> None:
        """Make room for the volumes of a job's data."""
        self._rendered = Rendered(data=job.trials[0].data, cache=settings.cache)
        self._settings = settings
        self._replica = settings.replica
        self._device = device

    def serves(self, job: Job[Trial]) -> bool:
        """Whether a job trains on the same data."""
        trial = job.trials[0]
        return isinstance(trial, MaskTraining) and trial.data.digest == self._rendered.data.digest

    def work(self, job: Job[MaskTraining], report: Report) -> list[Trained]:
        """Do the job's trainings, from their checkpoints where some were left."""
        return [self._train(trial, report) for trial in job.trials]

    def _train(self, trial: MaskTraining, report: Report) -> Trained:
        started = time.monotonic()
        model = started_model(trial).to(self._device)
        freeze(model, trial.depth)
        best = _Best(model)
        before = self._before(trial, model, best)
        history = self._fit(trial, model, best, report)
        stacks = [trial.data.samples.items[position].stack for position in trial.train]
        return Trained(
            identity=trial.identity,
            history=history,
            facts={**_facts(trial), "stacks": stacks, "before": before},
            state={name: value.numpy() for name, value in best.weights.items()},
            seconds=time.monotonic() - started,
        )

    def _before(self, trial: MaskTraining, model: Segmenter, best: "_Best") -> float | None:
        """Mean Dice of a package on the validation subjects, which no epoch need reach; None for random weights."""
        if trial.start.state is None:
            return None
        return structure_dice(best.seen(self._dice(model, trial.validation)))

    def _fit(self, trial: MaskTraining, model: Segmenter, best: "_Best", report: Report) -> History:
        check_shares(trial.training.batch_size, self._replica.count)
        pieces = self._rendered.pieces(trial.train, report)
        pause = self._settings.checkpoint_seconds if self._replica.is_first else math.inf  # one writes, all read
        path = checkpoint_of(self._settings.unfinished, trial.identity)
        return fit(
            model,
            lambda epoch: self._epoch(trial, pieces, epoch),
            trial.training,
            key=trial.key,
            forward=self._forward(model),
            loss=self._replica.loss(dice_loss),
            evaluate=lambda: best.seen(self._dice(model, trial.validation)),
            checkpoint=Checkpoint(path=path, seconds=pause, beside=best.kept),
            report=report,
        )

    def _forward(self, model: Segmenter) -> Callable[..., Tensor]:
        """The forward pass of an update; validation looks at volumes of many shapes, each to be compiled anew."""
        forward = self._replica.forward(model)
        return torch.compile(forward) if self._settings.compute.compiled else forward

    def _epoch(self, trial: MaskTraining, pieces: Sequence[Piece], epoch: int) -> Iterator[Batch]:
        """Full batches: every piece once in random order, or as many as the epoch's updates take, in ever new order."""
        size = trial.training.batch_size
        wanted = size * (trial.updates or -(-len(pieces) // size))
        rounds = range(-(-wanted // len(pieces)))
        orders = [rng(*trial.key, "order", epoch, again).permutation(len(pieces)) for again in rounds]
        chosen = [pieces[index] for index in np.concatenate(orders)[:wanted]]
        batches = self._rendered.batches(chosen, size, (*trial.key, "vary", epoch), self._replica)
        return (batch.to(self._device) for batch in batches)

    def _dice(self, model: Segmenter, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """(n, K) Dice of every subject and class, as test subjects are measured, but on the network's grid.

        The mean over the labelled phases of a subject's stacks; NaN where a class is not labelled.
        """
        subjects = self._rendered.data.samples.subjects[positions]
        each = [positions[subjects == name] for name in np.unique(subjects)]
        own = [subject_dice(model, self._rendered, stacks.tolist()) for stacks in self._replica.share(each)]
        return np.stack(self._replica.gathered(own))


class AssessmentBench:
    """Measures models on native grids; walls that took long once are known for the next model."""

    def __init__(
        self,
        job: Job[Assessment],  # noqa: ARG002 (as every bench is made)
        settings: DeskSettings,
        device: torch.device,
        report: Report = silent,  # noqa: ARG002 (nothing is prepared)
    ) -> None:
        """Remember the device, and who shares the work."""
        self._walls: dict[str, Wall] = {}
        self._replica = settings.replica
        self._device = device

    def serves(self, job: Job[Trial]) -> bool:
        """Whether a job is an assessment."""
        return isinstance(job.trials[0], Assessment)

    def work(self, job: Job[Assessment], report: Report) -> list[Trained]:
        """Do the job's assessments."""
        return [self._assess(trial, job.state, report) for trial in job.trials]

    def _assess(self, trial: Assessment, state: Mapping[str, Tensor], report: Report) -> Trained:
        started = time.monotonic()
        model = started_model(trial)
        model.load_state_dict({**model.state_dict(), **state})
        model.to(self._device).eval()
        figures = {name: self._measure(trial, model, name, report) for name in trial.groups}
        return Trained(
            identity=trial.identity,
            history=_NO_HISTORY,
            facts={**_facts(trial), "parent": trial.parent, "figures": figures},
            state=None,
            seconds=time.monotonic() - started,
        )

    def _measure(self, trial: Assessment, model: Segmenter, group: str, report: Report) -> list[dict[str, object]]:
        """Plain figures of every subject and phase of a group."""
        own: list[list[dict[str, object]]] = []
        positions = self._replica.share(trial.groups[group].tolist())
        for done, position in enumerate(positions, start=1):
            found = subject_figures(
                model,
                trial.data,
                position,
                self._device,
                in_mm=trial.in_mm,
                walls=self._walls if trial.thickness and group == "test" else None,
            )
            own.append([asdict(one) for one in found])
            report(Progress(stage=trial.title, done=done, total=len(positions), detail=group))
        return [figures for stack in self._replica.gathered(own) for figures in stack]


def subject_dice(model: Segmenter, rendered: Rendered, stacks: list[int]) -> NDArray[np.float32]:
    """(K,) Dice of one subject by class, the mean over the labelled phases of its stacks, on the network's grid."""
    phases = [found for position in stacks for found in _phase_dice(model, rendered, position)]
    return np.asarray(np.ma.masked_invalid(phases).mean(axis=0).filled(np.nan), np.float32)


def _phase_dice(model: Segmenter, rendered: Rendered, position: int) -> Iterator[list[float]]:
    """Dice by class at each labelled phase of a sample."""
    data = rendered.data
    item, window = data.samples.items[position], data.recipe.sides(data.dims)
    grey, codes = rendered.volumes(position)
    asked = [row for row, phase in enumerate(data.phases(position)) if phase in item.phases]
    scores = phase_scores(model, lambda row: grey[row : row + 1].float(), window, asked, len(grey))
    for row, answer in scores:
        seen, true = answer.argmax(0).numpy(), codes[row].numpy()
        yield [
            dice(seen == column, true == column) if code in item.classes else float("nan")
            for column, code in enumerate(data.samples.task.codes)
        ]


def check_shares(batch_size: int, devices: int) -> None:
    """Raise `InputError` for batches that devices cannot share evenly: gradients would be weighed wrongly."""
    if batch_size % devices:
        raise InputError(
            f"Expected batches that {devices} devices share evenly, got {batch_size} images per update. Do: set "
            "batch_size to a multiple of the devices."
        )


def started_model(trial: MaskTraining | Assessment) -> Segmenter:
    """The model before its first update. Raises `WeightsError` if the start was made for another network."""
    task, start = trial.data.samples.task, trial.start
    model = build_segmenter(trial.network, n_classes=len(task.codes), key=start.key, initial=start.initial)
    if start.state is None:
        return model
    try:
        model.load_state_dict(dict(start.state))
    except RuntimeError as error:
        raise WeightsError(
            f"Expected weights of {trial.network.name} for {task.name}, got those of {start.origin}: {error}"
        ) from error
    return model


class _Best:
    """The weights that did best on validation wherever they were looked at, or the first where nothing was ever said.

    kept: these and their score, for the checkpoint: a training that goes on there finds them as they were.
    """

    def __init__(self, model: Segmenter) -> None:
        self._model = model
        self.kept = _scored(_whole(model), -math.inf)

    @property
    def weights(self) -> dict[str, Tensor]:
        """Every tensor of the model."""
        return {name: value for name, value in self.kept.items() if name != _SCORE}

    def seen(self, dice: NDArray[np.float32]) -> NDArray[np.float32]:
        """Look at the Dice (n, K) of the weights, and give it back; NaN if these are no numbers any more."""
        weights = _whole(self._model)
        if not all(torch.isfinite(value).all() for value in weights.values()):
            return np.full_like(dice, np.nan)
        score = structure_dice(dice)
        if score > self.kept[_SCORE].item():
            self.kept.update(_scored(weights, score))
        return dice


def _whole(model: Segmenter) -> dict[str, Tensor]:
    """A copy."""
    return {name: value.to("cpu", copy=True).contiguous() for name, value in model.state_dict().items()}


def _scored(weights: Mapping[str, Tensor], score: float) -> dict[str, Tensor]:
    return {**weights, _SCORE: torch.tensor(score, dtype=torch.float64)}


def _facts(trial: MaskTraining | Assessment) -> dict[str, object]:
    return {"arm": trial.arm, "network": trial.network.name, "start": trial.start.origin}
