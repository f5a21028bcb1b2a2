"""The learning curves of a project at a glance: what each says to do, and the report that was made of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgraft.core.errors import NotFoundError, ProjectError
from medgraft.evaluation import MEAN_DICE
from medgraft.workspace.kept.curve_folder import curve_names, of_an_older_medgraft, read_findings
from medgraft.workspace.kept.lock import is_running
from medgraft.workspace.kept.study_results import Figure
from medgraft.workspace.project import Project

_NAME = re.compile(r"[a-z0-9-]+")


@dataclass(frozen=True, kw_only=True)
class CurveVerdict:
    """advice: "use as is", "fine-tune" or "train anew". arm, size: which start, how many subjects. text: for people."""

    advice: str
    arm: str | None
    size: int | None
    text: str


@dataclass(frozen=True, kw_only=True)
class ModelDice:
    """Mean Dice of one model on subjects held out here, and on those of the home site if there were any.

    size: subjects it learned from, 0 for the travelling model as it is.
    """

    arm: str
    size: int
    here: Figure
    home: Figure | None


@dataclass(frozen=True, kw_only=True)
class DiceDifference:
    """Mean Dice of one model less that of another on the same subjects, "test" or "home", with its 95 % interval.

    p_value: two-sided; adjusted: after Holm over all starts and sizes. What is undefined is None.
    """

    arm: str
    size: int
    other: str
    other_size: int
    on: str
    difference: Figure
    p_value: float | None
    adjusted: float | None


@dataclass(frozen=True, kw_only=True)
class CurveState:
    """One curve. verdict: what to do, None while it has not ended; missing: why it has not.

    rules: where the two sites draw otherwise; cautions: what must be read with the verdict; both as sentences.
    dice: of every model; differences between them. pictures: names of the figures of its report.
    """

    name: str
    verdict: CurveVerdict | None
    missing: str
    rules: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    dice: tuple[ModelDice, ...] = ()
    differences: tuple[DiceDifference, ...] = ()
    pictures: tuple[str, ...]

    @property
    def has_report(self) -> bool:
        """Whether a report was made."""
        return bool(self.pictures)


def curve_states(project: Project) -> tuple[CurveState, ...]:
    """Every curve of a project, by name."""
    return tuple(_state(project, name) for name in curve_names(project))


def curve_document(project: Project, name: str) -> dict[str, Any]:
    """Everything that a curve found, with the keys of `medgraft study curve --json`.

    Raises `NotFoundError` if there is none of that name, `ProjectError` if it has not ended.
    """
    return read_findings(_folder(project, name))


def curve_picture(project: Project, name: str, picture: str) -> bytes:
    """A figure of a curve's report as PNG. Raises `NotFoundError` if there is none of that name."""
    file = _report(project, name) / "figures" / f"{picture}.png"
    if not _NAME.fullmatch(picture) or not file.is_file():
        available = ", ".join(_pictures(project, name)) or "none"
        raise NotFoundError(f"Expected a picture of the report of {name}, got {picture!r}. Available: {available}.")
    return file.read_bytes()


def curve_page(project: Project, name: str) -> str:
    """The report of a curve as HTML. Raises `NotFoundError` if it was not made."""
    file = _report(project, name) / "report.html"
    if not file.is_file():
        raise NotFoundError(f"Expected the report of {name}, got none. Do: medgraft report {name}")
    return file.read_text(encoding="utf-8")


def _state(project: Project, name: str) -> CurveState:
    pictures = _pictures(project, name)
    try:
        found = read_findings(project.curves / name)
        return CurveState(
            name=name,
            verdict=CurveVerdict(**found["verdict"]),
            missing="",
            rules=tuple(f"{rule['text']}: {rule['ours']} here, {rule['theirs']} there" for rule in found["rules"]),
            cautions=tuple(found["cautions"]),
            dice=_dice(found["findings"]["rows"]),
            differences=tuple(map(_difference, found["findings"]["contrasts"])),
            pictures=pictures,
        )
    except (ProjectError, KeyError, TypeError) as error:
        return CurveState(name=name, verdict=None, missing=_why_not(project.curves / name, error), pictures=pictures)


def _why_not(folder: Path, error: Exception) -> str:
    if is_running(folder):
        return "It is running."
    return str(error if isinstance(error, ProjectError) else of_an_older_medgraft(folder))


def _dice(rows: list[Mapping[str, Any]]) -> tuple[ModelDice, ...]:
    found = {(row["on"], row["arm"], row["size"]): _figure(row["value"]) for row in rows if row["figure"] == MEAN_DICE}
    return tuple(
        ModelDice(arm=arm, size=size, here=here, home=found.get(("home", arm, size)))
        for (on, arm, size), here in found.items()
        if on == "test"
    )


def _difference(row: Mapping[str, Any]) -> DiceDifference:
    found = row["difference"]
    named = {key: row[key] for key in ("arm", "size", "other", "other_size", "on", "adjusted")}
    return DiceDifference(**named, difference=_figure(found), p_value=found["p_value"])


def _figure(value: Mapping[str, float | None]) -> Figure:
    return Figure(value=value["value"], low=value["low"], high=value["high"])


def _pictures(project: Project, name: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (_report(project, name) / "figures").glob("*.png")))


def _report(project: Project, name: str) -> Path:
    return _folder(project, name) / "report"


def _folder(project: Project, name: str) -> Path:
    """Raises `NotFoundError` for a curve that the project does not have, whatever the name says."""
    if name not in curve_names(project):
        available = ", ".join(curve_names(project)) or "none"
        raise NotFoundError(f"Expected a learning curve of this project, got {name!r}. Available: {available}.")
    return project.curves / name
