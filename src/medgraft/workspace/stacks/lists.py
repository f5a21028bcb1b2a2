"""Named lists of stacks to be looked at: made on the map with a lasso, or from errors, and read on the Label page."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from medgraft.core.digest import short_id
from medgraft.core.errors import InputError, NotFoundError, ProjectError
from medgraft.core.files import whole_file
from medgraft.workspace.project import Project

_LONGEST_NAME = 80


@dataclass(frozen=True, kw_only=True)
class StackList:
    """Some stacks in an order, with a name. by, at: who made it, when (UTC). why: where it comes from, for people."""

    id: str
    name: str
    stacks: tuple[str, ...]
    by: str
    at: str
    why: str = ""


def make_stack_list(project: Project, name: str, stacks: Sequence[str], *, by: str, why: str = "") -> StackList:
    """Keep a list; a list of the same name is replaced. It is on disk when this returns.

    Raises `InputError` for an empty or too long name, no stacks, or one that the project does not have.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= _LONGEST_NAME:
        raise InputError(f"Expected a name of 1 to {_LONGEST_NAME} letters, got {len(name)}.")
    wanted = tuple(dict.fromkeys(stacks))
    with project.cohort() as cohort:
        known = {entry.id for entry in cohort.entries()}
    strange = [stack for stack in wanted if stack not in known]
    if strange or not wanted:
        raise InputError(f"Expected stacks of this project, got {strange[0] if strange else 'none'!r}.")
    made = StackList(
        id=short_id(name), name=name, stacks=wanted, by=by, at=datetime.now(UTC).isoformat(timespec="seconds"), why=why
    )
    _write(_folder(project) / f"{made.id}.json", made)
    return made


def stack_lists(project: Project) -> tuple[StackList, ...]:
    """All lists, the newest first."""
    found = (_read(path) for path in _folder(project).glob("*.json"))
    return tuple(sorted(found, key=lambda item: (item.at, item.id), reverse=True))


def stack_list(project: Project, id: str) -> StackList:  # noqa: A002 - the field's own name
    """A list by its id. Raises `ProjectError` for an unknown one."""
    found = {item.id: item for item in stack_lists(project)}
    if id not in found:
        raise NotFoundError(
            f"Expected a worklist of this project, got {id!r}. Available: {', '.join(found) or 'none'}."
        )
    return found[id]


def forget_stack_list(project: Project, id: str) -> None:  # noqa: A002 - the field's own name
    """Remove a list; its stacks and their labels stay. Raises `ProjectError` for an unknown one."""
    (_folder(project) / f"{stack_list(project, id).id}.json").unlink(missing_ok=True)


def _folder(project: Project) -> Path:
    return project.root / "worklists"


def _write(path: Path, made: StackList) -> None:
    with whole_file(path) as draft:
        draft.write_text(json.dumps(asdict(made), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _read(path: Path) -> StackList:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        return StackList(**{**plain, "stacks": tuple(plain["stacks"])})
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"Expected a worklist in {path.name}, got a damaged file: {error}. Do: delete it."
        ) from error
