"""A made-up learning curve: two arms, three sizes, three draws, ten subjects here and six at home; deterministic."""

import numpy as np
import pytest
from numpy.typing import NDArray

from medgraft.core.lineage import Hop, Lineage
from medgraft.core.seeds import rng
from medgraft.core.task import LV_WALL
from medgraft.evaluation import Interval, holm, mean_difference, mean_interval, pearson_difference
from medgraft.report import (
    BullsEye,
    CurveContent,
    CurveDifference,
    CurveFigure,
    ModelKey,
    Overlay,
    Plane,
    Recipe,
    RuleAnswer,
    SubjectFigure,
    Surface,
    TrainingCurve,
    VolumeAgreement,
    WallAgreement,
    WallDifference,
)

SIZES = (5, 10, 30)
WALL_FIGURES = ("median", "95th percentile", "maximum")
HARD = {"Dice pool": 0.04, "Dice myocardium": -0.04}
AS_IS = ModelKey(arm="as it is", size=0)
ARMS = ("scratch", "fine-tuned")
N_SUBJECTS = {"train": 30, "validation": 6, "test": 10, "home": 6}
MODELS = (AS_IS, *(ModelKey(arm=arm, size=size) for arm in ARMS for size in SIZES))
SKILL = {"test": {"as it is": 0.76, "scratch": 0.44, "fine-tuned": 0.82}, "home": {"as it is": 0.9, "scratch": 0.35,
         "fine-tuned": 0.86}}  # fmt: skip
GAIN = {"as it is": 0.0, "scratch": 0.006, "fine-tuned": 0.002}


def dice(model: ModelKey, on: str, name: str) -> NDArray[np.float64]:
    """(draws, S) of one figure."""
    n_draws = 3 if model.size else 1
    middle = (
        SKILL[on][model.arm] + GAIN[model.arm] * model.size + {"Dice pool": 0.04, "Dice myocardium": -0.04}.get(name, 0)
    )
    subject = rng("curve", on, "subject").normal(scale=0.04, size=N_SUBJECTS[on])
    noise = rng("curve", model.title, on, name).normal(scale=0.02, size=(n_draws, N_SUBJECTS[on]))
    return np.clip(middle + subject + noise, 0, 0.99)


def figure(model: ModelKey, on: str, name: str) -> CurveFigure:
    values = dice(model, on, name)
    if "Hausdorff" in name:
        values = 20 * (1 - values)
    best = values.min() if "Hausdorff" in name else values.max()
    return CurveFigure(
        model=model,
        on="test" if on == "test" else "home",
        figure=name,
        value=mean_interval(values, n=100),
        median=float(np.median(values.mean(axis=0))),
        best=float(best),
        draws=tuple(values.mean(axis=1).tolist()),
        subjects=values.shape[1],
        masks=2 * values.size,
        unmatched=3 if name.endswith("pool") and model.arm == "scratch" else 0,
    )


def differences(pairs: list[tuple[ModelKey, ModelKey]], on: str) -> list[CurveDifference]:
    both = [(dice(a, on, "mean Dice"), dice(b, on, "mean Dice")) for a, b in pairs]
    found = [mean_difference("mean Dice", *values, n=100) for values in both]
    draws = [tuple((one - other).mean(axis=1).tolist()) for one, other in both]
    adjusted = holm(np.array([item.p_value for item in found]))
    return [
        CurveDifference(
            model=a, other=b, on="test" if on == "test" else "home", difference=item, draws=each, adjusted=float(p)
        )
        for (a, b), item, each, p in zip(pairs, found, draws, adjusted, strict=True)
    ]


def wall(model: ModelKey, phase: str, name: str) -> WallAgreement:
    middle = {"ed": 8.0, "es": 12.0}[phase] * {"median": 1.0, "95th percentile": 1.3, "maximum": 1.6}[name]
    reference = middle + rng("wall", phase, name).normal(scale=1.2, size=10)
    spread = {"as it is": 0.9, "scratch": 1.6, "fine-tuned": 0.4}[model.arm]
    seen = reference + 0.6 * spread + rng("wall", phase, name, model.arm).normal(scale=spread, size=10)
    difference = seen - reference
    r, sd = float(np.corrcoef(seen, reference)[0, 1]), float(difference.std(ddof=1))

    def around(value: float, half: float) -> Interval:
        return Interval(value=value, low=value - half, high=value + half, n_resamples=100)

    return WallAgreement(
        model=model,
        phase=phase,
        figure=name,
        seen=seen,
        reference=reference,
        pearson=Interval(value=r, low=max(-1, r - 0.25), high=min(1, r + 0.1), n_resamples=100),
        icc=around(r - 0.05, 0.12),
        bias=around(float(difference.mean()), 0.3 * sd),
        lower=around(float(difference.mean() - 1.96 * sd), 0.5 * sd),
        upper=around(float(difference.mean() + 1.96 * sd), 0.5 * sd),
    )


