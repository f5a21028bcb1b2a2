"""The results of a finished study as they lie on disk, for showing: nothing is computed, and torch is not loaded."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from medgraft.core.errors import NotFoundError, ProjectError, reason
from medgraft.core.predictions import Predictions
from medgraft.core.task import Task
from medgraft.workspace.kept.progress import study_folder
from medgraft.workspace.kept.results_folder import check_ended
from medgraft.workspace.kept.study_list import STAGES, STUDY_FILE
from medgraft.workspace.project import Project

#: Where answers come from, and the files that hold them.
SETS: Mapping[str, str] = {"test": "test.csv", "out of fold": "out_of_fold.csv"}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure with its 95 % interval; None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class ResultLine:
    """Figures of one model, or of a baseline that sees no pixels, decided in one way.

    on: "test" or "out of fold". decision: "argmax" or "stack".
    """

    title: str
    on: str
    decision: str
    subjects: int
    images: int
    figures: Mapping[str, Figure]

    @property
    def is_baseline(self) -> bool:
        """Whether it saw no pixels."""
        return self.title.startswith("baseline: ")


@dataclass(frozen=True, kw_only=True)
class ContrastLine:
    """`model` minus `other` in one metric, paired over patients."""

    model: str
    other: str
    on: str
    decision: str
    metric: str
    value: float
    low: float | None
    high: float | None
    p_value: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyModel:
    """One network at one depth. Curves, rate and epoch are those of the first seed.

    id: its package's folder. loss: validation loss at the choice, mean over seeds. rates: R numbers.
    train_loss, validation_loss, validation_accuracy: (R, folds, epochs); NaN where a training diverged.
    """

    id: str
    title: str
    model: str
    network: str
    weights: str
    depth: str
    rate: float
    epoch: int
    loss: float
    rates: tuple[float, ...]
    train_loss: NDArray[np.float64]
    validation_loss: NDArray[np.float64]
    validation_accuracy: NDArray[np.float64]
    folder: Path


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyResults:
    """What a finished study found.

    ended: seconds since 1970. sets: where answers come from, the test first where there is one. best: id of the model
    with the lowest validation loss: chosen without the figures that are shown. seconds: of computing, over all
    trainings. settings: the resolved study file. lost: models that diverged.
    """

    name: str
    task: Task
    ended: float
    sets: tuple[str, ...]
    best: str
    models: tuple[StudyModel, ...]
    lines: tuple[ResultLine, ...]
    contrasts: tuple[ContrastLine, ...]
    lost: tuple[str, ...]
    seconds: float
    staging: str
    seeds: tuple[int, ...]
    folds: int
    settings: str

    def model(self, id: str) -> StudyModel:  # noqa: A002 - the field's own name
        """A model by its id. Raises `ProjectError` for an unknown one."""
        found = next((model for model in self.models if model.id == id), None)
        if found is None:
            known = ", ".join(model.id for model in self.models)
            raise NotFoundError(f"Expected a model of study {self.name}, got {id!r}. Available: {known}.")
        return found

    def line(self, title: str, on: str, decision: str) -> ResultLine | None:
        """The figures of a model or baseline, None where it was not decided that way."""
        wanted = (title, on, decision)
        return next((line for line in self.lines if (line.title, line.on, line.decision) == wanted), None)

    @property
    def decisions(self) -> tuple[str, ...]:
        """How scores became classes: each slice alone, and whole stacks where the classes have an order."""
        return tuple(dict.fromkeys(line.decision for line in self.lines))


def study_results(project: Project, name: str) -> StudyResults:
    """The results of a study. Raises `ProjectError` if there is none of that name, it has not ended, or is damaged."""
    folder = study_folder(project, name)
    check_ended(folder)
    try:
        ended = (folder / STAGES).stat().st_mtime_ns
        return _read(project, folder, ended)
    except (OSError, KeyError, TypeError, ValueError, IndexError) as error:
        raise ProjectError(
            f"Expected the results of a finished study in {name}, got: {reason(error)}. "
            "Do: resume it, it goes on from where it was."
        ) from error


def model_predictions(model: StudyModel, on: str) -> Predictions:
    """What a model answered, by `SETS`. Raises `NotFoundError` where there is no such set of answers."""
    path = model.folder / SETS.get(on, "")
    if not path.is_file():
        raise NotFoundError(f"Expected answers on {' or '.join(SETS)}, got {on!r}, which {model.title} has not.")
    return _table(path, path.stat().st_mtime_ns)


def model_tables(results: StudyResults, model: StudyModel) -> tuple[tuple[str, Predictions], ...]:
    """Everything that a model answered: each set's name and table."""
    return tuple((on, model_predictions(model, on)) for on in results.sets)


