"""A made-up study: 20 subjects, three models, two baselines; deterministic, small, with the usual troubles."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from medgraft.core.lineage import Hop, Lineage
from medgraft.core.predictions import Predictions
from medgraft.core.seeds import rng
from medgraft.core.task import SAX_RANGE
from medgraft.evaluation import bootstrap, paired_difference
from medgraft.report import (
    CamExample,
    Comparison,
    FoldCurves,
    MinutesRow,
    ModelResult,
    NetworkRow,
    SplitCounts,
    StudyContent,
)

N_SUBJECTS = 20
RATES = (1e-2, 1e-3, 1e-4)
MODELS = (("mobilenetv2", "MobileNetV2 0.35", 0, 1.2), ("vgg16", "VGG16", 1, 1.7), ("cbr_small", "CBR-Small", 0, 0.9))


def truth_table() -> Predictions:
    rows = [
        (f"patient{s:03d}", f"stack{s:03d}", phase, z, depth)
        for s in range(1, N_SUBJECTS + 1)
        for depth in [9 + s % 4]
        for phase in ("ed", "es")
        for z in range(depth)
    ]
    subject, stack, phase, place, depth = (np.array(column) for column in zip(*rows, strict=True))
    first = (subject.astype("U16") == "patient003") + (stack < "stack012").astype(int)
    y_true = np.where(place < first, 2, np.where(place >= depth - 1 - (phase == "es"), 0, 1)).astype(np.int64)
    number = np.array([int(name[-3:]) for name in subject])
    return Predictions(
        subject=subject,
        site=np.full(len(rows), ""),
        stack=stack,
        phase=phase,
        slice=place,
        n_slices=depth,
        fold=(number % 5).astype(np.int64),
        y_true=y_true,
        y_score=np.full((len(rows), 3), 1 / 3),
        classes=SAX_RANGE.codes,
    )


def scored(name: str, skill: float) -> Predictions:
    table = truth_table()
    logits = rng("report", name).normal(size=table.y_score.shape) + skill * 1.6 * np.eye(3)[table.y_true]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Predictions(**{**vars(table), "y_score": scores})


def smoothed(predictions: Predictions) -> NDArray[np.int64]:
    """Something between the plain answers and the truth, as joint decoding gives."""
    kept = rng("report", "decoded").uniform(size=len(predictions)) < 0.55
    return np.where(kept, predictions.y_true, predictions.y_pred)


def curves(name: str, skill: float) -> FoldCurves:
    epochs = np.arange(1, 21)
    noise = rng("report", "curves", name).normal(scale=0.03, size=(3, 3, 5, 20))
    speed = np.array([0.5, 0.2, 0.06])[:, None, None]
    down = 1.05 * np.exp(-speed * epochs) + 0.25
    over = 0.01 * speed * epochs**1.5
    accuracy = np.clip(0.5 + 0.16 * skill * (1 - np.exp(-speed * epochs)) + noise[2], 0, 1)
    return FoldCurves(
        rates=RATES,
        epochs=tuple(map(int, epochs)),
        train_loss=np.abs(down + noise[0]),
        val_loss=np.abs(down + 0.1 + over + 2 * noise[1]),
        val_accuracy=accuracy,
    )


def cams(predictions: Predictions) -> tuple[CamExample, ...]:
    rows, columns = np.mgrid[:48, :48]
    examples = []
    for truth, predicted in np.unique(np.column_stack([predictions.y_true, predictions.y_pred]), axis=0):
        members = np.flatnonzero((predictions.y_true == truth) & (predictions.y_pred == predicted))
        kept = members[:3]
        centres = rng("report", "cams", truth, predicted).uniform(12, 36, size=(len(kept), 2, 1, 1))
        distance = np.hypot(rows - centres[:, 0], columns - centres[:, 1])
        images = 200 * np.exp(-(((np.hypot(rows - 24, columns - 24) - 10) / 4) ** 2)) + 40 * (distance > 16)
        captions = tuple(f"{predictions.subject[i]} {predictions.phase[i]} {predictions.slice[i] + 1}" for i in kept)
        examples.append(
            CamExample(
                truth=int(truth),
                predicted=int(predicted),
                images=images,
                maps=np.exp(-((distance / 9) ** 2)),
                captions=captions,
                count=len(members),
            )
        )
    return tuple(examples)


def model(name: str, network: str, depth: int, skill: float) -> ModelResult:
    predictions = scored(name, skill)
    decoded = smoothed(predictions)
    centres = np.array([[-8.0, 3], [0, 0], [7, 5]])[predictions.y_true]
    return ModelResult(
        name=name,
        network=network,
        depth=depth,
        weights="random" if name == "cbr_small" else "ImageNet",
        predictions=predictions,
        metrics=bootstrap(predictions, n=100),
        decoded=decoded,
        decoded_metrics=bootstrap(predictions, y_pred=decoded, n=100),
        chosen_rate=1e-3,
        chosen_epoch=12,
        curves=curves(name, skill),
        cams=cams(predictions),
        embedding=skill * centres + rng("report", "map", name).normal(scale=3, size=centres.shape),
    )


def baseline(name: str, title: str, skill: float) -> ModelResult:
    predictions = scored(name, skill)
    return ModelResult(
        name=name,
        network=title,
        depth=None,
        weights="",
        predictions=predictions,
        metrics=bootstrap(predictions, n=100),
    )


def study() -> StudyContent:
    results = tuple(model(*facts) for facts in MODELS)
    baselines = (
        baseline("majority", "Always the majority class", 0.0),
        baseline("position", "Slice position and phase", 1.1),
    )
    comparisons = tuple(
        Comparison(
            model=result.name,
            other=other.name,
            difference=paired_difference(
                result.predictions, other.predictions, "macro_f1", y_pred_a=result.decoded, n=100
            ),
        )
        for result in results
        for other in baselines
    )
    counts = np.bincount(truth_table().y_true, minlength=3)
    hop = Hop(what="ImageNet-1k", weights_digest="ab" * 32, licence="Apache-2.0")
    return StudyContent(
        title="Range of the left ventricle in short-axis stacks",
        created_note="Study demo, 20 made-up patients, medgraft 0.1",
        task=SAX_RANGE,
        settings="task: sax-range\nnetworks: [mobilenetv2_035, vgg16, cbr_small]\nseed: 7\n",
        splits=(
            SplitCounts(split="cross-validation", n_subjects=N_SUBJECTS, images=tuple(map(int, counts))),
            SplitCounts(split="kept back", n_subjects=5, images=(9, 91, 12)),
        ),
        networks=(
            NetworkRow(
                name="mobilenetv2_035",
                title="MobileNetV2 0.35",
                parameters=410_208,
                features=1280,
                imagenet_accuracy=0.603,
                input_size=224,
                licence="Apache-2.0",
                weights_origin="local file",
            ),
            NetworkRow(
                name="vgg16",
                title="VGG16",
                parameters=14_714_688,
                features=512,
                imagenet_accuracy=0.713,
                input_size=224,
                licence="CC BY 4.0",
                weights_origin="timm hub",
            ),
            NetworkRow(
                name="cbr_small",
                title="CBR-Small",
                parameters=2_108_672,
                features=256,
                imagenet_accuracy=None,
                input_size=112,
                licence="",
                weights_origin="random",
            ),
        ),
        results=results,
        baselines=baselines,
        comparisons=comparisons,
        chosen="vgg16",
        chosen_by="lowest class-balanced cross-entropy on the validation folds",
        rate=1e-3,
        minutes=(
            MinutesRow(network="MobileNetV2 0.35", depth=0, minutes=3.25, trials=15),
            MinutesRow(network="VGG16", depth=1, minutes=41.5, trials=15),
        ),
        warnings=("Spacing is unknown for 4 of 20 patients; positions in mm are not given for them.",),
        lineage={"vgg16": Lineage(hops=(hop, Hop(what="sax-range, depth 1", weights_digest="cd" * 32)))},
        digests={"data": "12" * 32, "labels": "34" * 32, "settings": "56" * 32},
    )


@pytest.fixture(scope="session")
def content() -> StudyContent:
    return study()


@pytest.fixture(scope="session")
def build_model() -> Callable[..., ModelResult]:
    return model
