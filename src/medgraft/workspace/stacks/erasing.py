"""What is to be removed for good, written down before anything goes: who is killed has it finished by the next."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from medgraft.cohort import Cohort
from medgraft.core.database import is_read_only
from medgraft.core.errors import ProjectError
from medgraft.core.files import whole_file
from medgraft.core.progress import Progress, Report, silent
from medgraft.labels import LabelStore

#: In the project folder, from the moment that a removal is decided until all is gone.
_FILE = "removing.json"


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """Stacks by id, subjects of whom every stack goes, and when that was decided (UTC, ISO 8601)."""

    stacks: tuple[str, ...]
    subjects: tuple[str, ...]
    when: str


def decide(root: Path, erasure: Erasure) -> None:
    """From now on what is to go is gone, or will be when the project is opened."""
    with whole_file(root / _FILE) as draft:
        draft.write_text(json.dumps(asdict(erasure)), encoding="utf-8")


def decided(root: Path) -> Erasure | None:
    """What is to be removed from a project and is not gone yet; None in one that may not be written."""
    file = root / _FILE
    if not file.exists() or is_read_only(root / "project.db"):
        return None
    try:
        return Erasure(**{**(plain := json.loads(file.read_text(encoding="utf-8"))), **_tuples(plain)})
    except FileNotFoundError:
        return None  # another process finished it
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"Expected what is to be removed from the project in {_FILE}, got a damaged file: {error}. Do: delete it, "
            "and remove again what is still there."
        ) from error


def erase(
    root: Path,
    erasure: Erasure,
    cohort: Callable[[], Cohort],
    labels: Callable[[], LabelStore],
    report: Report = silent,
) -> None:
    """Remove what was decided, step by step; each may be done twice, by whom ever.

    Args:
        root: of the project.
        erasure: what goes.
        cohort: opens the index; pixels and masks go with it.
        labels: opens the labels, of which nothing of these stacks is given out any more.
        report: is told of each step.
    """
    steps: tuple[tuple[str, Callable[[], object]], ...] = (
        ("images and masks", lambda: _from_cohort(cohort, erasure)),
        ("labels", lambda: _from_labels(labels, erasure)),
        ("worklists", lambda: _from_worklists(root / "worklists", erasure)),
        ("cache", lambda: shutil.rmtree(root / "cache", ignore_errors=True)),
        ("done", lambda: (root / _FILE).unlink(missing_ok=True)),
    )
    for done, (name, step) in enumerate(steps, start=1):
        step()
        report(Progress(stage="remove", done=done, total=len(steps), detail=name))


def _tuples(plain: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(plain[name]) for name in ("stacks", "subjects")}


def _from_cohort(cohort: Callable[[], Cohort], erasure: Erasure) -> None:
    with cohort() as opened:
        opened.remove(erasure.stacks, erasure.subjects, when=erasure.when)


def _from_labels(labels: Callable[[], LabelStore], erasure: Erasure) -> None:
    with labels() as store:
        store.remove_stacks(erasure.stacks)


def _from_worklists(folder: Path, erasure: Erasure) -> None:
    """A list of nothing else goes as a whole."""
    for path in folder.glob("*.json"):
        listed = json.loads(path.read_text(encoding="utf-8"))
        left = [stack for stack in listed["stacks"] if stack not in erasure.stacks]
        if not left:
            path.unlink(missing_ok=True)
        elif left != listed["stacks"]:
            with whole_file(path) as draft:
                draft.write_text(json.dumps({**listed, "stacks": left}, indent=1, ensure_ascii=False) + "\n", "utf-8")
