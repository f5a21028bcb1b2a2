"""The studies and learning curves of a project, finished or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from medgraft.workspace.kept.curve_folder import CURVE_FILE, FINDINGS
from medgraft.workspace.project import Project

STUDY_FILE = "study.yaml"

#: What was asked, in the folder of each kind.
FILES: Mapping[str, str] = {"study": STUDY_FILE, "curve": CURVE_FILE}

#: Within a study's folder, once it has ended: the stages that it trained.
STAGES = Path("results", "stages.json")


@dataclass(frozen=True, kw_only=True)
class StudyState:
    """One study or learning curve. finished: whether it has results; if not, starting it again goes on."""

    name: str
    kind: Literal["study", "curve"]
    finished: bool
    folder: str


def study_states(project: Project) -> tuple[StudyState, ...]:
    """Every study that was started in a project, by name; nothing of it is computed."""
    return _states("study", project.studies, STAGES)


def all_states(project: Project) -> tuple[StudyState, ...]:
    """Every study that was started in a project, then every learning curve, each by name."""
    return *study_states(project), *_states("curve", project.curves, FINDINGS)


def _states(kind: Literal["study", "curve"], home: Path, found: Path) -> tuple[StudyState, ...]:
    """States of what a folder holds: its file is in the folder of each that was started, `found` of each that ended."""
    return tuple(
        StudyState(
            name=path.parent.name,
            kind=kind,
            finished=(path.parent / found).is_file(),
            folder=f"{home.name}/{path.parent.name}",
        )
        for path in sorted(home.glob(f"*/{FILES[kind]}"))
    )