def volume(model: ModelKey, name: str) -> VolumeAgreement:
    """EDV, ESV or EF, made of the wall's numbers."""
    made = wall(model, "ed" if name == "EDV" else "es", "median")
    parts = {key: value for key, value in vars(made).items() if key not in ("phase", "figure", "model")}
    return VolumeAgreement(model=model, figure=name, unit="%" if name == "EF" else "ml", **parts)


def wall_difference(model: ModelKey, phase: str, name: str) -> WallDifference:
    after, before = wall(model, phase, name), wall(AS_IS, phase, name)
    found = pearson_difference(after.seen, before.seen, after.reference, n=100)
    return WallDifference(model=model, other=AS_IS, phase=phase, figure=name, difference=found)


def shells(shape: tuple[int, int], centre: tuple[float, float], inner: float, outer: float) -> NDArray[np.uint8]:
    rows, columns = np.indices(shape)
    radius = np.hypot(rows - centre[0], columns - centre[1])
    return np.select([radius < inner, radius < outer], [1, 2], 0).astype(np.uint8)


def plane(title: str, shape: tuple[int, int], subject: str) -> Plane:
    centre = (shape[0] / 2, shape[1] / 2)
    reference = shells(shape, centre, 9, 14)
    noise = rng("plane", title, subject).normal(scale=12, size=shape)
    image = np.choose(reference, [40.0, 300.0, 110.0]) + noise
    seen = {
        model.title: shells(shape, (centre[0] + offset, centre[1] - offset), 9 + offset, 14 + offset / 2)
        for model, offset in zip((MODELS[0], MODELS[3], MODELS[6]), (1.5, 3.0, 0.6), strict=True)
    }
    return Plane(title=title, image=image, reference=reference, seen=seen, aspect=1.0 if title == "axial" else 1.4)


def overlay(rank: str) -> Overlay:
    subject = f"site2-{rank}"
    planes = tuple(
        plane(title, shape, subject)
        for title, shape in (("axial", (48, 56)), ("coronal", (30, 56)), ("sagittal", (30, 48)))
    )
    shift = {"worst": -0.1, "median": 0.0, "best": 0.06}[rank]
    scores = {model.title: SKILL["test"][model.arm] + shift for model in (MODELS[0], MODELS[3], MODELS[6])}
    return Overlay(
        subject=subject, phase="ed", rank=rank, ranked_by="fine-tuned, 30 subjects", dice=scores, planes=planes
    )


def eye(phase: str) -> BullsEye:
    middle = {"ed": 8.0, "es": 12.0}[phase]
    by_source = {
        source: middle + rng("eye", phase, source).normal(scale=1.0, size=17)
        for source in ("reference", "as it is", "scratch, 30 subjects", "fine-tuned, 30 subjects")
    }
    by_source["scratch, 30 subjects"][16] = np.nan
    return BullsEye(subject="site2-median", phase=phase, by_source=by_source)


def ellipsoid(source: str, n_rings: int = 24, n_around: int = 36) -> Surface:
    """An open half-ellipsoid with the apex down, thickness growing towards the base."""
    angles = np.linspace(0, 2 * np.pi, n_around, endpoint=False)
    down, around = np.meshgrid(np.linspace(-np.pi / 2, 0.45, n_rings), angles, indexing="ij")
    x, z = 30 * np.cos(down) * np.cos(around), 30 * np.cos(down) * np.sin(around)
    vertices = np.stack([x, 45 * np.sin(down), z], axis=-1).reshape(-1, 3)
    ring, place = np.meshgrid(np.arange(n_rings - 1), np.arange(n_around), indexing="ij")
    a, b = ring * n_around + place, ring * n_around + (place + 1) % n_around
    triangles = np.concatenate([np.stack([a, a + n_around, b], -1), np.stack([b, a + n_around, b + n_around], -1)])
    thickness = 9 + 3 * down.ravel() + 0.8 * np.cos(around.ravel())
    thickness[:5] = np.nan
    return Surface(
        subject="site2-median",
        phase="ed",
        source=source,
        vertices=vertices.astype(np.float32),
        triangles=triangles.reshape(-1, 3).astype(np.uint32),
        thickness=thickness.astype(np.float32),
    )


