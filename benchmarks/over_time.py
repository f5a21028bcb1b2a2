"""Over time: a network of whole sequences trained with two labelled phases, beside one of volumes, phase by phase."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.hearts import Hearts, drawn_hearts, labelled_phases
from benchmarks.place import Place
from benchmarks.result import Measured, Result, less_is_better, more_is_better
from medgraft.core.task import LV_WALL
from medgraft.evaluation import Interval, dice, mean_difference, mean_interval
from medgraft.inference import predict_masks
from medgraft.networks import spec
from medgraft.networks.segmenter import build_segmenter
from medgraft.study import Compute, Desk, DeskSettings, LocalExecutor, RunStore
from medgraft.study.curve import CurveFile, CurvePoint, parse_curve, run_curve

_SIDE, _PHASES = 32, 8
_SUBJECTS = {"train": 8, "validation": 2, "test": 6}
_SEEDS = (7,)
_UPDATES, _EPOCHS, _RATES = 20, 24, (2e-3, 5e-3)

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Training:
    """What is compared. batch: what an update reads; all see two labelled volumes, and a sequence holds two."""

    name: str
    network: str
    batch: int


_OVER_TIME = Training(name="over time", network="segnet4d", batch=1)
_BY_PHASE = Training(name="phase by phase", network="segresnet3d", batch=2)


@dataclass(frozen=True, kw_only=True)
class OverTime:
    """The piece."""

    def measure(self, place: Place) -> Measured:
        """Train both on the same subjects, measure them on others at every phase."""
        hearts = _hearts(place)
        models = {training.name: _models(training, hearts, place) for training in (_OVER_TIME, _BY_PHASE)}
        ours, peer = ([model.beats for model in each] for each in models.values())
        parts = {
            "trainings": {name: [model.training for model in each] for name, each in models.items()},
            "beats": {name: [[beat.plain for beat in model.beats] for model in each] for name, each in models.items()},
        }
        return Measured(results=tuple(_lines(ours, peer)), parts=parts)


@dataclass(frozen=True, kw_only=True, eq=False)
class Beat:
    """One test subject as one model sees it.

    volumes, true: (T,) of the pool in ml. dice: (T,) mean of pool and myocardium. labelled: phases of ED and ES.
    """

    subject: str
    volumes: Floats
    true: Floats
    dice: Floats
    labelled: tuple[int, int]

    @property
    def unlabelled(self) -> list[int]:
        """All other phases."""
        return [phase for phase in range(len(self.true)) if phase not in self.labelled]

    @property
    def plain(self) -> Mapping[str, object]:
        """As JSON keeps it."""
        return {"subject": self.subject, **{name: getattr(self, name).tolist() for name in ("volumes", "true", "dice")}}


#: By seed and test subject.
Rows = list[list[Beat]]


@dataclass(frozen=True, kw_only=True, eq=False)
class ChosenModel:
    """The model whose rate and epoch the validation subjects chose. beats: test subjects as it sees them."""

    point: CurvePoint
    beats: list[Beat]

    @property
    def training(self) -> Mapping[str, object]:
        """As JSON keeps it; validation: mean Dice there after each epoch."""
        return {"rate": self.point.rate, "epoch": self.point.epoch, "validation": list(self.point.curve)}


def _models(training: Training, hearts: Hearts, place: Place) -> list[ChosenModel]:
    """Of every seed."""
    return [_chosen(_curve(training, seed, place), hearts, place) for seed in _SEEDS]


def _hearts(place: Place) -> Hearts:
    if place.toy:
        return drawn_hearts(dict.fromkeys(_SUBJECTS, 2), side=16, n_phases=4)
    return drawn_hearts(_SUBJECTS, side=_SIDE, n_phases=_PHASES)


def _curve(training: Training, seed: int, place: Place) -> CurveFile:
    """One training on all subjects, on the pixels' own grid."""
    side = 16 if place.toy else _SIDE
    return parse_curve(
        {
            "network": training.network,
            "spacing": None,
            "shape": [side, side, side],
            "arms": {"trained": {"rates": _RATES[:1] if place.toy else _RATES}},
            "sizes": ["all"],
            "draws": 1,
            "epochs": 2 if place.toy else _EPOCHS,
            "updates": 2 if place.toy else _UPDATES,
            "batch_size": training.batch,
            "decay": {"factor": 0.9, "epochs": 2},
            "thickness": False,
            "seed": seed,
        }
    )


def _chosen(curve: CurveFile, hearts: Hearts, place: Place) -> ChosenModel:
    """The best rate's and epoch's model; a training that is kept is not done again."""
    folder = place.work / "over-time"
    store = RunStore(root=folder / "runs")
    settings = DeskSettings(cache=folder / "cache", unfinished=store.unfinished, compute=Compute(device="cpu"))
    (point,) = run_curve(curve, hearts.samples, hearts, LocalExecutor(Desk(settings)), store).points
    model = build_segmenter(curve.network, n_classes=len(LV_WALL.codes))
    model.load_state_dict(store.state(point.run))
    dims = spec(curve.network).dims
    beats = [
        _beat(hearts, stack, predict_masks(model, curve.recipe, hearts.pixels(stack), None, dims=dims))
        for stack, split in hearts.splits.items()
        if split == curve.test.split
    ]
    return ChosenModel(point=point, beats=beats)


