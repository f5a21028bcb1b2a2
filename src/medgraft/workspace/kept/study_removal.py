"""A study or a learning curve that nobody wants any more: what goes with it, and what stays."""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from uuid import uuid4

from medgraft.core.errors import NotFoundError
from medgraft.study import RunStore
from medgraft.workspace.kept.asked_runs import runs_asked_by
from medgraft.workspace.kept.cache import bytes_of
from medgraft.workspace.kept.packages import package_folders
from medgraft.workspace.kept.results_folder import asked_file, only_once
from medgraft.workspace.kept.study_list import FILES, StudyState, all_states
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class StudyRemoval:
    """What goes with a study or a learning curve.

    models: those that it left. runs: trainings and assessments that it alone asked for. shared: those that others asked
    for too; they stay. unknown: studies and curves that an older medgraft ran, so that nobody knows what they asked
    for; while there are any, all runs stay. named_by: others whose files name its models. bytes: on disk, of all that
    goes. removed: whether it is gone.
    """

    name: str
    kind: Literal["study", "curve"]
    folder: str
    models: tuple[str, ...]
    runs: int
    shared: int
    unknown: tuple[str, ...]
    named_by: tuple[str, ...]
    bytes: int
    removed: bool


def what_goes(project: Project, name: str) -> StudyRemoval:
    """What would go with a study or a learning curve. Raises `NotFoundError` if there is none of that name."""
    found, _ = _found(project, _state(project, name))
    return found


def remove_study(project: Project, name: str) -> StudyRemoval:
    """Remove a study or a learning curve: its folder with results, models and report, and the runs of it alone.

    What is left after an interruption goes when this is done again, or with the cache. Raises `NotFoundError` if there
    is none of that name, `ProjectError` while it runs.
    """
    folder = project.root / _state(project, name).folder
    with only_once(folder):
        found, runs = _found(project, _state(project, name))
        for place in runs:
            _delete(place)
        project.cache.mkdir(exist_ok=True)
        # In one step, so that nobody meets half a study.
        gone = folder.rename(project.cache / f"removed-{uuid4().hex[:8]}")
        _delete(gone)
        folder.with_name(f".{folder.name}.log").unlink(missing_ok=True)
    return replace(found, removed=True)


def _found(project: Project, state: StudyState) -> tuple[StudyRemoval, list[Path]]:
    """What goes, and where its runs are."""
    own, shared, unknown = _runs(project, state)
    runs = _places(project, own)
    found = StudyRemoval(
        name=state.name,
        kind=state.kind,
        folder=state.folder,
        models=tuple(model for model in package_folders(project) if model.startswith(f"{state.name}/")),
        runs=len(own),
        shared=len(shared),
        unknown=unknown,
        named_by=tuple(_named_by(project, state)),
        bytes=sum(map(bytes_of, [project.root / state.folder, *runs])),
        removed=False,
    )
    return found, runs


def _state(project: Project, name: str) -> StudyState:
    states = {state.name: state for state in all_states(project)}
    if name not in states:
        available = ", ".join(states) or "none"
        raise NotFoundError(
            f"Expected a study or a learning curve of this project, got {name!r}. Available: {available}."
        )
    return states[name]


def _runs(project: Project, state: StudyState) -> tuple[frozenset[str], frozenset[str], tuple[str, ...]]:
    """What goes, what stays as others asked for it too, and of whom nobody knows what they asked for."""
    asked = {other.name: runs_asked_by(project.root / other.folder) for other in all_states(project)}
    unknown = tuple(name for name, runs in asked.items() if runs is None)
    mine = frozenset(run for run in asked[state.name] or () if _places(project, frozenset({run})))
    others = frozenset[str]().union(*(runs or () for name, runs in asked.items() if name != state.name))
    return (frozenset() if unknown else mine - others), mine & others, unknown


def _places(project: Project, runs: frozenset[str]) -> list[Path]:
    """Where runs are on disk, those in progress included."""
    store = RunStore(root=project.runs)
    return [place for run in sorted(runs) for place in (store.folder(run), store.checkpoint(run)) if place.exists()]


def _named_by(project: Project, state: StudyState) -> list[str]:
    others = [other for other in all_states(project) if other != state]
    files = {other.name: project.root / other.folder / FILES[other.kind] for other in others}
    # What it asks now beside what its results answer.
    texts = {name: file.read_text("utf-8") + asked_file(file).read_text("utf-8") for name, file in files.items()}
    return [name for name, text in texts.items() if f"/{state.folder}/models/" in text.replace(os.sep, "/")]


def _delete(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
