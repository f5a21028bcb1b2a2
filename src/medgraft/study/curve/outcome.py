"""What a learning curve found, point by point, and how it lies on disk: equal outcomes give equal bytes."""

import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgraft.core.errors import ProjectError, reason
from medgraft.core.task import Task
from medgraft.study.curve.curve_file import CurveFile, read_curve_file
from medgraft.study.curve.figures import SubjectFigures, read_figures
from medgraft.study.settings import resolved_yaml

#: The arm of the travelling model without any training.
AS_IS = "as it is"


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """One model on the curve.

    size: subjects it learned from, 0 for the travelling model as it is. draw: which random choice of them.
    rate, epoch: chosen on the validation subjects; epoch 0 if none was better than the package that it started from,
    or the training diverged at once.
    validation: mean Dice there. before: that Dice of the package before the first update, None for random weights.
    curve: after each epoch, None where it had diverged.
    run: identity of the training, "" for none.
    test, home: figures of each held-out subject and phase, here and of the home site.
    """

    arm: str
    size: int
    draw: int = 0
    rate: float | None = None
    epoch: int = 0
    validation: float | None = None
    before: float | None = None
    run: str = ""
    curve: tuple[float | None, ...] = ()
    test: tuple[SubjectFigures, ...]
    home: tuple[SubjectFigures, ...]

    @property
    def title(self) -> str:
        """Which model it is, for people and for the names of folders."""
        return f"{self.arm}-{self.size}-draw-{self.draw + 1}" if self.size else self.arm


@dataclass(frozen=True, kw_only=True, eq=False)
class CurveOutcome:
    """All points, the travelling model as it is first.

    n_subjects: how many there were by role ("train", "validation", "test", "home") when the curve was run, and of
    "others", whose split the curve file does not name.
    package_digest: of the travelling model's tensors, "" where there was none.
    chosen_on: stacks of the validation subjects, who chose rate and epoch of every point; none in older results.
    """

    curve: CurveFile
    task: Task
    network: str
    n_subjects: Mapping[str, int]
    points: tuple[CurvePoint, ...]
    package_digest: str = ""
    chosen_on: tuple[str, ...] = ()

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms that were trained, in the file's order."""
        return tuple(self.curve.arms)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sizes of the training sets, smallest first."""
        return tuple(sorted({point.size for point in self.points if point.size}))

    @property
    def structures(self) -> tuple[str, ...]:
        """Classes that are measured: all but the background."""
        return self.task.codes[1:]

    def of(self, arm: str, size: int) -> tuple[CurvePoint, ...]:
        """The draws of one arm at one size."""
        return tuple(point for point in self.points if (point.arm, point.size) == (arm, size))


def write_curve(outcome: CurveOutcome, folder: Path) -> None:
    """Write the resolved curve file and all points under a folder, made if it is missing."""
    results = folder / "results"
    results.mkdir(parents=True, exist_ok=True)
    (folder / "curve.yaml").write_text(resolved_yaml(outcome.curve), encoding="utf-8")
    facts = {
        "network": outcome.network,
        "n_subjects": dict(outcome.n_subjects),
        "package_digest": outcome.package_digest,
        "chosen_on": outcome.chosen_on,
        "points": [_plain(dataclasses.asdict(point)) for point in outcome.points],
    }
    (results / "points.json").write_text(json.dumps(facts, indent=1) + "\n")


def read_curve(folder: Path, task_of: Callable[[str], Task]) -> CurveOutcome:
    """Read what `write_curve` wrote. Raises `ProjectError` if the curve has not ended or its results are damaged."""
    try:
        curve = read_curve_file(folder / "curve.yaml")
        facts = json.loads((folder / "results" / "points.json").read_text())
        return CurveOutcome(
            curve=curve,
            task=task_of(curve.task),
            network=facts["network"],
            n_subjects=facts["n_subjects"],
            points=tuple(_point(item) for item in facts["points"]),
            package_digest=facts["package_digest"],
            chosen_on=tuple(facts.get("chosen_on", ())),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ProjectError(
            f"Expected the results of a finished learning curve in {folder.name}, got: {reason(error)}. "
            "Do run `medgraft study curve` again: it goes on from where it was."
        ) from error


def _point(item: dict[str, Any]) -> CurvePoint:
    groups = {group: tuple(map(read_figures, item[group])) for group in ("test", "home")}
    return CurvePoint(**{**item, "curve": tuple(item["curve"]), **groups})


def _plain(value: Any) -> Any:
    """Numbers with 9 significant digits; NaN becomes null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.9g}")
    return value
