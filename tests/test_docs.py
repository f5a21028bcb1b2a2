"""The documentation is true: its code runs, its links lead somewhere, every command and JSON key is in it.

A Markdown file is one session in an empty folder: its Python and shell blocks run from top to bottom. A block that
cannot run here carries `<!-- not run: reason -->` on the line before it.
"""

import doctest
import os
import re
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer
import yaml

from medgraft.cli.main import app
from medgraft.study import model_plans, parse_study
from medgraft.study.curve import parse_curve, read_curve_file
from medgraft.workspace.studies.request import read_study

from .warm_program import warm_program

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"(?:<!-- not run: (?P<reason>[^\n]*?) -->\n+)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
SHELL = {"bash", "console", "sh", "shell"}
SHOWN_ONLY = {"", "text", "json", "csv", "yaml", "toml"}


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    kind: str
    text: str
    line: int
    reason: str | None


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(match["kind"], match["text"], text[: match.start("text")].count("\n") + 1, match["reason"])
        for match in FENCE.finditer(text)
    ]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


RUN = [page for page in PAGES if any(b.kind in {"python", *SHELL} and b.reason is None for b in blocks_of(page))]


def run_python(block: Block, names: dict[str, Any], where: str) -> None:
    if ">>>" not in block.text:
        exec(compile("\n" * (block.line - 1) + block.text, where, "exec"), names)
        return
    test = doctest.DocTestParser().get_doctest(block.text, names, where, where, block.line)
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append, clear_globs=False)
    names.update(test.globs)
    assert not result.failed, "".join(said)


def run_shell(block: Block, folder: Path) -> None:
    lines = block.text.splitlines()
    if block.kind == "console":
        lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"line {block.line}: {done.stderr}"


def run_page(page: Path, folder: Path) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks_of(page):
        if block.reason is not None:
            continue
        if block.kind == "python":
            run_python(block, names, f"{name_of(page)} line {block.line}")
        elif block.kind in SHELL:
            run_shell(block, folder)


@pytest.fixture(scope="module")
def program() -> Iterator[Path]:
    """The folder of a `medgraft` that starts at once."""
    with tempfile.TemporaryDirectory() as folder, warm_program(Path(folder)) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_code_on_a_page_runs(page: Path, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # The program, then those of this environment, come first, also for programs that a page starts.
    places = [program, Path(sys.executable).parent, os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, places)))
    run_page(page, tmp_path)


def test_a_page_that_is_wrong_is_found(tmp_path: Path) -> None:
    page = ROOT / "wrong.md"
    for text in (">>> 1 + 1\n3\n", "raise ValueError\n"):
        block = Block("python", text, 1, None)
        with pytest.raises((AssertionError, ValueError)):
            run_python(block, {}, page.name)
    with pytest.raises(AssertionError):
        run_shell(Block("bash", "medgraft cohort --project nowhere\n", 1, None), tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_blocks_are_of_a_known_kind_and_have_a_reason_if_they_do_not_run(page: Path) -> None:
    for block in blocks_of(page):
        assert block.kind in {"python", *SHELL, *SHOWN_ONLY}, f"line {block.line}: unknown kind {block.kind!r}"
        assert block.reason is None or len(block.reason) > 10, f"line {block.line}: say why it is not run"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for match in LINK.finditer(FENCE.sub("", page.read_text())):
        target, _, anchor = unquote(match["target"]).partition("#")
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        other = (page.parent / target).resolve() if target else page
        if not other.exists() or (anchor and anchor not in anchors_of(other)):
            broken.append(match["target"])
    assert not broken


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = [unquote(m["target"]).partition("#")[0] for m in LINK.finditer(page.read_text())]
        waiting += [(page.parent / t).resolve() for t in targets if t and (page.parent / t).is_file()]
    assert set(PAGES) <= seen, "pages that no page leads to"


@pytest.mark.slow
def test_the_tutorial_in_python_runs(tmp_path: Path) -> None:
    program = [sys.executable, str(ROOT / "docs" / "tutorial" / "first_study.py")]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "heart" / "studies" / "first" / "report" / "report.html").is_file()
    assert list((tmp_path / "sheets").glob("*.png"))


@pytest.mark.parametrize("page", ["study-file.md", "curve-file.md"])
def test_pages_of_settings_have_every_key_as_the_program_knows_it(page: str) -> None:
    reference = ROOT / "docs" / "reference"
    script = runpy.run_path(str(reference / "setting_tables.py"))
    assert (reference / page).read_text() == script["page_with_tables"](page), "python docs/reference/setting_tables.py"


def test_the_study_of_the_paper_has_its_models() -> None:
    study = read_study(ROOT / "docs" / "studies" / "ho-kim-2021.yaml")
    plans = model_plans(study)
    pretrained = [plan for plan in plans if plan.weights != "random"]
    assert (len(pretrained), len(plans)) == (9, 12)
    assert sum(len(plan.stages) for plan in plans) == 21, "rows of Table 2"
    assert {tuple(stage.depth for stage in plan.stages) for plan in plans} == {(0, 1), ("all",)}
    assert study.staging == "per-fold", "the paper's way is a comment"


def test_the_curve_of_the_paper_is_the_papers() -> None:
    curve = read_curve_file(ROOT / "docs" / "studies" / "gupta-2020.yaml")
    assert curve.sizes == (5, 10, 15, 20, 25, 30)
    assert (curve.epochs, curve.decay.factor, curve.spacing) == (500, 0.9, 1.0)
    assert {arm.start: arm.rates for arm in curve.arms.values()} == {
        "normal": (1e-3,),
        "random": (1e-3,),
        "package": (1e-4,),
    }


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_study_files_on_a_page_are_valid(page: Path) -> None:
    for block in blocks_of(page):
        if block.kind == "yaml":
            data = yaml.safe_load(block.text)
            assert parse_curve(data) if "shape" in data else parse_study({"networks": ["vgg16"], **data})


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """("label status", command) for every command of the program."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


COMMANDS = dict(commands(typer.main.get_command(app)))


def section(page: Path, heading: str) -> str:
    """The text under a heading "## `medgraft ...`" up to the next of its kind."""
    match = re.search(rf"^## `{re.escape(heading)}`\n(.*?)(?=^## |\Z)", page.read_text(), re.M | re.S)
    assert match, f"{name_of(page)} has no section {heading!r}"
    return match[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_documented_with_all_its_options(name: str) -> None:
    text = section(ROOT / "docs" / "reference" / "cli.md", f"medgraft {name}")
    options = {option for p in COMMANDS[name].params for option in p.opts if option.startswith("--")} - {"--help"}
    shared = {"--project", "--json"}
    written = set(re.findall(r"^\| `(?:-\w, )?(--[\w-]+)", text, re.M))
    assert written == options - shared
    assert f"medgraft {name}" in text.replace("\n", " "), "an example"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_help_has_examples_that_name_it(name: str) -> None:
    examples = (COMMANDS[name].help or "").partition("Examples:")[2].split("\n")
    lines = [line.strip() for line in examples if line.strip()]
    assert lines
    assert all(line.startswith(f"medgraft {name}") for line in lines)
    assert all(len(line) <= 76 for line in lines), "fits a terminal of 80 columns"


def test_the_reference_has_no_command_that_is_gone() -> None:
    text = (ROOT / "docs" / "reference" / "cli.md").read_text()
    assert set(re.findall(r"^## `medgraft ([^`]+)`$", text, re.M)) == set(COMMANDS)
