"""What a project keeps only to be quicker: how much room it takes, and how that is freed."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from medgraft.core.errors import ProjectError
from medgraft.workspace.kept.lock import is_running
from medgraft.workspace.kept.study_list import all_states
from medgraft.workspace.project import Project

#: What is in the folder, by how names begin; the others are digests.
_KINDS = {"volumes-": "volumes", "gradcam": "Grad-CAM", "maps": "maps"}
_OTHERS = "frozen features"


@dataclass(frozen=True, kw_only=True)
class CachePart:
    """One kind of what is kept. bytes: on disk."""

    kind: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class ProjectCache:
    """What is kept, the largest part first. bytes: in all. cleared: whether it was deleted."""

    folder: str
    parts: tuple[CachePart, ...]
    bytes: int
    cleared: bool = False


def project_cache(project: Project) -> ProjectCache:
    """How much room the cache of a project takes."""
    return _cache(project, cleared=False)


def clear_cache(project: Project) -> ProjectCache:
    """Delete the cache of a project; gives what was there. What is needed again is computed again.

    Raises `ProjectError` while a study or a learning curve of the project runs.
    """
    check_at_rest(project)
    found = _cache(project, cleared=True)
    for path in _entries(project):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return found


def check_at_rest(project: Project) -> None:
    """Raise `ProjectError` while a study or a learning curve of a project runs, which reads its images and cache."""
    running = [state.name for state in all_states(project) if is_running(project.root / state.folder)]
    if running:
        raise ProjectError(
            f"Expected a project in which nothing runs, got {', '.join(running)} at work, reading from the cache. Do: "
            "wait for it, or stop it."
        )


def _cache(project: Project, *, cleared: bool) -> ProjectCache:
    sizes: dict[str, int] = {}
    for path in _entries(project):
        kind = next((kind for start, kind in _KINDS.items() if path.name.startswith(start)), _OTHERS)
        sizes[kind] = sizes.get(kind, 0) + bytes_of(path)
    parts = (CachePart(kind=kind, bytes=size) for kind, size in sorted(sizes.items(), key=lambda item: -item[1]))
    return ProjectCache(folder=str(project.cache), parts=tuple(parts), bytes=sum(sizes.values()), cleared=cleared)


def _entries(project: Project) -> Iterator[Path]:
    return project.cache.iterdir() if project.cache.is_dir() else iter(())


def bytes_of(path: Path) -> int:
    """What a file takes, or a folder with all that is in it."""
    return sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())