def _beat(hearts: Hearts, stack: str, seen: NDArray[np.uint8]) -> Beat:
    heart, true = hearts.hearts[stack], hearts.truth(stack)
    assert heart.stack.spacing is not None
    pool, millilitres = LV_WALL.index("pool"), float(np.prod(heart.stack.spacing)) / 1000
    return Beat(
        subject=heart.subject,
        volumes=(seen == pool).sum(axis=(1, 2, 3)) * millilitres,
        true=(true == pool).sum(axis=(1, 2, 3)) * millilitres,
        dice=np.array([_mean_dice(*phase) for phase in zip(seen, true, strict=True)]),
        labelled=labelled_phases(heart),
    )


def _mean_dice(seen: NDArray[np.uint8], true: NDArray[np.uint8]) -> float:
    """Of pool and myocardium at one phase."""
    return float(np.mean([dice(seen == code, true == code) for code in range(1, len(LV_WALL.codes))]))


def variation(volumes: Floats) -> float:
    """Mean absolute second difference of volumes (T,) over one beat, whose last phase is followed by its first.

    >>> variation(np.array([4.0, 2.0, 4.0, 2.0]))
    4.0
    """
    return float(np.abs(np.roll(volumes, 1) - 2 * volumes + np.roll(volumes, -1)).mean())


def _ejection(volumes: Floats, labelled: tuple[int, int]) -> float:
    ed, es = labelled
    return float(1 - volumes[es] / volumes[ed]) if volumes[ed] else np.nan


def _volume_error(beat: Beat, phases: Sequence[int]) -> float:
    return float(np.abs(beat.volumes - beat.true)[list(phases)].mean())


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What is asked of a subject. compare: makes a line of the two means."""

    name: str
    unit: str
    of: Callable[[Beat], float]
    compare: Callable[[str, float, float, str, str], Result] = less_is_better


_FIGURES = (
    Figure(
        name="variation of volume, distance from the truth's",
        unit="ml",
        of=lambda beat: abs(variation(beat.volumes) - variation(beat.true)),
    ),
    Figure(name="error of volume, labelled phases", unit="ml", of=lambda beat: _volume_error(beat, beat.labelled)),
    Figure(name="error of volume, unlabelled phases", unit="ml", of=lambda beat: _volume_error(beat, beat.unlabelled)),
    Figure(
        name="Dice, labelled phases",
        unit="",
        of=lambda beat: float(beat.dice[list(beat.labelled)].mean()),
        compare=more_is_better,
    ),
    Figure(
        name="Dice, unlabelled phases",
        unit="",
        of=lambda beat: float(beat.dice[beat.unlabelled].mean()),
        compare=more_is_better,
    ),
    Figure(
        name="error of ejection fraction",
        unit="points",
        of=lambda beat: 100 * abs(_ejection(beat.volumes, beat.labelled) - _ejection(beat.true, beat.labelled)),
    ),
)


def _lines(ours: Rows, peer: Rows) -> Iterator[Result]:
    first, *others = (_line(figure, ours, peer) for figure in _FIGURES)
    yield replace(first, note=f"{first.note}; {_variations(ours, peer)}")
    yield from others


def _line(figure: Figure, ours: Rows, peer: Rows) -> Result:
    a, b = (_each(figure.of, rows) for rows in (ours, peer))
    gap = mean_difference(figure.name, a, b)
    note = (
        f"{_OVER_TIME.network} against {_BY_PHASE.network}; {_shown(mean_interval(a))} and {_shown(mean_interval(b))}, "
        f"difference {gap.value:+.3g} [{gap.low:+.3g}, {gap.high:+.3g}]; intervals over {a.shape[1]} subjects, "
        f"seed {', '.join(map(str, _SEEDS))}"
    )
    return figure.compare(f"over time: {figure.name}", gap.value_a, gap.value_b, figure.unit, note)


def _each(figure: Callable[[Beat], float], rows: Rows) -> Floats:
    """(seeds, S)."""
    return np.array([[figure(beat) for beat in row] for row in rows])


def _variations(ours: Rows, peer: Rows) -> str:
    a, b = (_shown(mean_interval(_each(lambda beat: variation(beat.volumes), rows))) for rows in (ours, peer))
    true = _shown(mean_interval(_each(lambda beat: variation(beat.true), ours)))
    return f"variation of volume {a} and {b} ml, the truth's {true}"


def _shown(interval: Interval) -> str:
    return f"{interval.value:.3g} [{interval.low:.3g}, {interval.high:.3g}]"
