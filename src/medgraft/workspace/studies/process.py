"""A study in a process of its own: it goes on when whoever started it goes, and can be stopped and resumed.

What is finished when it is stopped is kept. The process is this module: `python -m medgraft.workspace.studies.process`.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from medgraft.core.errors import InputError, ProjectError, reason
from medgraft.workspace.kept.lock import is_running
from medgraft.workspace.kept.machines import IN_THIS_PROCESS, Machines
from medgraft.workspace.kept.progress import (
    FAILURES,
    ProgressNote,
    StudyProgress,
    is_alive,
    read_note,
    study_folder,
    study_progress,
    write_note,
)
from medgraft.workspace.kept.results_folder import announce, asked_file, claimed
from medgraft.workspace.kept.study_list import STUDY_FILE
from medgraft.workspace.project import Project

#: How a study is asked to end, and how many seconds it is given each time: a training saves itself, a process may
#: have been told to ignore Ctrl-C, and a killed one loses nothing that was finished.
_ENDINGS = ((signal.SIGINT, 8.0), (signal.SIGTERM, 4.0), (signal.SIGKILL, 4.0))


def begin_study(project: Project, text: str) -> StudyProgress:
    """Start a new study.

    Args:
        project: where images and labels are.
        text: the resolved study file (`text.resolve_study`).

    Raises:
        InputError: a study or a learning curve of that name is there already.
    """
    name = str(yaml.safe_load(text)["name"])
    try:
        folder = claimed(project.studies / name, project.curves / name, new=True)
    except FileExistsError as error:
        raise InputError(
            f"Expected a new name for the study, got {name!r}. Do: choose another one, or resume that study."
        ) from error
    announce(folder / STUDY_FILE, text)
    return resume_study(project, name)


def resume_study(project: Project, name: str) -> StudyProgress:
    """Start a study that is not finished where it was, on the machines it was on; one that is running is left alone.

    Raises `ProjectError` if there is none of that name.
    """
    folder = study_folder(project, name)
    if study_progress(project, name).state not in ("starting", "running"):
        process = _start(project, folder)
        try:
            write_note(folder, replace(_note_of(process.pid, machines_of(folder)), asked=True))
        finally:
            _let_go(process)
    return study_progress(project, name)


def stop_study(project: Project, name: str) -> StudyProgress:
    """Stop a study, whoever started it on this machine; what is finished is kept. One that does not run is left alone.

    Raises `ProjectError` if there is none of that name, or it runs on another machine or as another user.
    """
    folder = study_folder(project, name)
    note = read_note(folder)
    if note is not None and study_progress(project, name).state in ("starting", "running"):
        if note.host != socket.gethostname():
            raise ProjectError(
                f"Expected a study of this machine, got one that runs on {note.host}. Do: stop it there."
            )
        _end(note.pid, folder)
    return study_progress(project, name)


def main(arguments: Sequence[str]) -> None:
    """The process: run the study of a project by its own study file. Arguments: the project's folder, the name."""
    root, name = arguments
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    sys.stdin.read()  # until whoever asked has written so: what is told from here on is newer
    project = Project.open(Path(root))
    # Only here: whoever starts a study need not load torch.
    from medgraft.study import read_study_file  # noqa: PLC0415 - see above
    from medgraft.workspace.studies.running import start_study  # noqa: PLC0415 - see above

    folder = study_folder(project, name)
    try:
        start_study(project, read_study_file(asked_file(folder / STUDY_FILE)), machines=machines_of(folder))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except FAILURES as error:
        # Before the study itself has begun, nobody else says so.
        write_note(folder, replace(_note_of(os.getpid(), machines_of(folder)), error=reason(error)))
        raise


def machines_of(folder: Path) -> Machines:
    """Where a study that has not ended was last computed; in one process if it never was."""
    note = read_note(folder)
    return note.machines if note else IN_THIS_PROCESS


def _note_of(pid: int, machines: Machines) -> ProgressNote:
    now = time.time()
    return ProgressNote(pid=pid, host=socket.gethostname(), began=now, at=now, machines=machines)


def _start(project: Project, folder: Path) -> "subprocess.Popen[bytes]":
    """The process, which waits to be let go."""
    command = [sys.executable, "-m", "medgraft.workspace.studies.process", str(project.root), folder.name]
    with folder.with_name(f".{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program, a name that was looked up, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C for the app is none for the study
        )
    # Somebody must ask for its end, else it stays in the table of processes.
    threading.Thread(target=process.wait, daemon=True, name=f"study {folder.name}").start()
    return process


def _let_go(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.close()


def _end(pid: int, folder: Path) -> None:
    for number, patience in _ENDINGS:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise ProjectError(
                f"Expected a study that this user runs, got process {pid} of another. Do: ask who started it."
            ) from error
        if _has_ended(pid, folder, patience):
            return


def _has_ended(pid: int, folder: Path, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if not is_running(folder) and not is_alive(pid):
            return True
        time.sleep(0.1)
    return False


if __name__ == "__main__":
    main(sys.argv[1:])