@lru_cache(maxsize=32)
def _table(path: Path, _changed: int) -> Predictions:
    return Predictions.read_csv(path)


@lru_cache(maxsize=16)
def _read(project: Project, folder: Path, ended: int) -> StudyResults:
    results = folder / "results"
    text = (folder / STUDY_FILE).read_text(encoding="utf-8")
    study = yaml.safe_load(text)
    done = _json(folder / STAGES)
    stages = [_json(results / name / "stage.json") | {"folder": results / name} for name in done["stages"]]
    with project.labels() as store:
        task = store.task(study["task"])
    models = _models(stages, study["seeds"][0])
    return StudyResults(
        name=folder.name,
        task=task,
        ended=ended / 1e9,
        sets=tuple(on for on, file in SETS.items() if (models[0].folder / file).is_file()),
        best=min(models, key=lambda model: model.loss).id,
        models=models,
        lines=tuple(_line(row) for row in _json(results / "figures.json")),
        contrasts=tuple(_contrast(row) for row in _json(results / "contrasts.json")),
        lost=tuple(f"{m['model']}, depth {m['depth']}, seed {m['seed']}: {m['reason']}" for m in done.get("lost", [])),
        seconds=sum(_seconds(project.runs, run) for stage in stages for run in stage["runs"]),
        staging=study["staging"],
        seeds=tuple(study["seeds"]),
        folds=study["folds"],
        settings=text,
    )


def _models(stages: Sequence[dict[str, Any]], seed: int) -> tuple[StudyModel, ...]:
    losses: dict[str, list[float]] = {}
    for stage in stages:
        losses.setdefault(_id(stage), []).append(stage["choice"]["value"])
    return tuple(_model(stage, losses[_id(stage)]) for stage in stages if stage["seed"] == seed)


def _model(stage: dict[str, Any], losses: Sequence[float]) -> StudyModel:
    curves = {name: np.asarray(values, np.float64) for name, values in stage["curves"].items()}
    return StudyModel(
        id=_id(stage),
        title=f"{stage['model']}, depth {stage['depth']}",
        model=stage["model"],
        network=stage["network"],
        weights=stage["weights"],
        depth=str(stage["depth"]),
        rate=stage["choice"]["rate"],
        epoch=stage["choice"]["epoch"],
        loss=float(np.mean(losses)),
        rates=tuple(stage["rates"]),
        folder=stage["folder"],
        **curves,
    )


def _id(stage: Mapping[str, Any]) -> str:
    return f"{stage['model']}-depth-{stage['depth']}"


def _line(row: dict[str, Any]) -> ResultLine:
    title, on = _title_and_set(row["model"])
    figures = {
        name: Figure(**{part: plain[part] for part in ("value", "low", "high")})
        for name, plain in row["figures"].items()
    }
    return ResultLine(
        title=title,
        on=on,
        decision=row["decision"],
        subjects=row["n_subjects"],
        images=row["n_rows"],
        figures=figures,
    )


def _title_and_set(model: str) -> tuple[str, str]:
    """A row's model and what it was evaluated on.

    >>> _title_and_set("vgg16, depth 1 [out of fold]")
    ('vgg16, depth 1', 'out of fold')
    """
    title, _, on = model.rpartition(" [")
    return title, on.removesuffix("]")


def _contrast(row: dict[str, Any]) -> ContrastLine:
    said: dict[str, Any] = {name: row[name] for name in ("model", "other", "on", "decision", "metric", "value")}
    defined: dict[str, Any] = {name: _finite(row[name]) for name in ("low", "high", "p_value")}
    return ContrastLine(**said, **defined)


def _finite(value: float) -> float | None:
    return None if np.isnan(value) else value


def _seconds(runs: Path, run: str) -> float:
    """How long a training took; 0 where the run was tidied away."""
    try:
        return float(_json(runs / run[:32] / "seconds.json"))
    except OSError:
        return 0.0


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
