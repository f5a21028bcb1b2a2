"""ModelPackage: a trained model with everything that is needed to use it, judge it and check it."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from medgraft.core.contract import InputContract
from medgraft.core.digest import digest
from medgraft.core.errors import InputError, WeightsError
from medgraft.core.lineage import Lineage
from medgraft.core.task import Task
from medgraft.exchange.archive import opened_package
from medgraft.exchange.card import card_text
from medgraft.exchange.facts import CARD, VECTORS, WEIGHTS, PackageFacts, check_files, read_facts, write_facts
from medgraft.exchange.fingerprint import Fingerprint
from medgraft.exchange.folder import whole_folder
from medgraft.exchange.rules import AnnotationRules
from medgraft.exchange.subjects import SubjectHashes
from medgraft.exchange.tensors import read_tensors, write_tensors
from medgraft.exchange.vectors import TestVectors, read_vectors, write_vectors
from medgraft.networks.classifier import Classifier, build
from medgraft.recipe import Recipe, recipe_from_dict


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelPackage:
    """A trained model and how to use it.

    network: its name in `networks`. size: side of the input in pixels. contract: scaling of the input. recipe: from a
    native slice to the input; inference leaves the slot for augmentation empty. figures: headline figures as found when
    it was packed, by name. state: every tensor of the model. stacks: ids of the stacks it was trained on (digests of
    their content).

    What is added when it leaves (`workspace.packing`): notes, in the sender's words; the rules its masks were drawn by;
    the fingerprint of the training images; hashes of their subjects; test vectors.
    """

    name: str
    task: Task
    network: str
    size: int
    contract: InputContract
    recipe: Recipe
    lineage: Lineage
    figures: Mapping[str, float]
    state: Mapping[str, Tensor]
    stacks: tuple[str, ...] = ()
    notes: str = ""
    rules: AnnotationRules | None = None
    fingerprint: Fingerprint | None = None
    subjects: SubjectHashes | None = None
    vectors: TestVectors | None = None

    def model(self) -> Classifier:
        """The model, in evaluation mode. Raises `WeightsError` for an unknown network or tensors of another one."""
        try:
            model = build(
                self.network,
                n_classes=len(self.task.codes),
                channels=self.contract.channels,
                contract=self.contract,
            )
            model.load_state_dict(dict(self.state))
        except InputError as error:
            raise WeightsError(f"Package {self.name} cannot be used here: {error}") from error
        except RuntimeError as error:
            raise WeightsError(
                f"Package {self.name} says it is {self.network}, its tensors are not: {str(error)[:300]} ..."
            ) from error
        return model.eval()

    @property
    def weights_digest(self) -> str:
        """What its tensors are: equal for equal tensors."""
        return digest({name: value.numpy() for name, value in self.state.items()})

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(C, ...) of one input, as test vectors have it: a small one where the network reads any size."""
        return (1, self.size, self.size)


def write_package(package: ModelPackage, folder: Path) -> Path:
    """Write a package; the folder is whole or absent. An older package of the same name is replaced."""
    facts = _facts(package)
    with whole_folder(folder) as draft:
        write_tensors(package.state, draft / WEIGHTS)
        if package.vectors is not None:
            write_vectors(package.vectors, draft / VECTORS)
        (draft / CARD).write_text(card_text(facts), encoding="utf-8")
        write_facts(facts, draft)
    return folder


def read_package(path: Path) -> ModelPackage:
    """Read a package, a folder or a file NAME.medgraft, and check its digests. No code of it is run.

    Raises:
        WeightsError: no package there, another format, or content that was altered or is damaged.
    """
    with opened_package(path) as folder:
        facts = read_facts(folder)
        check_files(folder, facts)
        vectors = read_vectors(folder / VECTORS) if VECTORS in facts.files else None
        return _package(facts, read_tensors(folder / WEIGHTS), vectors)


#: Fields that a package and its facts have in common.
_SHARED = tuple(
    item.name for item in dataclasses.fields(PackageFacts) if item.name not in {"recipe", "figures", "files"}
)


def _facts(package: ModelPackage) -> PackageFacts:
    shared = {name: getattr(package, name) for name in _SHARED}
    figures = {name: float(value) for name, value in package.figures.items() if math.isfinite(value)}
    return PackageFacts(**shared, recipe=package.recipe.as_dict(), figures=figures)


def _package(facts: PackageFacts, state: Mapping[str, Tensor], vectors: TestVectors | None) -> ModelPackage:
    shared = {name: getattr(facts, name) for name in _SHARED}
    try:
        recipe = recipe_from_dict(facts.recipe)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"Package {facts.name} has a recipe that cannot be read: {error}.") from error
    return ModelPackage(**shared, recipe=recipe, figures=facts.figures, state=state, vectors=vectors)
