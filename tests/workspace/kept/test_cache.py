"""The cache of a project is measured by kind and freed as a whole, but not under who reads from it."""

from pathlib import Path

import pytest

from medgraft.core.errors import ProjectError
from medgraft.workspace import Project
from medgraft.workspace.kept.cache import CachePart, clear_cache, project_cache
from medgraft.workspace.kept.lock import study_lock


@pytest.fixture
def filled(project: Project) -> Project:
    """As studies, learning curves and the app leave it."""
    sizes = {"volumes-0a/frontier.npy": 300, "volumes-0b/frontier.npy": 400, "volumes-0b.lock": 0}
    sizes |= {"0c/frontier.npy": 50, "gradcam/1.npy": 6, "maps/2.npy": 7}
    for name, size in sizes.items():
        path = project.cache / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    return project


def test_room_is_told_by_kind_the_largest_first(filled: Project) -> None:
    found = project_cache(filled)
    sizes = {"volumes": 700, "frozen features": 50, "maps": 7, "Grad-CAM": 6}
    assert found.parts == tuple(CachePart(kind=kind, bytes=size) for kind, size in sizes.items())
    assert (found.bytes, found.cleared) == (763, False)


def test_what_was_freed_is_told_and_nothing_else_is_touched(filled: Project, tmp_path: Path) -> None:
    filled.cache.rename(tmp_path / "larger disk")
    filled.cache.symlink_to(tmp_path / "larger disk", target_is_directory=True)
    others = {path: path.read_bytes() for path in (filled.root / "images").iterdir()}
    assert clear_cache(filled).bytes == 763
    assert project_cache(filled).parts == ()
    assert list((tmp_path / "larger disk").iterdir()) == []
    assert {path: path.read_bytes() for path in (filled.root / "images").iterdir()} == others


def test_a_project_without_a_cache_has_an_empty_one(project: Project) -> None:
    assert clear_cache(project).bytes == project_cache(project).bytes == 0


@pytest.mark.parametrize("file", ["studies/tiny/study.yaml", "curves/two/curve.yaml"])
def test_nothing_is_freed_under_who_reads_from_it(filled: Project, file: str) -> None:
    path = filled.root / file
    path.parent.mkdir(parents=True)
    path.touch()
    with study_lock(path.parent, timeout=0), pytest.raises(ProjectError, match=f"got {path.parent.name} at work"):
        clear_cache(filled)
    assert clear_cache(filled).bytes == project_cache(filled).bytes + 763
