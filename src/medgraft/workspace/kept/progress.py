"""How far a study is, as a small file beside it: whoever runs the study writes it, anybody may look."""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from medgraft.core.errors import MedgraftError, NotFoundError, reason
from medgraft.core.files import whole_file
from medgraft.core.progress import Progress, Report
from medgraft.workspace.kept.lock import is_running
from medgraft.workspace.kept.machines import IN_THIS_PROCESS, Machines
from medgraft.workspace.kept.study_list import STAGES, STUDY_FILE
from medgraft.workspace.project import Project

State = Literal["starting", "running", "stopped", "failed", "finished"]

PROGRESS_FILE = "progress.json"

#: The stage that counts all trainings of a study.
WHOLE = "study"

#: What a job tells of itself while it is at work.
_WITHIN_A_JOB = ("frozen features", "epochs")

#: What ends a study that its user should know: also the machine's own answers (a full disk, a GPU without memory).
FAILURES = (MedgraftError, OSError, RuntimeError)

#: Seconds between two writes of the file, and until a process that was started must have begun.
_PAUSE, _LONGEST_START = 0.5, 120.0


@dataclass(frozen=True, kw_only=True)
class ProgressNote:
    """What the file says.

    pid, host: who runs the study. began, at: seconds since 1970 of its start and of the note. machines: where it is
    computed, so that whoever resumes it needs not know. first: trainings that an earlier start had done; -1 while the
    study has not begun. bars: what is in progress, the whole study first. error: why it ended, "" if it did not.
    asked: the process was started, and has not come to the study yet.
    """

    pid: int
    host: str
    began: float
    at: float
    machines: Machines = IN_THIS_PROCESS
    asked: bool = False
    first: int = -1
    bars: tuple[Progress, ...] = ()
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class StudyProgress:
    """How far a study is.

    seconds: since its latest start. seconds_left: about; None while nothing can be said. pid, host: who runs it.
    machines: where it is computed.
    """

    name: str
    state: State
    bars: tuple[Progress, ...] = ()
    seconds: float = 0.0
    seconds_left: float | None = None
    error: str = ""
    pid: int = 0
    host: str = ""
    machines: Machines = IN_THIS_PROCESS


_NOTE = TypeAdapter(ProgressNote)


def study_progress(project: Project, name: str) -> StudyProgress:
    """How far a study of a project is, whoever runs it. Raises `ProjectError` if there is none of that name."""
    folder = study_folder(project, name)
    note, running = _seen(folder)
    state = "running" if running else _state_at_rest(folder, note)
    if note is None or state == "finished":
        return StudyProgress(name=name, state=state)
    return StudyProgress(
        name=name,
        state=state,
        bars=note.bars,
        seconds=note.at - note.began,
        seconds_left=_seconds_left(note) if state == "running" else None,
        error=note.error,
        pid=note.pid,
        host=note.host,
        machines=note.machines,
    )


def study_folder(project: Project, name: str) -> Path:
    """Where a study is. Raises `ProjectError` if there is none of that name."""
    names = [path.parent.name for path in sorted(project.studies.glob(f"*/{STUDY_FILE}"))]
    if name not in names:
        raise NotFoundError(f"Expected a study of this project, got {name!r}. Available: {', '.join(names) or 'none'}.")
    return project.studies / name


@contextmanager
def kept_progress(folder: Path, report: Report, machines: Machines = IN_THIS_PROCESS) -> Iterator[Report]:
    """A `Report` that tells `report` and keeps the study's progress file; the file goes when the block ends well."""
    file = ProgressFile(folder, machines)

    def tell(progress: Progress) -> None:
        file(progress)
        report(progress)

    try:
        yield tell
    except FAILURES as error:
        file.fail(reason(error))
        raise
    file.remove()


class ProgressFile:
    """A `Report` that keeps the latest state of every bar in a study's folder, written at most twice a second."""

    def __init__(
        self, folder: Path, machines: Machines = IN_THIS_PROCESS, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._path, self._clock = folder / PROGRESS_FILE, clock
        now = clock()
        self._note = ProgressNote(pid=os.getpid(), host=socket.gethostname(), began=now, at=now, machines=machines)
        self._write()

    def __call__(self, progress: Progress) -> None:
        """Take notice of progress."""
        first = progress.done if progress.stage == WHOLE and self._note.first < 0 else self._note.first
        self._note = replace(self._note, first=first, bars=_with_bar(self._note.bars, progress))
        if self._clock() - self._note.at >= _PAUSE or progress.stage == WHOLE:
            self._write()

    def fail(self, error: str) -> None:
        """Say why the study ended."""
        self._note = replace(self._note, error=error)
        self._write()

    def remove(self) -> None:
        """The study is finished: its results say so."""
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        self._note = replace(self._note, at=self._clock())
        write_note(self._path.parent, self._note)


def write_note(folder: Path, note: ProgressNote) -> None:
    """Write the progress file; a reader sees the old one or the new one, never half of it."""
    with whole_file(folder / PROGRESS_FILE, lasting=False) as draft:
        draft.write_bytes(_NOTE.dump_json(note))


def read_note(folder: Path) -> ProgressNote | None:
    """The progress file of a study, None where there is none that can be read."""
    try:
        return _NOTE.validate_json((folder / PROGRESS_FILE).read_bytes())
    except (OSError, ValueError):
        return None


def _seen(folder: Path) -> tuple[ProgressNote | None, bool]:
    """The note and whether somebody runs the study, of one moment: who begins or ends between the two looks says so."""
    note, running = read_note(folder), is_running(folder)
    while not running and (newer := read_note(folder)) != note:
        note, running = newer, is_running(folder)
    return note, running


def _state_at_rest(folder: Path, note: ProgressNote | None) -> State:
    if note is not None and _is_starting(note):
        return "starting"
    if note is None and (folder / STAGES).is_file():
        return "finished"
    return "failed" if note is not None and note.error else "stopped"


def _is_starting(note: ProgressNote) -> bool:
    """Whether a process of this machine was started that may still come to the study."""
    recent = time.time() - note.began < _LONGEST_START
    return note.asked and recent and note.host == socket.gethostname() and is_alive(note.pid)


def is_alive(pid: int) -> bool:
    """Whether a process of this machine lives, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is another user's
    return True


def _with_bar(bars: tuple[Progress, ...], progress: Progress) -> tuple[Progress, ...]:
    """Bars with one moved on: the whole study, then the jobs at work, then what the latest of them is doing."""
    whole = [bar for bar in bars if bar.stage == WHOLE]
    others = [bar for bar in bars if bar.stage not in (WHOLE, progress.stage)]
    if progress.stage == WHOLE:
        ended = bool(whole) and progress.done > whole[0].done
        return (progress, *(_without_oldest_job(others) if ended else others))
    return (*whole, *(bar for bar in others if bar.stage not in _WITHIN_A_JOB), progress)


def _without_oldest_job(bars: Sequence[Progress]) -> list[Progress]:
    """A job has ended: in this process the only one; elsewhere most likely that which began first."""
    return [bar for bar in bars if bar.stage not in _WITHIN_A_JOB][1:]


def _seconds_left(note: ProgressNote) -> float | None:
    whole = next((bar for bar in note.bars if bar.stage == WHOLE), None)
    done = whole.done - note.first if whole and note.first >= 0 else 0
    if whole is None or done <= 0:
        return None
    # Seconds since the last training ended count for the one in progress, so the guess does not jump.
    return max(note.at - note.began, 0.0) / done * (whole.total - whole.done)
