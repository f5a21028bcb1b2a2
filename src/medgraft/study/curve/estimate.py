"""What a learning curve would do, how long it may take, what memory and disk it needs, measured on a few passes."""

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from medgraft.measurement import wall_thickness
from medgraft.networks.freezing import freeze
from medgraft.networks.segmenter import Segmenter
from medgraft.samples import MaskedSamples
from medgraft.study.curve.curve_file import CurveFile
from medgraft.study.curve.figures import subject_figures
from medgraft.study.curve.learning_curve import CurveChain, chosen, curve_chain
from medgraft.study.curve.mask_bench import started_model, subject_dice
from medgraft.study.curve.mask_data import Piece, ReadVolumes, Rendered
from medgraft.study.curve.mask_trial import MaskTraining, Start
from medgraft.study.runs import RunStore
from medgraft.study.work import Trial
from medgraft.training import Batch, MaskTarget, Plan, dice_loss, fit

#: Rendered volumes, grey levels and codes, are kept in float16.
_VOXEL_BYTES = 2 * 2
#: Adam keeps two numbers and a gradient beside each weight that it trains.
_PER_TRAINED = 3


@dataclass(frozen=True, kw_only=True)
class PointEstimate:
    """One start at one size. trainings: every draw at every rate; done: of these, before.

    updates, seconds: of those that are not done.
    """

    arm: str
    start: str
    size: int
    trainings: int
    done: int
    updates: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class CurveEstimate:
    """A learning curve before it is run.

    subjects: by role: train, validation, test, home, others. device: that passes were measured on. assessments: models
    that are still to be measured on test subjects and those of the home site, at most. seconds: about, of all that is
    not done, one training after the other. memory_bytes: about, of one training on the device. volume_bytes: of volumes
    as the network reads them, in the cache; run_bytes: of the weights that trainings keep, at most.
    """

    subjects: Mapping[str, tuple[str, ...]]
    device: str
    points: tuple[PointEstimate, ...]
    assessments: int
    seconds: float
    memory_bytes: int
    volume_bytes: int
    run_bytes: int


def estimate_curve(
    curve: CurveFile,
    samples: MaskedSamples,
    read: ReadVolumes,
    device: torch.device,
    store: RunStore,
    *,
    package: Start | None = None,
) -> CurveEstimate:
    """Measure a few passes of the first training on one subject, in a temporary folder. Nothing is kept.

    Raises what `run_curve` raises before training.
    """
    chain = curve_chain(curve, samples, read, package)
    with tempfile.TemporaryDirectory() as folder:
        probe = _probe(chain, Rendered(data=chain.data, cache=Path(folder)), device)
    points, walls = tuple(_points(chain, store, probe)), _unmeasured(chain, store)
    used, unread = _read(chain.trainings), _read(trial for trial in chain.trainings if not store.has(trial.identity))
    measured = len(chain.roles.test) + len(chain.roles.home)
    return CurveEstimate(
        subjects={name: _subjects(samples, places) for name, places in vars(chain.roles).items()},
        device=str(device),
        points=points,
        assessments=len(walls),
        seconds=sum(point.seconds for point in points)
        + len(unread) * probe.per_volume
        + measured * len(walls) * probe.per_measure
        + len(chain.roles.test) * sum(walls) * probe.per_wall,
        memory_bytes=probe.memory_bytes,
        volume_bytes=sum(int(np.prod(chain.data.shape(place))) for place in used) * _VOXEL_BYTES,
        run_bytes=sum(point.trainings for point in points) * probe.weight_bytes,
    )


def _subjects(samples: MaskedSamples, positions: Iterable[int]) -> tuple[str, ...]:
    return tuple(sorted({samples.items[position].subject for position in positions}))


def _read(trainings: Iterable[MaskTraining]) -> set[int]:
    """The samples of some trainings."""
    return {place for trial in trainings for place in (*trial.train.tolist(), *trial.validation.tolist())}


def _unmeasured(chain: CurveChain, store: RunStore) -> list[bool]:
    """One per assessment that is not done, at most: whether it measures walls.

    What is measured of a model follows from its training; the last wall, from all that was measured before.
    """
    whole = [all(store.has(trial.identity) for trial in point) for point in chain.points]
    ended = [chosen(point, store.read) for point, done in zip(chain.points, whole, strict=True) if done]
    missing = [trial.thickness for trial in chain.assessments(ended) if not store.has(trial.identity)]
    missing += [chain.shows_walls(point[0]) for point, done in zip(chain.points, whole, strict=True) if not done]
    if missing:
        return missing + [True] * chain.may_ask_for_a_wall
    return [True for trial in _asked_last(chain, store) if not store.has(trial.identity)]


