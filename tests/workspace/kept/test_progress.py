"""How far a study is: told by a small file, true whoever looks and however the study ended."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgraft.core.errors import MedgraftError, ProjectError
from medgraft.core.progress import Progress, silent
from medgraft.study import StudyFile
from medgraft.workspace import Project
from medgraft.workspace.kept.lock import study_lock
from medgraft.workspace.kept.machines import Machines
from medgraft.workspace.kept.progress import (
    ProgressFile,
    ProgressNote,
    StudyProgress,
    kept_progress,
    read_note,
    study_progress,
    write_note,
)
from medgraft.workspace.studies.running import start_study

Tiny = Callable[..., StudyFile]

NOTE = '{"pid": 1, "host": "here", "began": 0, "at": 0, %s}'


@pytest.fixture
def folder(project: Project) -> Path:
    """A study that was announced."""
    folder = project.studies / "tiny"
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text("name: tiny\n")
    return folder


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def bar(stage: str, done: int, total: int = 10) -> Progress:
    return Progress(stage=stage, done=done, total=total)


def test_the_file_is_written_twice_a_second_and_for_every_training(folder: Path) -> None:
    clock = Clock()
    file = ProgressFile(folder, clock=clock)
    written = []
    for step in range(40):
        clock.now += 0.1
        file(bar("epochs", step, 40))
        written.append(read_note(folder))
    assert 7 <= len({note.at for note in written if note}) <= 9
    file(bar("study", 3))
    note = read_note(folder)
    assert note is not None
    assert [item.stage for item in note.bars] == ["study", "epochs"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=30))
def test_a_stage_has_one_bar_and_the_latest_is_there(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("study")
    clock = Clock()
    file = ProgressFile(folder, clock=clock)
    for stage, done in acts:
        clock.now += 1
        file(bar(stage, done, 3))
        note = read_note(folder)
        assert note is not None
        stages = [item.stage for item in note.bars]
        assert len(set(stages)) == len(stages)
        assert bar(stage, done, 3) in note.bars


def test_bars_of_what_has_ended_go(folder: Path) -> None:
    clock = Clock()
    file = ProgressFile(folder, clock=clock)

    def stages_after(*acts: Progress) -> list[str]:
        for act in acts:
            clock.now += 1
            file(act)
        note = read_note(folder)
        assert note is not None
        return [item.stage for item in note.bars]

    assert stages_after(bar("study", 0), bar("net, depth 0", 0), bar("frozen features", 5)) == [
        "study",
        "net, depth 0",
        "frozen features",
    ]
    assert stages_after(bar("epochs", 1)) == ["study", "net, depth 0", "epochs"]
    assert stages_after(bar("study", 3)) == ["study"]
    assert stages_after(bar("net, depth 0", 3), bar("other, depth 0", 0)) == ["study", "net, depth 0", "other, depth 0"]
    assert stages_after(bar("study", 4)) == ["study", "other, depth 0"], "two at once: the first one is done"


def test_what_others_see_while_it_runs_and_after(project: Project, folder: Path) -> None:
    seen: list[StudyProgress] = []
    with study_lock(folder, timeout=0), kept_progress(folder, silent) as tell:
        for done in range(3):
            tell(bar("study", done, 4))
        seen.append(study_progress(project, "tiny"))
    assert (seen[0].state, seen[0].bars) == ("running", (bar("study", 2, 4),))
    assert seen[0].seconds_left is not None
    assert study_progress(project, "tiny").state == "stopped", "it left neither results nor a reason"
    (folder / "results").mkdir()
    (folder / "results" / "stages.json").write_text("{}")
    assert study_progress(project, "tiny") == StudyProgress(name="tiny", state="finished")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MedgraftError("No room."), "No room."),
        (OSError(28, "No space left on device"), "No space left on device"),
        (RuntimeError("CUDA out of memory."), "CUDA out of memory."),
    ],
)
def test_a_reason_is_kept_and_a_killed_process_leaves_none(
    project: Project, folder: Path, error: Exception, said: str
) -> None:
    with pytest.raises(type(error)), kept_progress(folder, silent):
        raise error
    assert study_progress(project, "tiny").state == "failed"
    assert study_progress(project, "tiny").error == said
    with pytest.raises(KeyboardInterrupt), kept_progress(folder, silent):
        raise KeyboardInterrupt
    assert study_progress(project, "tiny").state == "stopped"


def test_the_time_left_follows_what_this_start_has_done(project: Project, folder: Path) -> None:
    """An earlier start did 40 of 100; this one did 20 more in 60 s, so the last 40 take 120 s."""
    note = ProgressNote(pid=1, host="here", began=0, at=60, first=40, bars=(bar("study", 60, 100),))
    write_note(folder, note)
    assert read_note(folder) == note
    with study_lock(folder, timeout=0):
        assert study_progress(project, "tiny").seconds_left == pytest.approx(120)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"pid": 1}', '{"bars": [{"stage": 1}]}', NOTE % '"machines": {"on": "slurm"}'],
)
def test_a_damaged_file_is_none(project: Project, folder: Path, text: str) -> None:
    (folder / "progress.json").write_text(text)
    assert read_note(folder) is None
    assert study_progress(project, "tiny").state == "stopped"


@given(
    st.builds(
        Machines,
        on=st.sampled_from(["local", "ray", "ray:10.0.0.5:6379"]),
        workers=st.integers(1, 64),
        gpus=st.sampled_from([0.0, 0.25]),
        cache=st.none() | st.just(Path("/shared/features")),
        deterministic=st.booleans(),
    )
)
def test_where_it_is_computed_is_kept(tmp_path_factory: pytest.TempPathFactory, machines: Machines) -> None:
    folder = tmp_path_factory.mktemp("study")
    ProgressFile(folder, machines)(bar("study", 1))
    note = read_note(folder)
    assert note is not None
    assert note.machines == machines


def test_a_study_that_is_not_there_teaches(project: Project, folder: Path) -> None:
    with pytest.raises(ProjectError, match="Available: tiny"):
        study_progress(project, "../tiny")


def test_many_may_ask_at_once(project: Project, folder: Path) -> None:
    write_note(folder, ProgressNote(pid=1, host="elsewhere", began=0, at=0))
    study_lock(folder, timeout=0).acquire().lock.release()
    with ThreadPoolExecutor(8) as threads:
        states = list(threads.map(lambda _: study_progress(project, "tiny").state, range(200)))
    assert set(states) == {"stopped"}


def test_a_study_that_ends_or_begins_while_somebody_looks_is_no_stopped_one(
    project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ProgressNote(pid=1, host="here", began=0, at=0)
    (folder / "results").mkdir()
    (folder / "results" / "stages.json").write_text("{}")

    def ends(_: Path) -> bool:
        (folder / "progress.json").unlink(missing_ok=True)
        return False

    def begins(_: Path) -> bool:
        looks.append(None)
        write_note(folder, replace(asked, at=1))
        return len(looks) > 1

    looks: list[None] = []
    for meanwhile, state in ((ends, "finished"), (begins, "running")):
        write_note(folder, asked)
        monkeypatch.setattr("medgraft.workspace.kept.progress.is_running", meanwhile)
        assert study_progress(project, "tiny").state == state


def test_a_study_tells_how_far_it_is_and_leaves_no_trace(labelled: Callable[[], Project], tiny: Tiny) -> None:
    project = labelled()
    seen: list[StudyProgress] = []

    def look(progress: Progress) -> None:
        if progress.stage == "study":
            seen.append(study_progress(project, "tiny"))

    start_study(project, tiny(), report=look)
    assert {one.state for one in seen} == {"running"}
    done = [one.bars[0].done for one in seen]
    assert done == sorted(done)
    assert done[-1] == seen[-1].bars[0].total > 0
    assert study_progress(project, "tiny").state == "finished"
    assert not list((project.studies / "tiny").glob("*progress*"))


def test_the_file_is_plain_json(folder: Path) -> None:
    ProgressFile(folder)(bar("study", 1))
    plain = json.loads((folder / "progress.json").read_text())
    assert plain["bars"] == [{"stage": "study", "done": 1, "total": 10, "detail": ""}]
