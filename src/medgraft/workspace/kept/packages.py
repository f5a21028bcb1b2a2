"""The model packages of a project as cards: what each says of itself. Torch is not loaded, and no weights are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from medgraft.core.contract import InputContract
from medgraft.core.digest import file_digest
from medgraft.core.errors import NotFoundError, WeightsError
from medgraft.core.lineage import Hop
from medgraft.core.task import ClassLabel
from medgraft.exchange import FACTS, WEIGHTS, read_facts
from medgraft.workspace.project import Project

#: Parts of a recipe in the order in which they are done.
_PARTS = ("before", "augment", "after")

#: What left a package, by the folder of the project that it is in.
_KINDS: Mapping[str, Literal["study", "curve"]] = {"studies": "study", "curves": "curve"}


@dataclass(frozen=True, kw_only=True)
class RecipeStep:
    """One step from a slice to the input. part: "before", "augment" (in training only) or "after"."""

    part: str
    name: str
    settings: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class PackageCard:
    """What a package says of itself.

    kind, study, model: where it is, studies/STUDY/models/MODEL or curves/STUDY/models/MODEL. title: the model's, for
    people. size: side of its input in pixels. classes, along_stack, reference: of its task, the rules it was annotated
    by. digest: of the file of these facts; weights_digest, weights_bytes: of its tensors. error: why it cannot be read,
    "" if it can.
    """

    kind: Literal["study", "curve"]
    study: str
    model: str
    title: str = ""
    task: str = ""
    classes: tuple[ClassLabel, ...] = ()
    along_stack: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    reference: str = ""
    network: str = ""
    size: int = 0
    contract: InputContract | None = None
    recipe: tuple[RecipeStep, ...] = ()
    lineage: tuple[Hop, ...] = ()
    digest: str = ""
    weights_digest: str = ""
    weights_bytes: int = 0
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class PackageCheck:
    """Whether a package's weights are those that were packed. found: their digest now."""

    expected: str
    found: str

    @property
    def intact(self) -> bool:
        """Whether nothing was altered or damaged."""
        return self.expected == self.found


def package_folders(project: Project) -> dict[str, Path]:
    """Every package that a study or a learning curve of the project left, by STUDY/MODEL or CURVE/MODEL."""
    found = [path.parent for home in (project.curves, project.studies) for path in home.glob(f"*/models/*/{FACTS}")]
    folders = {f"{folder.parents[1].name}/{folder.name}": folder for folder in found}
    return dict(sorted(folders.items()))


def package_folder(project: Project, study: str, model: str) -> Path:
    """One package of a study or a learning curve. Raises `NotFoundError`, with those there are, if there is no such."""
    kept = package_folders(project)
    folder = kept.get(f"{study}/{model}")
    if folder is None:
        available = ", ".join(kept) or "none"
        raise NotFoundError(f"Expected a model package of this project, got {study}/{model}. Available: {available}.")
    return folder


def package_cards(project: Project) -> tuple[PackageCard, ...]:
    """A card of every package of the project, by study or curve and model."""
    return tuple(map(_card, package_folders(project).values()))


def package_card(project: Project, study: str, model: str) -> PackageCard:
    """One card. Raises `NotFoundError` if there is no such package."""
    return _card(package_folder(project, study, model))


def check_package(project: Project, study: str, model: str) -> PackageCheck:
    """Read a package's weights and compare their digest. Raises `NotFoundError` if there is no such package."""
    folder = package_folder(project, study, model)
    weights = folder / WEIGHTS
    found = file_digest(weights) if weights.is_file() else ""
    return PackageCheck(expected=_card(folder).weights_digest, found=found)


def _card(folder: Path) -> PackageCard:
    study, model = folder.parents[1].name, folder.name
    kind = _KINDS[folder.parents[2].name]
    try:
        facts = read_facts(folder)
    except (WeightsError, OSError) as error:
        return PackageCard(kind=kind, study=study, model=model, error=str(error))
    weights = folder / WEIGHTS
    return PackageCard(
        kind=kind,
        study=study,
        model=model,
        title=facts.name.removeprefix(f"{study}: "),
        task=facts.task.name,
        classes=facts.task.classes,
        along_stack=facts.task.along_stack,
        phases=facts.task.phases,
        reference=facts.task.reference,
        network=facts.network,
        size=facts.size,
        contract=facts.contract,
        recipe=recipe_steps(facts.recipe),
        lineage=facts.lineage.hops,
        digest=file_digest(folder / FACTS),
        weights_digest=facts.files[WEIGHTS].sha256,
        weights_bytes=facts.files[WEIGHTS].bytes,
        error="" if weights.is_file() else "its weights are missing",
    )


def recipe_steps(recipe: Mapping[str, Any]) -> tuple[RecipeStep, ...]:
    """The steps of a recipe of slices; a recipe of volumes is one step with its settings."""
    if not set(recipe) <= set(_PARTS):
        return (RecipeStep(part="before", name="volume", settings=recipe),)
    return tuple(_step(part, step) for part in _PARTS for step in recipe.get(part, []))


def _step(part: str, step: Mapping[str, object]) -> RecipeStep:
    settings = {name: value for name, value in step.items() if name != "step"}
    return RecipeStep(part=part, name=str(step["step"]), settings=settings)
