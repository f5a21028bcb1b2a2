"""ModelPackage: a trained model with everything that is needed to use it, judge it and check it."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from torch import Tensor

from medgraft.core.contract import InputContract
from medgraft.core.errors import InputError, WeightsError
from medgraft.core.files import whole_folder
from medgraft.core.lineage import Lineage
from medgraft.core.task import Task
from medgraft.exchange.archive import opened_package
from medgraft.exchange.card import card_text
from medgraft.exchange.facts import CARD, VECTORS, WEIGHTS, PackageFacts, read_facts, write_facts
from medgraft.exchange.fingerprint import Fingerprint
from medgraft.exchange.rules import AnnotationRules
from medgraft.exchange.seen import Seen
from medgraft.exchange.tensors import read_tensors, tensors_digest, write_tensors
from medgraft.exchange.vectors import TestVectors, read_vectors, write_vectors
from medgraft.networks import spec
from medgraft.networks.classifier import Classifier, build
from medgraft.networks.model import Model
from medgraft.networks.segmenter import Segmenter, build_segmenter
from medgraft.recipe import Recipe, VolumeRecipe, recipe_from_dict, volume_recipe_from_dict

#: One grey channel in 0..1, as it is: what segmenters read.
AS_IT_IS = InputContract(size=0, channels=1, mean=(0.0,), std=(1.0,))

#: How a recipe is read, by the kind of its task.
_RECIPES: Mapping[str, Callable[[Mapping[str, Any]], Recipe | VolumeRecipe]] = {
    "classify": recipe_from_dict,
    "segment": volume_recipe_from_dict,
}

#: What a model of each kind is used with.
_USED_WITH = {"classify": "medgraft predict", "segment": "medgraft measure --model"}

#: Longest sides of a test vector of a network that reads any size: phases, and pixels of a side.
_PHASES, _SIDE = 4, 32

#: Voxels of one phase that a network reads at once, at most.
_MOST_VOXELS = 1 << 28

AnyModel = TypeVar("AnyModel", bound=Model)


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelPackage:
    """A trained model and how to use it: a classifier of slices, or a segmenter of volumes.

    network: its name in `networks`. size: side of a classifier's input in pixels; a segmenter's is in its recipe.
    contract: scaling of the input. recipe: from native images to the input; inference leaves the slot for augmentation
    empty. figures: headline figures as found when it was packed, by name. state: every tensor of the model. seen: the
    stacks it was trained on.

    What is added when it leaves (`workspace.models.packing`): notes, in the sender's words; the rules its masks were
    drawn by; the fingerprint of the training images; hashes of the subjects it has seen; test vectors.
    """

    name: str
    task: Task
    network: str
    size: int = 0
    contract: InputContract = AS_IT_IS
    recipe: Recipe | VolumeRecipe
    lineage: Lineage
    figures: Mapping[str, float]
    state: Mapping[str, Tensor]
    seen: Seen
    notes: str = ""
    rules: AnnotationRules | None = None
    fingerprint: Fingerprint | None = None
    vectors: TestVectors | None = None

    def __post_init__(self) -> None:
        """Raise `WeightsError` for volumes that nobody can hold."""
        if isinstance(self.recipe, VolumeRecipe) and math.prod(self.recipe.shape) > _MOST_VOXELS:
            raise WeightsError(
                f"Package {self.name} asks for volumes of {self.recipe.shape}: more than a machine can hold."
            )

    def model(self) -> Model:
        """The model, of either kind, in evaluation mode; raises as `classifier` and `segmenter` do."""
        return self.segmenter() if self.task.kind == "segment" else self.classifier()

    def classifier(self) -> Classifier:
        """The model of a package that classifies, in evaluation mode.

        Raises `WeightsError` for an unknown network, tensors of another one, or a package that segments.
        """
        self._check_kind("classify")
        n_classes, channels = len(self.task.codes), self.contract.channels
        return self._loaded(lambda: build(self.network, n_classes=n_classes, channels=channels, contract=self.contract))

    def segmenter(self) -> Segmenter:
        """The model of a package that segments, in evaluation mode.

        Raises `WeightsError` for an unknown network, tensors of another one, or a package that classifies.
        """
        self._check_kind("segment")
        n_classes, channels = len(self.task.codes), self.contract.channels
        return self._loaded(lambda: build_segmenter(self.network, n_classes=n_classes, channels=channels))

    @property
    def slice_recipe(self) -> Recipe:
        """The recipe of a package that classifies. Raises `WeightsError` for one that segments."""
        self._check_kind("classify")
        return cast("Recipe", self.recipe)

    @property
    def volume_recipe(self) -> VolumeRecipe:
        """The recipe of a package that segments. Raises `WeightsError` for one that classifies."""
        self._check_kind("segment")
        return cast("VolumeRecipe", self.recipe)

    @property
    def weights_digest(self) -> str:
        """What its tensors are: equal for equal tensors."""
        return tensors_digest(self.state)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(C, ...) of one input, as test vectors have it: a small one where the network reads any size."""
        if self.task.kind == "classify":
            return (1, self.size, self.size)
        sides = [_PHASES, *(min(side, _SIDE) for side in self.volume_recipe.shape)]
        return (self.contract.channels, *sides[-spec(self.network).dims :])

    def _check_kind(self, kind: str) -> None:
        if self.task.kind != kind:
            raise WeightsError(
                f"Expected a model that can {kind}, got {self.name}, made to {self.task.kind}. "
                f"Do: {_USED_WITH[self.task.kind]} uses such a model."
            )

    def _loaded(self, build_it: Callable[[], AnyModel]) -> AnyModel:
        try:
            model = build_it()
            _check_none_missing(model, self.state)
            model.load_state_dict(dict(self.state))
        except InputError as error:
            raise WeightsError(f"Package {self.name} cannot be used here: {error}") from error
        except RuntimeError as error:
            raise WeightsError(
                f"Package {self.name} says it is {self.network}, its tensors are not: {str(error)[:300]} ..."
            ) from error
        return model.eval()


def _check_none_missing(model: Model, state: Mapping[str, Tensor]) -> None:
    """Names are compared here: torch forgives a missing counter of a batch normalisation, and begins to count anew."""
    if missing := sorted(model.state_dict().keys() - state.keys()):
        raise RuntimeError(f"missing {', '.join(missing)}")


def write_package(package: ModelPackage, folder: Path) -> Path:
    """Write a package; the folder is whole or absent. An older package of the same name is replaced."""
    facts = package_facts(package)
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
        vectors = read_vectors(folder / VECTORS) if VECTORS in facts.files else None
        return _package(facts, read_tensors(folder / WEIGHTS), vectors)


#: Fields that a package and its facts have in common.
_SHARED = tuple(
    item.name for item in dataclasses.fields(PackageFacts) if item.name not in {"recipe", "figures", "files"}
)


def package_facts(package: ModelPackage) -> PackageFacts:
    """What a package says of itself, without its files. Figures that are no numbers are left out."""
    shared = {name: getattr(package, name) for name in _SHARED}
    figures = {name: float(value) for name, value in package.figures.items() if math.isfinite(value)}
    return PackageFacts(**shared, recipe=package.recipe.as_dict(), figures=figures)


def _package(facts: PackageFacts, state: Mapping[str, Tensor], vectors: TestVectors | None) -> ModelPackage:
    shared = {name: getattr(facts, name) for name in _SHARED}
    try:
        recipe = _RECIPES[facts.task.kind](facts.recipe)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"Package {facts.name} has a recipe that cannot be read: {error}.") from error
    return ModelPackage(**shared, recipe=recipe, figures=facts.figures, state=state, vectors=vectors)