def _asked_last(chain: CurveChain, store: RunStore) -> Sequence[Trial]:
    """What is asked for once all models are measured."""
    steps = chain.outcome()
    assessments = steps.send([store.read(trial.identity) for trial in next(steps)])
    try:
        return steps.send([store.read(trial.identity) for trial in assessments])
    except StopIteration:
        return ()


def _points(chain: CurveChain, store: RunStore, probe: "_Probe") -> Iterable[PointEstimate]:
    """Every start at every size, in the order of the file."""
    sizes = sorted({trial.n_subjects for trial in chain.trainings})
    for arm, of_arm in groupby(chain.trainings, key=lambda trial: trial.arm):
        trials = list(of_arm)
        for size in sizes:
            yield _point(arm, [trial for trial in trials if trial.n_subjects == size], chain, store, probe)


def _point(
    arm: str, trials: Sequence[MaskTraining], chain: CurveChain, store: RunStore, probe: "_Probe"
) -> PointEstimate:
    missing = [trial for trial in trials if not store.has(trial.identity)]
    updates = sum(_updates(trial) for trial in missing)
    looks = sum(trial.training.epochs + (trial.start.state is not None) for trial in missing)
    return PointEstimate(
        arm=arm,
        start=chain.curve.arms[arm].start,
        size=trials[0].n_subjects,
        trainings=len(trials),
        done=len(trials) - len(missing),
        updates=updates,
        seconds=updates * probe.per_update + looks * len(chain.roles.validation) * probe.per_look,
    )


def _updates(trial: MaskTraining) -> int:
    """Of all epochs."""
    data = trial.data
    pieces = sum(int(np.prod(data.shape(position)[: 4 - data.dims])) for position in trial.train.tolist())
    return trial.training.epochs * (trial.updates or -(-pieces // trial.training.batch_size))


@dataclass(frozen=True, kw_only=True)
class _Probe:
    """Seconds of one volume's rendering, one update, one look at a validation sample, one test sample and its walls."""

    per_volume: float
    per_update: float
    per_look: float
    per_measure: float
    per_wall: float
    memory_bytes: int
    weight_bytes: int


def _probe(chain: CurveChain, rendered: Rendered, device: torch.device) -> _Probe:
    """A few passes of the first training, of which nothing is kept."""
    trial, data = chain.trainings[0], chain.data
    model = started_model(trial).to(device)
    freeze(model, trial.depth)
    per_volume = _seconds(lambda: rendered.volumes(int(trial.train[0])))
    pieces = rendered.pieces(trial.train[:1])
    chosen = [pieces[row % len(pieces)] for row in range(trial.training.batch_size)]

    def update() -> None:
        plan = Plan(rate=1e-6, epochs=1, batch_size=len(chosen), optimizer="adam", decay=0.0)
        fit(model, lambda _: _batches(rendered, chosen, device), plan, key=(0,), loss=dice_loss)

    update()  # the first warms up
    per_update = _seconds(update)
    memory = _memory(model, next(iter(_batches(rendered, chosen, device))))
    look, test = int(chain.roles.validation[0]), int(chain.roles.test[0])
    rendered.volumes(look)
    model.eval()
    return _Probe(
        per_volume=per_volume,
        per_update=per_update,
        per_look=_seconds(lambda: subject_dice(model, rendered, [look])),
        per_measure=_seconds(lambda: subject_figures(model, data, test, device, in_mm=False, walls=None)),
        per_wall=_wall_seconds(chain, test),
        memory_bytes=memory,
        weight_bytes=_bytes(model.state_dict().values()),
    )


def _batches(rendered: Rendered, pieces: Sequence[Piece], device: torch.device) -> list[Batch]:
    return [batch.to(device) for batch in rendered.batches(pieces, len(pieces), ("estimate",))]


def _memory(model: Segmenter, batch: Batch) -> int:
    """What one update holds at once: the weights twice (the best are kept), what Adam keeps, and all activations."""
    saved: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    assert isinstance(batch.targets, MaskTarget)
    with saved_tensors_hooks(note, lambda tensor: tensor):
        dice_loss(model(*batch.inputs), batch.targets)
    trained = _bytes(parameter for parameter in model.parameters() if parameter.requires_grad)
    return sum(saved.values()) + 2 * _bytes(model.state_dict().values()) + _PER_TRAINED * trained


def _wall_seconds(chain: CurveChain, position: int) -> float:
    """Of a sample's walls as one model sees them: about as long as those that were drawn take."""
    item = chain.data.samples.items[position]
    spacing = item.spacing
    if spacing is None or not chain.curve.thickness or not {"pool", "myocardium"} <= set(item.classes):
        return 0.0
    mask = chain.data.read.mask(item.stack, item.mask_digest)
    return len(item.phases) * _seconds(lambda: wall_thickness(np.asarray(mask[item.phases[0]]), spacing))


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
