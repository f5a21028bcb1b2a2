"""The model packages of a project as cards: what each says of itself. Torch is not loaded, and no weights are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgraft.core.contract import InputContract
from medgraft.core.digest import file_digest
from medgraft.core.errors import InputError, WeightsError
from medgraft.core.lineage import Hop
from medgraft.core.task import ClassLabel
from medgraft.exchange import FACTS, WEIGHTS, read_facts
from medgraft.workspace.project import Project

#: Parts of a recipe in the order in which they are done.
_PARTS = ("before", "augment", "after")


@dataclass(frozen=True, kw_only=True)
class RecipeStep:
    """One step from a slice to the input. part: "before", "augment" (in training only) or "after"."""

    part: str
    name: str
    settings: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class PackageCard:
    """What a package says of itself.

    study, model: where it is, studies/STUDY/models/MODEL. title: the model's, for people. size: side of its input in
    pixels. classes, along_stack, reference: of its task, the rules it was annotated by. digest: of the file of these
    facts; weights_digest, weights_bytes: of its tensors. error: why it cannot be read, "" if it can.
    """

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


def package_cards(project: Project) -> tuple[PackageCard, ...]:
    """A card of every package that a study of the project left, by study and model."""
    return tuple(_card(path.parent) for path in sorted(project.studies.glob(f"*/models/*/{FACTS}")))


def package_card(project: Project, study: str, model: str) -> PackageCard:
    """One card. Raises `InputError` if there is no such package."""
    found = next((card for card in package_cards(project) if (card.study, card.model) == (study, model)), None)
    if found is None:
        raise InputError(f"Expected a model package of this project, got {study}/{model}. Available: see the models.")
    return found


def check_package(project: Project, study: str, model: str) -> PackageCheck:
    """Read a package's weights and compare their digest. Raises `InputError` if there is no such package."""
    card = package_card(project, study, model)
    weights = project.studies / card.study / "models" / card.model / WEIGHTS
    return PackageCheck(expected=card.weights_digest, found=file_digest(weights) if weights.is_file() else "")


def _card(folder: Path) -> PackageCard:
    study, model = folder.parents[1].name, folder.name
    try:
        facts = read_facts(folder)
    except (WeightsError, OSError) as error:
        return PackageCard(study=study, model=model, error=str(error))
    weights = folder / WEIGHTS
    return PackageCard(
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
