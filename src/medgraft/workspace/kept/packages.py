"""The model packages of a project as cards: what each says of itself. Torch is not loaded, and no weights are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from medgraft.core.contract import InputContract
from medgraft.core.digest import file_digest
from medgraft.core.errors import NotFoundError, WeightsError
from medgraft.core.lineage import Hop
from medgraft.core.task import ClassLabel
from medgraft.exchange import FACTS, QUESTIONS, WEIGHTS, AnnotationRules, Fingerprint, read_facts
from medgraft.workspace.kept.study_results import Figure
from medgraft.workspace.project import PACKAGES, Project

#: Parts of a recipe in the order in which they are done.
_PARTS = ("before", "augment", "after")

#: How a package's figures name the two ends of another's interval, and how many subjects all of them speak about.
LOWER, UPPER, SUBJECTS = ", lower end of 95 % interval", ", upper end of 95 % interval", "test subjects"

#: What left a package.
Origin = Literal["study", "curve", "elsewhere"]

#: The same, by the folder of the project that holds it.
_ORIGINS: Mapping[str, Origin] = {"studies": "study", "curves": "curve"}


@dataclass(frozen=True, kw_only=True)
class RecipeStep:
    """One step from a slice to the input. part: "before", "augment" (in training only) or "after"."""

    part: str
    name: str
    settings: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class PackageCard:
    """What a package says of itself.

    kind, study, model: where it is, studies/STUDY/models/MODEL, curves/STUDY/models/MODEL or STUDY/MODEL, where STUDY
    is packages, whose models are from elsewhere. title: the model's, for people. size: side of its input in pixels.
    classes, along_stack, reference: of its task; the last is where it is described. figures: as they were when it was
    written; subjects: that they speak about, 0 where it does not say. rules: that its masks were drawn by, question to
    answer; fingerprint: of the images it was trained on; a package brings both once it was packed. digest: of the file
    of these facts; weights_digest, weights_bytes: of its tensors. error: why it cannot be read, "" if it can.
    """

    kind: Origin
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
    figures: Mapping[str, Figure] = field(default_factory=dict)
    subjects: int = 0
    rules: Mapping[str, str] = field(default_factory=dict)
    fingerprint: Fingerprint | None = None
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
    """Every package of the project, by STUDY/MODEL, CURVE/MODEL, or packages/MODEL of those from elsewhere."""
    left = [path.parent for home in (project.curves, project.studies) for path in home.glob(f"*/models/*/{FACTS}")]
    arrived = [path.parent for path in project.packages.glob(f"*/{FACTS}")]
    return dict(sorted((f"{_origin(folder)[1]}/{folder.name}", folder) for folder in left + arrived))


def package_folder(project: Project, study: str, model: str) -> Path:
    """One package of the project. Raises `NotFoundError`, with those there are, if there is no such."""
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


def _origin(folder: Path) -> tuple[Origin, str]:
    """What left a package, and its name."""
    if folder.parent.name == PACKAGES:
        return "elsewhere", PACKAGES
    return _ORIGINS[folder.parents[2].name], folder.parents[1].name


def _card(folder: Path) -> PackageCard:
    (kind, study), model = _origin(folder), folder.name
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
        figures=stated_figures(facts.figures),
        subjects=int(facts.figures.get(SUBJECTS, 0)),
        rules=_rules(facts.rules),
        fingerprint=facts.fingerprint,
        digest=file_digest(folder / FACTS),
        weights_digest=facts.files[WEIGHTS].sha256,
        weights_bytes=facts.files[WEIGHTS].bytes,
        error="" if weights.is_file() else "its weights are missing",
    )


def stated_figures(figures: Mapping[str, float]) -> dict[str, Figure]:
    """A package's figures by name, each with its interval where both ends are there.

    >>> stated_figures({"Dice": 0.8, f"Dice{LOWER}": 0.7, f"Dice{UPPER}": 0.9, SUBJECTS: 8})
    {'Dice': Figure(value=0.8, low=0.7, high=0.9)}
    """
    return {
        name: Figure(value=value, low=figures.get(name + LOWER), high=figures.get(name + UPPER))
        for name, value in figures.items()
        if name != SUBJECTS and not name.endswith((LOWER, UPPER))
    }


def _rules(rules: AnnotationRules | None) -> dict[str, str]:
    if rules is None:
        return {}
    return {question.text: rules.answers[question.key] for question in QUESTIONS} | dict(rules.more)


def recipe_steps(recipe: Mapping[str, Any]) -> tuple[RecipeStep, ...]:
    """The steps of a recipe of slices; a recipe of volumes is one step with its settings."""
    if not set(recipe) <= set(_PARTS):
        return (RecipeStep(part="before", name="volume", settings=recipe),)
    return tuple(_step(part, step) for part in _PARTS for step in recipe.get(part, []))


def _step(part: str, step: Mapping[str, object]) -> RecipeStep:
    settings = {name: value for name, value in step.items() if name != "step"}
    return RecipeStep(part=part, name=str(step["step"]), settings=settings)
