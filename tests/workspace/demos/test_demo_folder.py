"""A demonstration writes into no folder that holds somebody's work."""

from collections.abc import Callable
from pathlib import Path

import pytest

from medgraft.core.errors import ProjectError
from medgraft.workspace import Project
from medgraft.workspace.demos.demo_folder import DEMO_FILE, open_demo_folder
from medgraft.workspace.demos.one_clinic import demonstrate
from medgraft.workspace.demos.two_sites import demonstrate_two_sites

DEMONSTRATIONS = {"packed graft": demonstrate, "two-site": demonstrate_two_sites}


def of_a_thesis(root: Path) -> None:
    """What the demonstrations call a folder, with something else in it."""
    for name in ("hospital", "site-1"):
        (root / name).mkdir(parents=True)
        (root / name / "thesis.txt").write_text("mine")


def of_projects(root: Path) -> None:
    """Projects of the names that the demonstrations give theirs."""
    for name in ("clinic", "site-2"):
        Project.create(root / name)


#: How a folder comes to be that is not a demonstration's.
OTHERS: dict[str, Callable[[Path], object]] = {
    "project": Project.create,
    "thesis": of_a_thesis,
    "projects": of_projects,
    "older demonstration": lambda root: open_demo_folder(root, "graft"),
    "other demonstration": lambda root: open_demo_folder(root, "another"),
}


def contents(root: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in root.rglob("*")}


@pytest.mark.parametrize("make", OTHERS.values(), ids=list(OTHERS))
@pytest.mark.parametrize("which", DEMONSTRATIONS)
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, which: str, make: Callable[[Path], object]) -> None:
    make(tmp_path / "here")
    before = contents(tmp_path)
    with pytest.raises(ProjectError, match=f"demonstration {which} began.* name another folder"):
        DEMONSTRATIONS[which](tmp_path / "here")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("which", DEMONSTRATIONS)
def test_one_that_was_begun_is_gone_on_with(tmp_path: Path, which: str) -> None:
    open_demo_folder(tmp_path / "here", which)
    (tmp_path / "here" / "site-1").mkdir()
    open_demo_folder(tmp_path / "here", which)
    assert (tmp_path / "here" / DEMO_FILE).read_text() == which
