"""How a worker trains on masks and assesses what it trained."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

from medgraft.core.errors import WeightsError
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.seeds import rng
from medgraft.networks.freezing import freeze
from medgraft.networks.segmenter import Segmenter, build_segmenter
from medgraft.study.curve.figures import subject_figures
from medgraft.study.curve.mask_data import Piece, Rendered
from medgraft.study.curve.mask_trial import Assessment, MaskTraining, structure_dice
from medgraft.study.runs import checkpoint_of
from medgraft.study.trained import Trained
from medgraft.study.work import DeskSettings, Job, Trial
from medgraft.training import Batch, Checkpoint, History, MaskTarget, dice_loss, fit, hard_dice, predict_volume

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
        path = checkpoint_of(self._settings.unfinished, trial.identity)
        best = _Best(model=model, path=path.with_suffix(".best.safetensors"), began=_whole(model, copied=True))
        pieces, held_out = self._rendered.pieces(trial.train), self._rendered.pieces(trial.validation)
        history = fit(
            model,
            lambda epoch: self._epoch(trial, pieces, epoch),
            trial.training,
            key=trial.key,
            loss=dice_loss,
            evaluate=lambda: best.seen(self._dice(model, held_out)),
            checkpoint=Checkpoint(path=path, seconds=self._settings.checkpoint_seconds),
            report=report,
        )
        # The checkpoint goes first: without the best weights that came before it, it is no place to go on from.
        path.unlink(missing_ok=True)
        return Trained(
            identity=trial.identity,
            history=history,
            facts={**_facts(trial), "stacks": [trial.data.samples.items[position].stack for position in trial.train]},
            state={name: value.numpy() for name, value in best.taken().items()},
            seconds=time.monotonic() - started,
        )

    def _epoch(self, trial: MaskTraining, pieces: Sequence[Piece], epoch: int) -> Iterator[Batch]:
        """Every piece once in random order, or as many as the epoch's updates take, again and again in new order."""
        wanted = len(pieces) if trial.updates is None else trial.updates * trial.training.batch_size
        rounds = range(-(-wanted // len(pieces)))
        orders = [rng(*trial.key, "order", epoch, again).permutation(len(pieces)) for again in rounds]
        chosen = [pieces[index] for index in np.concatenate(orders)[:wanted]]
        batches = self._rendered.batches(chosen, trial.training.batch_size, (*trial.key, "vary", epoch))
        return (batch.to(self._device) for batch in batches)

    def _dice(self, model: Segmenter, pieces: Sequence[Piece]) -> NDArray[np.float32]:
        """(n, K) Dice of every piece and class on the network's grid; NaN for what is not labelled."""
        data = self._rendered.data
        dice = []
        for batch in self._rendered.batches(pieces, 1, None):
            (image,) = batch.inputs
            window = (data.recipe.phases, *data.recipe.shape)[-data.dims :]
            scores = predict_volume(model, image, window)[None]
            dice.append(hard_dice(scores.log(), _masks(batch)))  # the softmax of logarithms gives the scores back
        return torch.cat(dice).numpy()


class AssessmentBench:
    """Measures models on native grids."""

    def __init__(
        self,
        job: Job[Assessment],  # noqa: ARG002 (as every bench is made)
        settings: DeskSettings,  # noqa: ARG002 (an assessment has no checkpoint)
        device: torch.device,
        report: Report = silent,  # noqa: ARG002 (nothing is prepared)
    ) -> None:
        """Remember the device."""
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
        figures: list[dict[str, object]] = []
        positions = trial.groups[group].tolist()
        for done, position in enumerate(positions, start=1):
            found = subject_figures(
                model, trial.data, position, self._device, in_mm=trial.in_mm, with_thickness=trial.thickness
            )
            figures += [asdict(one) for one in found]
            report(Progress(stage=trial.title, done=done, total=len(positions), detail=group))
        return figures


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


@dataclass(kw_only=True)
class _Best:
    """The weights of the epoch with the best validation, on disk: a resumed training finds them again.

    began: the weights before the first update, for a training that never had a better epoch.
    """

    model: Segmenter
    path: Path
    began: Mapping[str, Tensor]
    score: float = -np.inf

    def seen(self, dice: NDArray[np.float32]) -> NDArray[np.float32]:
        """Look at an epoch's Dice (n, K), and give it back; NaN if the weights are no numbers any more."""
        weights = _whole(self.model)
        if not all(torch.isfinite(value).all() for value in weights.values()):
            return np.full_like(dice, np.nan)
        score = structure_dice(dice)
        if not np.isfinite(self.score) and self.path.exists():
            self.score = float(load_file(self.path)[_SCORE])
        if score > self.score:
            self.score = score
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.path.with_suffix(f".{os.getpid()}.new")  # whole or absent, whenever the process is killed
            save_file({**weights, _SCORE: torch.tensor(score, dtype=torch.float64)}, fresh)
            fresh.replace(self.path)
        return dice

    def taken(self) -> dict[str, Tensor]:
        """The best weights, or those it began with where validation never said anything; the file goes."""
        tensors = load_file(self.path) if self.path.exists() else self.began
        self.path.unlink(missing_ok=True)
        return {name: value for name, value in tensors.items() if name != _SCORE}


def _masks(batch: Batch) -> MaskTarget:
    assert isinstance(batch.targets, MaskTarget)
    return batch.targets


def _whole(model: Segmenter, *, copied: bool = False) -> dict[str, Tensor]:
    whole = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    return {name: value.clone() for name, value in whole.items()} if copied else whole


def _facts(trial: MaskTraining | Assessment) -> dict[str, object]:
    return {"arm": trial.arm, "network": trial.network.name, "start": trial.start.origin}
