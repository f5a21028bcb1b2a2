"""What the program promises besides its results: exit codes, streams, where the project is, quick help."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medgraft import __version__
from medgraft.workspace import Project

Run = Callable[..., Any]
Start = Callable[..., "Popen[str]"]


def test_version(medgraft: Run, tmp_path: Path) -> None:
    done = medgraft("--version", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (0, f"medgraft {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["import"],
        ["import", "missing"],
        ["cohort", "--colour"],
        ["notes", "--kind", "funny"],
        ["correct"],
        ["correct", "--subject", "a"],
        ["correct", "--stack", "a", "--subject", "b"],
        ["correct", "--stack", "a", "--split", "test"],
        ["correct", "--subject", "a", "--base", "first"],
        ["correct", "--stack", "a", "--phase", "ed"],
        ["correct", "--stack", "a", "--phase", "ed=first"],
        ["correct", "--stack", "a", "--spacing", "8;1,4;1,4"],
        ["correct", "--subject", "a", "--spacing", "8,1.4"],
        ["import", ".", "--spacing", "eight"],
        ["remove", "--for-good"],
        ["import", ".", "--mask-codes", "1"],
        ["masks", "from-rtstruct", "missing"],
    ],
    ids=" ".join,
)
def test_a_command_line_that_is_not_understood_is_2(medgraft: Run, tmp_path: Path, arguments: list[str]) -> None:
    done = medgraft(*arguments, cwd=tmp_path)
    assert done.code == 2
    assert done.out == ""
    assert "Usage" in done.err
    assert not list(tmp_path.iterdir()), "nothing was begun"


@pytest.mark.parametrize(
    "arguments",
    [
        ["cohort"],
        ["cohort", "--json"],
        ["notes", "--project", "missing"],
        ["label", "status"],
        ["label", "from-masks", "--json"],
        ["import", ".", "--mask-classes", "heart"],
        ["masks", "repair"],
        ["networks", "no such network"],
        ["phantoms", "new", "--site", "nowhere"],
        ["phantoms", "new", "--layout", "ct-nifti", "--site", "a"],
    ],
    ids=" ".join,
)
def test_what_medgraft_cannot_do_is_1_and_one_message(medgraft: Run, tmp_path: Path, arguments: list[str]) -> None:
    done = medgraft(*arguments, cwd=tmp_path)
    assert done.code == 1
    assert done.out == ""
    assert done.err.startswith("error: Expected ")
    assert "Traceback" not in done.err


def test_what_the_machine_refuses_is_1_and_one_message(medgraft: Run, tmp_path: Path, scans: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    medgraft("import", scans, "--project", "heart", cwd=tmp_path)
    done = medgraft("label", "export", "file/labels.csv", "--project", "heart", cwd=tmp_path)
    assert done.code == 1
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err


def test_the_project_is_named_or_in_the_environment_or_here(medgraft: Run, tmp_path: Path, scans: Path) -> None:
    assert medgraft("import", scans, "--project", "heart", cwd=tmp_path).code == 0
    heart = tmp_path / "heart"
    asked = [
        medgraft("cohort", "--json", "--project", "heart", cwd=tmp_path),
        medgraft("cohort", "--json", "-P", heart, cwd=tmp_path),
        medgraft("cohort", "--json", cwd=tmp_path, MEDGRAFT_PROJECT=str(heart)),
        medgraft("cohort", "--json", cwd=heart),
    ]
    assert [done.code for done in asked] == [0, 0, 0, 0]
    assert len({done.out for done in asked}) == 1
    assert json.loads(asked[0].out)["subjects"] == 2


def test_several_subjects_are_corrected_at_once(medgraft: Run, tmp_path: Path, scans: Path) -> None:
    medgraft("import", scans, "--project", "heart", cwd=tmp_path)
    listed = json.loads(medgraft("cohort", "--project", "heart", "--json", cwd=tmp_path).out)["stacks"]
    named = [word for stack in listed for word in ("--subject", stack["subject"])]
    done = medgraft("correct", *named, "--split", "test", "--project", "heart", "--json", cwd=tmp_path)
    splits = {stack["subject"]: stack["split"] for stack in json.loads(done.out)["stacks"]}
    assert len(listed) > 1
    assert splits == {stack["subject"]: "test" for stack in listed}


def test_one_subject_has_figures_and_no_interval(medgraft: Run, tmp_path: Path) -> None:
    for words in (["phantoms", "one", "--subjects", 1, "--size", 32, "--phases", 2], ["import", "one", "-P", "heart"]):
        assert medgraft(*words, cwd=tmp_path).code == 0
    said = medgraft("sites", "agree", "heart", "heart", cwd=tmp_path).out
    assert "1.000" in said
    assert "nan" not in said


def test_a_user_without_a_name_owns_the_app_all_the_same(
    medgraft: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that runs under a number."""

    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    served: list[Any] = []
    monkeypatch.setattr("getpass.getuser", unknown)
    monkeypatch.setattr("medgraft.web.serve", lambda _project, settings, announce: served.append(settings))
    Project.create(tmp_path / "heart")
    assert medgraft("app", "-P", "heart", "--no-browser", cwd=tmp_path).code == 0
    assert served[0].owner == "reader"