def training(model: ModelKey, draw: int) -> TrainingCurve:
    epochs = np.arange(1, 41)
    noise = rng("training", model.title, draw).normal(scale=0.015, size=40)
    curve = (
        dice(model, "test", "mean Dice").mean() * (1 - np.exp(-epochs / (12 if model.arm == "scratch" else 4))) + noise
    )
    curve = np.clip(curve, 0, 1)
    return TrainingCurve(
        model=model, draw=draw, rate=1e-3 if model.arm == "scratch" else 1e-4, epoch=int(curve.argmax()) + 1,
        dice=tuple(curve.tolist()),
    )  # fmt: skip


def made_up() -> CurveContent:
    names = ("mean Dice", "Dice pool", "Dice myocardium", "95 % Hausdorff pool", "95 % Hausdorff myocardium")
    between = [(ModelKey(arm="fine-tuned", size=size), ModelKey(arm="scratch", size=size)) for size in SIZES]
    after = [(model, AS_IS) for model in MODELS[1:]]
    shown = (MODELS[0], MODELS[3], MODELS[6])
    return CurveContent(
        title="Learning curve two-sites",
        created_note="14 March 2026, medgraft 0.1",
        task=LV_WALL,
        verdict="Fine-tune with 10 subjects (fine-tuned). Mean Dice: +0.33 [+0.30, +0.36] against scratch.",
        advice="fine-tune",
        arms=ARMS,
        sizes=SIZES,
        figures=tuple(figure(model, on, name) for on in ("test", "home") for model in MODELS for name in names),
        differences=(*differences(between, "test"), *differences(after, "test"), *differences(after, "home")),
        recipe=Recipe(
            network="SegResNet 3D", n_subjects=N_SUBJECTS, grid="48 x 48 x 48 voxels of 1 mm, -200 to 600 HU",
            starts={"scratch": "random", "fine-tuned": "package"},
            rates={"scratch": (1e-3, 1e-4), "fine-tuned": (1e-3, 1e-4)}, epochs=40, updates=15, batch_size=2,
            decay="times 0.9 after every 10 epochs", n_draws=3, seed=7, augmented=True,
        ),
        settings="name: two-sites\nnetwork: segresnet3d\n",
        walls=tuple(wall(m, phase, name) for m in shown for phase in ("ed", "es") for name in WALL_FIGURES),
        wall_differences=tuple(
            wall_difference(m, phase, name) for m in shown[1:] for phase in ("ed", "es") for name in WALL_FIGURES
        ),
        volumes=tuple(volume(m, name) for name in ("EDV", "ESV", "EF") for m in shown),
        subjects=tuple(
            SubjectFigure(subject=f"site2-{n:02d}", model=m, dice=value, distance=20 * (1 - value))
            for m in shown
            for n, value in enumerate(dice(m, "test", "mean Dice").mean(axis=0).tolist())
        ),
        overlays=tuple(overlay(rank) for rank in ("worst", "median", "best")),
        bulls_eyes=(eye("ed"), eye("es")),
        surfaces=(ellipsoid("reference"), ellipsoid("fine-tuned, 30 subjects")),
        trainings=tuple(training(model, draw) for model in MODELS[1:] for draw in range(3)),
        rules=(
            RuleAnswer(question="Papillary muscles belong to", home="pool", here="myocardium"),
            RuleAnswer(question="The outflow tract is", home="left out", here="left out"),
            RuleAnswer(question="Who drew the masks", home="two readers", here="one reader", compared=False),
        ),
        warnings=("All subjects are phantoms made by medgraft: nothing here was seen in a patient.",),
        cautions=("scratch: in 3 of 9 trainings the last epoch was the best: it may not have ended.",),
        lineage={"the travelling model": Lineage(hops=(Hop(what="site 1, 61 subjects", weights_digest="ab" * 32),))},
        digests={"samples": "12" * 8, "travelling model": "34" * 8},
    )  # fmt: skip


@pytest.fixture(scope="session")
def curve() -> CurveContent:
    return made_up()
