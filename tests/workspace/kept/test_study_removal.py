"""What is removed with a study is its own; what others asked for stays, and nobody is removed who runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from medgraft.core.errors import NotFoundError, ProjectError
from medgraft.exchange import FACTS
from medgraft.workspace import Project
from medgraft.workspace.kept.asked_runs import AskedRuns
from medgraft.workspace.kept.results_folder import only_once
from medgraft.workspace.kept.study_list import FILES, all_states
from medgraft.workspace.kept.study_removal import StudyRemoval, remove_study, what_goes


def run(name: str) -> str:
    """An identity."""
    return name * 64


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A study that asked for the runs a and b, of which a is in progress, and a curve that asked for b and c."""
    project = Project.create(tmp_path / "heart")
    for kind, home, name, asked in (("study", "studies", "first", "ab"), ("curve", "curves", "second", "bc")):
        folder = project.root / home / name
        (folder / "models" / "m").mkdir(parents=True)
        (folder / "models" / "m" / FACTS).write_text("{}")
        (folder / FILES[kind]).write_text(f"name: {name}\n")
        store = AskedRuns(root=project.runs, by=folder)
        for letter in asked * 2:
            store.has(run(letter))
    for letter in "bc":
        (project.runs / run(letter)[:32]).mkdir(parents=True)
        (project.runs / run(letter)[:32] / "run.json").write_text("{}")
    store.unfinished.mkdir()
    store.checkpoint(run("a")).write_text("half")
    (project.root / "labels.txt").write_text("mine")
    return project


def runs_of(project: Project) -> set[str]:
    return {path.name[0] for path in project.runs.rglob("*") if len(path.stem) == 32}


@pytest.mark.parametrize(("name", "kind", "left"), [("first", "study", {"b", "c"}), ("second", "curve", {"a", "b"})])
def test_a_study_goes_with_its_own_runs(project: Project, name: str, kind: str, left: set[str]) -> None:
    said = what_goes(project, name)
    assert (said.kind, said.models, said.runs, said.shared) == (kind, (f"{name}/m",), 1, 1)
    assert (said.unknown, said.named_by, said.removed) == ((), (), False)
    before = {path for path in project.root.rglob("*") if path.is_file()}
    done = remove_study(project, name)
    after = {path for path in project.root.rglob("*") if path.is_file() and path.suffix != ".lock"}
    assert done == StudyRemoval(**{**vars(said), "removed": True})
    gone = before - after
    assert {path.relative_to(project.root).parts[0] for path in gone} == {said.folder.split("/")[0], "runs"}
    assert not after - before
    assert runs_of(project) == left
    assert name not in {state.name for state in all_states(project)}


def test_of_the_last_one_all_runs_go(project: Project) -> None:
    for name in ("first", "second"):
        remove_study(project, name)
    assert runs_of(project) == set()


def test_runs_stay_while_nobody_knows_who_uses_them(project: Project) -> None:
    """One that an older medgraft ran noted nothing."""
    (project.studies / "older").mkdir()
    (project.studies / "older" / FILES["study"]).write_text("name: older\n")
    done = remove_study(project, "first")
    assert (done.unknown, done.runs) == (("older",), 0)
    assert runs_of(project) == {"a", "b", "c"}
    assert remove_study(project, "older").unknown == ("older",)
    assert remove_study(project, "second").runs == 2, "b was noted by it too"


def test_whose_file_names_its_models_is_said(project: Project) -> None:
    place = project.studies / "first" / "models" / "m"
    (project.curves / "second" / FILES["curve"]).write_text(f"name: second\npackage: {place}\n")
    assert what_goes(project, "first").named_by == ("second",)


_HOLD = "import sys, pathlib; from medgraft.workspace.kept.results_folder import only_once\n"
_HOLD += "with only_once(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


def test_one_that_runs_is_refused(project: Project) -> None:
    command = [sys.executable, "-c", _HOLD, str(project.studies / "first")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(ProjectError, match="first is being run by another process"):
            remove_study(project, "first")
        other.communicate()
    with only_once(project.curves / "second"):
        assert remove_study(project, "first").removed, "that others run is no reason"


def test_what_is_not_there_is_said(project: Project) -> None:
    with pytest.raises(NotFoundError, match=r"got 'third'\. Available: first, second"):
        remove_study(project, "third")