def test_phases_without_a_figure_have_no_row(medgraft: Run, tmp_path: Path) -> None:
    """Pictures without a spacing, of whose wall only the inside is drawn."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("1.png", "2.png", "1_endo.png", "2_endo.png"):
        Image.fromarray(np.pad(np.full((6, 6), 200, np.uint8), 5)).save(pictures / name)
    rows = [f"{z}.png,A,ED,{z},{z}_endo.png" for z in (1, 2)]
    (pictures / "index.csv").write_text("\n".join(["path,subject,phase,slice,endocardium", *rows]))
    assert medgraft("import", pictures, "--short-axis", "--project", "flat", cwd=tmp_path).code == 0
    done = medgraft("measure", "--project", "flat", cwd=tmp_path)
    assert "unknown spacing" in done.out
    assert sum(line.startswith("subject ") for line in done.out.splitlines()) == 1, "no second table"


def test_rules_that_nobody_gave_have_no_table(medgraft: Run, tmp_path: Path, scans: Path) -> None:
    medgraft("import", scans, "--project", "heart", cwd=tmp_path)
    done = medgraft("sites", "agree", "heart", "heart", cwd=tmp_path)
    assert "myocardium" in done.out
    assert "differs" not in done.out


def test_json_is_one_document_and_nothing_else(medgraft: Run, tmp_path: Path, scans: Path) -> None:
    done = medgraft("import", scans, "--project", "heart", "--json", cwd=tmp_path)
    assert len(json.loads(done.out)["added"]) == 2
    assert done.err == "", "no bars where nobody watches"


def test_a_table_in_a_pipe_has_one_line_per_row(medgraft: Run, tmp_path: Path) -> None:
    lines = medgraft("networks", cwd=tmp_path, COLUMNS="20").out.splitlines()
    names = [row["name"] for row in json.loads(medgraft("networks", "--json", cwd=tmp_path).out)["networks"]]
    assert [line.split()[0] for line in lines[1:]] == names


#: Takes longer to load than help may take to answer.
HEAVY = {"fastapi", "matplotlib", "nibabel", "nicegui", "numpy", "pydicom", "scipy", "sklearn", "sqlalchemy", "torch"}


def test_help_answers_at_once(tmp_path: Path) -> None:
    """A clock would tell how busy the machine is: what is loaded tells how long it takes."""
    program = (
        "import sys; from medgraft.cli.main import main\n"
        "sys.argv = ['medgraft', '--help']\n"
        "try: main()\n"
        "except SystemExit: print(*(name for name in sys.modules if '.' not in name))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "label" in done.stdout
    assert set(done.stdout.splitlines()[-1].split()) & HEAVY == set()


def test_completion_is_offered(start: Start, tmp_path: Path) -> None:
    ask = {"_MEDGRAFT_COMPLETE": "complete_bash", "COMP_WORDS": "medgraft la", "COMP_CWORD": "1"}
    with start(cwd=tmp_path, **ask) as running:
        assert running.communicate()[0].split() == ["label"]


#: The program, which waits once it has stored three stacks.
WAITS = """
import time
from medgraft.cli.main import main
from medgraft.cohort import Cohort

def waiting(cohort, found, take=Cohort.take, **how):
    taken = take(cohort, found, **how)
    if len(cohort) == 3:
        print("waiting", flush=True)
        time.sleep(600)
    return taken

Cohort.take = waiting
main()
"""


@pytest.mark.slow
def test_interrupted_is_130_and_what_was_finished_is_kept(medgraft: Run, start: Start, tmp_path: Path) -> None:
    subjects = 5
    assert medgraft("phantoms", "scans", "--subjects", subjects, "--size", 48, "--phases", 2, cwd=tmp_path).code == 0
    with start("import", "scans", "--project", "heart", cwd=tmp_path, program=WAITS) as running:
        assert running.stdout.readline() == "waiting\n"
        running.send_signal(signal.SIGINT)
        said = running.communicate()[1]
    assert running.returncode == 130
    assert "Traceback" not in said
    kept = json.loads(medgraft("cohort", "--json", "--project", "heart", cwd=tmp_path).out)["subjects"]
    assert kept == 3
    assert medgraft("import", "scans", "--project", "heart", cwd=tmp_path).code == 0
    assert json.loads(medgraft("cohort", "--json", "--project", "heart", cwd=tmp_path).out)["subjects"] == subjects
