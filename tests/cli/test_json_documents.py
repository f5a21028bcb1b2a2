"""Every JSON document of the program has exactly the keys that docs/reference/json.md promises."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from medgraft.cli.main import app

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "json.md"


def json_commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from json_commands(command, (*words, name))
        elif any("--json" in parameter.opts for parameter in command.params):
            yield " ".join((*words, name))


JSON_COMMANDS = set(json_commands(typer.main.get_command(app)))


def key_paths(value: object, prefix: str = "") -> set[str]:
    """The keys of a JSON document, for example {"stacks", "stacks[].id"}."""
    match value:
        case dict():
            inner = {f"{prefix}.{key}".lstrip("."): item for key, item in value.items()}
            return set(inner).union(*(key_paths(item, path) for path, item in inner.items()))
        case list():
            return set().union(*(key_paths(item, f"{prefix}[]") for item in value))
        case _:
            return set()


def documented_keys(name: str) -> tuple[set[str], set[str]]:
    """The key paths of a command's JSON, and those under which keys are data (written `path.*`)."""
    section = re.search(rf"^## `medgraft {name}`\n(.*?)(?=^## |\Z)", REFERENCE.read_text(), re.M | re.S)
    assert section, f"no section for {name}"
    rows = re.findall(r"^\| `([^`]+)` \|", section[1], re.M)
    return {row for row in rows if not row.endswith(".*")}, {row[:-2] for row in rows if row.endswith(".*")}


def is_documented(path: str, fixed: set[str], free: set[str]) -> bool:
    return path in fixed or any(path.startswith(f"{root}.") for root in free)


def test_json_documents_have_the_documented_keys(json_documents: dict[str, Any]) -> None:
    assert set(json_documents) == JSON_COMMANDS
    for name, document in json_documents.items():
        fixed, free = documented_keys(name)
        found = key_paths(document)
        assert not {path for path in found if not is_documented(path, fixed, free)}, f"undocumented keys of {name}"
        top = {path for path in fixed if "." not in path and "[" not in path}
        assert top == set(document), f"keys of {name}"


@pytest.fixture
def json_documents(medgraft: Callable[..., Any], tmp_path: Path) -> dict[str, Any]:
    """What every command with --json says about a project of phantoms, each building on those before it."""
    (tmp_path / "contours").mkdir()
    (tmp_path / "contours" / "IM-0001-0001-icontour-auto.txt").write_text("4 4\n12 4\n12 12\n4 12\n")
    documents: dict[str, Any] = {}
    for name, arguments in json_session(documents):
        done = medgraft(*name.split(), *arguments, "--json", cwd=tmp_path)
        assert done.code == 0, f"{name}: {done.err}"
        documents[name] = json.loads(done.out)
    return documents


def json_session(documents: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Commands with their arguments; each may use what those before it said."""
    here = ["--project", "heart"]
    yield "phantoms", ["scans", "--subjects", "2", "--size", "32", "--phases", "2"]
    yield "import", ["scans", *here]
    yield "cohort", here
    yield "notes", here
    stack = documents["cohort"]["stacks"][0]["id"]
    yield "correct", ["--stack", stack, "--base", "first", *here]
    yield "label from-masks", here
    yield "label status", here
    yield "label export", ["labels.csv", *here]
    yield "label import", ["labels.csv", *here]
    yield "networks", []
    # Contours speak about instance numbers, which DICOM has.
    yield "phantoms", ["cine", "--subjects", "1", "--size", "32", "--phases", "2", "--layout", "dicom"]
    yield "import", ["cine/dicom", "--project", "beating"]
    yield "label from-contours", ["contours", "--project", "beating"]
