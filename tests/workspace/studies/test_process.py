"""A study in a process of its own: started, seen, stopped, resumed, and finished without whoever started it."""

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from medgraft.core.errors import InputError, ProjectError
from medgraft.core.progress import Progress
from medgraft.study import StudyFile, resolved_yaml
from medgraft.workspace import Project
from medgraft.workspace.kept.lock import is_running, study_lock
from medgraft.workspace.kept.machines import Machines
from medgraft.workspace.kept.progress import ProgressNote, StudyProgress, read_note, study_progress, write_note
from medgraft.workspace.studies import process
from medgraft.workspace.studies.process import begin_study, resume_study, stop_study
from medgraft.workspace.studies.running import start_study

from ...processes import pool_processes, wait_until

Tiny = Callable[..., StudyFile]

#: Does not end before it is stopped, on the quickest machine.
_LONG = [{"depth": 1, "rates": [0.02], "epochs": 10_000}]


def wait_for(project: Project, wanted: Callable[[StudyProgress], bool]) -> StudyProgress:
    found: list[StudyProgress] = []

    def is_wanted() -> bool:
        found.append(study_progress(project, "tiny"))
        return wanted(found[-1])

    wait_until(is_wanted, f"the study {wanted}")
    return found[-1]


def is_training(found: StudyProgress) -> bool:
    return found.state == "running" and any(bar.stage == "epochs" and bar.done > 1 for bar in found.bars)


@pytest.mark.slow
def test_begin_stop_resume(labelled: Callable[[], Project], tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    project = labelled()
    begun = begin_study(project, resolved_yaml(tiny(stages=_LONG)))
    assert begun.state in ("starting", "running")
    assert resume_study(project, "tiny").pid == begun.pid, "one that runs is left alone"
    wait_for(project, is_training)
    monkeypatch.setattr(process, "_ENDINGS", ((signal.SIGINT, 120.0),))  # it ends when it is asked, or never
    assert stop_study(project, "tiny").state == "stopped"
    assert not is_running(project.studies / "tiny")
    assert stop_study(project, "tiny").state == "stopped", "twice is once"
    assert resume_study(project, "tiny").state in ("starting", "running")
    wait_for(project, is_training)
    stop_study(project, "tiny")


@pytest.mark.slow
def test_a_resumed_study_goes_on_where_it_was_computed(labelled: Callable[[], Project], tiny: Tiny) -> None:
    project, study = labelled(), tiny(stages=_LONG)

    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        start_study(project, study, machines=Machines(workers=2), report=stop)
    assert study_progress(project, "tiny").machines == Machines(workers=2)
    resumed = resume_study(project, "tiny")
    assert resumed.machines == Machines(workers=2)
    wait_for(project, lambda found: found.state == "running" and len(pool_processes(found.pid)) == 2)
    assert stop_study(project, "tiny").machines == Machines(workers=2)


@pytest.mark.slow
def test_a_study_that_cannot_run_says_why(project: Project, tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """However late whoever asked for it writes that it was asked for."""

    def late(folder: Path, note: ProgressNote) -> None:
        with suppress(AssertionError):
            wait_until(lambda: read_note(folder), "what the process says of itself", seconds=3)
        write_note(folder, note)

    monkeypatch.setattr(process, "write_note", late)
    begin_study(project, resolved_yaml(tiny()))
    failed = wait_for(project, lambda found: found.state == "failed")
    assert "Expected labelled slices" in failed.error


def test_a_study_of_another_user_is_seen_and_not_stopped(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    folder = project.studies / "tiny"
    folder.mkdir(parents=True)
    (folder / "study.yaml").touch()
    now = time.time()
    write_note(folder, ProgressNote(pid=1, host=socket.gethostname(), began=now, at=now, asked=True))
    monkeypatch.setattr(os, "kill", refuse)
    assert study_progress(project, "tiny").state == "starting"
    with study_lock(folder, timeout=0), pytest.raises(ProjectError, match="got process 1 of another"):
        stop_study(project, "tiny")


def test_a_name_that_is_taken_and_a_study_that_is_not_there(project: Project, tiny: Tiny) -> None:
    (project.studies / "tiny").mkdir(parents=True)
    with pytest.raises(InputError, match="Expected a new name"):
        begin_study(project, resolved_yaml(tiny()))
    assert not list((project.studies / "tiny").iterdir())
    with pytest.raises(ProjectError, match="Expected a study of this project"):
        resume_study(project, "other")
    with pytest.raises(ProjectError, match="Expected a study of this project"):
        stop_study(project, "other")


def test_a_study_takes_no_name_of_a_curve(labelled: Callable[[], Project], tiny: Tiny) -> None:
    """However it is started; nothing is left that would be in the curve's way."""
    project = labelled()
    (project.curves / "tiny").mkdir(parents=True)
    for start in (lambda: begin_study(project, resolved_yaml(tiny())), lambda: start_study(project, tiny())):
        with pytest.raises(InputError, match="Expected a name that no learning curve has, got 'tiny'"):
            start()
    assert not (project.studies / "tiny").exists()
