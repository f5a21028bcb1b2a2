"""What a study found, stage by stage, and how it lies on disk: equal outcomes give equal bytes."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import ProjectError, reason
from medgraft.core.predictions import Predictions
from medgraft.core.task import Task
from medgraft.evaluation import Choice
from medgraft.study.curves import Curves
from medgraft.study.settings import resolved_yaml
from medgraft.study.study_file import Depth, StudyFile, read_study_file


@dataclass(frozen=True, kw_only=True, eq=False)
class StageOutcome:
    """One model at one depth and seed.

    weights: where its first weights came from. choice: rate and epoch by the one-standard-error rule.
    out_of_fold: every training sample, scored by the fold that did not train on its patient, at the choice.
    test: held-out subjects, scored by the final fit; None without a test set.
    final_run: the fit on all training samples. runs: the grid's runs.
    """

    model: str
    network: str
    weights: str
    weights_digest: str
    depth: Depth
    seed: int
    rates: tuple[float, ...]
    choice: Choice
    curves: Curves
    out_of_fold: Predictions
    test: Predictions | None
    final_run: str
    runs: tuple[str, ...]

    @property
    def title(self) -> str:
        """Model and depth: one row of a table, whatever the seed."""
        return f"{self.model}, depth {self.depth}"

    @property
    def folder(self) -> str:
        """Name of its folder among the results."""
        return f"{self.model}-depth-{self.depth}-seed-{self.seed}"


@dataclass(frozen=True, kw_only=True)
class LostStage:
    """A stage that diverged, which ends its model at its seed. reason: what diverged."""

    model: str
    depth: Depth
    seed: int
    reason: str

    @property
    def text(self) -> str:
        """What was lost and why, for people."""
        return f"{self.model}, depth {self.depth}, seed {self.seed}: {self.reason}"


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyOutcome:
    """Stages of all models and seeds, in the order they were done; a model and depth is here at every seed or at none.

    lost: stages that diverged.
    """

    study: StudyFile
    task: Task
    stages: tuple[StageOutcome, ...]
    lost: tuple[LostStage, ...] = ()

    def by_title(self) -> dict[str, list[StageOutcome]]:
        """Outcomes of one model and depth over the seeds, in the order of the study."""
        rows: dict[str, list[StageOutcome]] = {}
        for stage in self.stages:
            rows.setdefault(stage.title, []).append(stage)
        return rows


def write_stage(outcome: StageOutcome, results: Path) -> None:
    """Write one stage under `results/<its folder>/`; equal outcomes give equal bytes."""
    folder = results / outcome.folder
    folder.mkdir(parents=True, exist_ok=True)
    outcome.out_of_fold.write_csv(folder / "out_of_fold.csv")
    if outcome.test is not None:
        outcome.test.write_csv(folder / "test.csv")
    plain = {field.name: getattr(outcome, field.name) for field in dataclasses.fields(outcome)}
    del plain["out_of_fold"], plain["test"]
    plain["choice"] = dataclasses.asdict(outcome.choice)
    plain["curves"] = {name: _numbers(value) for name, value in vars(outcome.curves).items()}
    (folder / "stage.json").write_text(json.dumps(plain, indent=1) + "\n")


def write_outcome(outcome: StudyOutcome, folder: Path) -> None:
    """Write the resolved study file, every stage, and the list of stages under a folder, made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.yaml").write_text(resolved_yaml(outcome.study), encoding="utf-8")
    for stage in outcome.stages:
        write_stage(stage, folder / "results")
    stages = {
        "stages": [stage.folder for stage in outcome.stages],
        "lost": [dataclasses.asdict(item) for item in outcome.lost],
    }
    (folder / "results" / "stages.json").write_text(json.dumps(stages, indent=1) + "\n")


def read_outcome(folder: Path, task_of: Callable[[str], Task]) -> StudyOutcome:
    """Read what `write_outcome` wrote; `task_of` finds a task by its name.

    Raises `ProjectError` if the study has not ended or its results are damaged.
    """
    try:
        study = read_study_file(folder / "study.yaml")
        done = json.loads((folder / "results" / "stages.json").read_text())
        stages = tuple(_read_stage(folder / "results" / name) for name in done["stages"])
        lost = tuple(LostStage(**item) for item in done.get("lost", []))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ProjectError(
            f"Expected the results of a finished study in {folder.name}, got: {reason(error)}. "
            "Do run `medgraft study run` again: it goes on from where it was."
        ) from error
    return StudyOutcome(study=study, task=task_of(study.task), stages=stages, lost=lost)


def _read_stage(folder: Path) -> StageOutcome:
    plain: dict[str, Any] = json.loads((folder / "stage.json").read_text())
    test = folder / "test.csv"
    return StageOutcome(
        **{name: value for name, value in plain.items() if name not in ("choice", "curves", "rates", "runs")},
        rates=tuple(plain["rates"]),
        runs=tuple(plain["runs"]),
        choice=Choice(**plain["choice"]),
        curves=Curves(**{name: np.asarray(value, np.float64) for name, value in plain["curves"].items()}),
        out_of_fold=Predictions.read_csv(folder / "out_of_fold.csv"),
        test=Predictions.read_csv(test) if test.exists() else None,
    )


def _numbers(array: NDArray[np.float64]) -> Any:
    """Nested lists with 9 significant digits; NaN becomes null."""
    if array.ndim:
        return [_numbers(part) for part in array]
    return None if np.isnan(array) else float(f"{float(array):.9g}")
