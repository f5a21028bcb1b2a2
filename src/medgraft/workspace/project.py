"""A project: one folder with index, labels, pixels, runs and studies, that can be copied as a whole."""

import json
from dataclasses import dataclass
from pathlib import Path

from medgraft import __version__
from medgraft.cohort import Cohort
from medgraft.core.errors import ProjectError
from medgraft.core.files import AnyPath, whole_file
from medgraft.labels import LabelStore
from medgraft.workspace.stacks.erasing import decided, erase

#: The file that makes a folder a project, and the version of the folder's layout that this medgraft reads and writes.
PROJECT_FILE = "medgraft.json"
LAYOUT = 1

#: Models from elsewhere are PACKAGES/MODEL, as those of studies are STUDY/MODEL.
PACKAGES = "packages"


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project folder. Opening takes no lock: any number of programs may read while one writes.

    root: the folder, absolute. labels_url: where labels are, a path relative to `root` or a database URL.
    """

    root: Path
    labels_url: str = "project.db"

    @classmethod
    def create(cls, root: AnyPath, *, labels_url: str = "project.db") -> "Project":
        """A new project in a folder that is missing or empty.

        Raises `ProjectError` if the folder is a project already or holds other files.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Project.create(Path(folder, "heart")).root.name
        'heart'
        """
        root = Path(root).resolve()
        if is_project(root):
            raise ProjectError(f"Expected a new folder, got a project: {root}. Do: open it, or name another folder.")
        if root.exists() and not (root.is_dir() and _is_empty(root)):
            raise ProjectError(f"Expected a new or an empty folder for a project, got {root}. Do: name another folder.")
        root.mkdir(parents=True, exist_ok=True)
        _write(root / PROJECT_FILE, {"layout": LAYOUT, "created_by": f"medgraft {__version__}", "labels": labels_url})
        return cls(root=root, labels_url=labels_url)

    @classmethod
    def open(cls, root: AnyPath) -> "Project":
        """The project in a folder; a removal from it that was stopped midway is finished.

        Raises `ProjectError` if there is none, it is damaged, or of another layout.
        """
        root = Path(root).resolve()
        facts = _read(root / PROJECT_FILE)
        if facts.get("layout") != LAYOUT:
            raise ProjectError(
                f"Expected a project of layout {LAYOUT}, got layout {facts.get('layout')!r} in {root} "
                f"(written by {facts.get('created_by', 'an unknown version')}; this is medgraft {__version__}). "
                "Do: use the medgraft version that wrote it."
            )
        project = cls(root=root, labels_url=str(facts.get("labels", "project.db")))
        if (erasure := decided(root)) is not None:  # by somebody who was stopped before all was gone
            erase(root, erasure, project.cohort, project.labels)
        return project

    @classmethod
    def open_or_create(cls, root: AnyPath) -> "Project":
        """The project in a folder, made now if the folder is missing or empty."""
        return cls.open(root) if is_project(root) else cls.create(root)

    def cohort(self) -> Cohort:
        """The index of subjects and stacks, and their pixels."""
        return Cohort.open(self.root)

    def labels(self) -> LabelStore:
        """The label store, in the project's own database unless the project file names another."""
        elsewhere = "://" in self.labels_url
        return LabelStore.open(self.labels_url if elsewhere else self.root / self.labels_url)

    @property
    def cache(self) -> Path:
        """Where prefix activations are kept; may be deleted at any time."""
        return self.root / "cache"

    @property
    def runs(self) -> Path:
        """Where trials and fits are kept, one folder per content digest."""
        return self.root / "runs"

    @property
    def studies(self) -> Path:
        """Where studies are kept, one folder per name."""
        return self.root / "studies"

    @property
    def curves(self) -> Path:
        """Where learning curves are kept, one folder per name."""
        return self.root / "curves"

    @property
    def packages(self) -> Path:
        """Where models from elsewhere are kept, one folder per name."""
        return self.root / PACKAGES


def is_project(root: AnyPath) -> bool:
    """True if a folder carries a project file, whatever its state."""
    return Path(root, PROJECT_FILE).is_file()


def _is_empty(folder: Path) -> bool:
    return next(folder.iterdir(), None) is None


def _read(path: Path) -> dict[str, object]:
    if not path.is_file():
        raise ProjectError(
            f"Expected a project folder, got {path.parent} without {PROJECT_FILE}. "
            "Do: name a project, or make one: medgraft import SOURCE --project FOLDER."
        )
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ProjectError(f"Expected JSON in {path}, got a damaged file ({error}). Do: restore it.") from error
    if not isinstance(facts, dict):
        raise ProjectError(f"Expected a JSON object in {path}, got {type(facts).__name__}. Do: restore it.")
    return facts


def _write(path: Path, facts: dict[str, object]) -> None:
    with whole_file(path) as draft:
        draft.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
