"""ModelPackage: weights, network, input contract, recipe, task and lineage, with digests over everything."""

import dataclasses
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
from safetensors.torch import load_file, save_file
from torch import Tensor

from medgraft.core.contract import InputContract
from medgraft.core.digest import digest, file_digest
from medgraft.core.errors import InputError, WeightsError
from medgraft.core.lineage import Hop, Lineage
from medgraft.core.task import ClassLabel, Task
from medgraft.networks.classifier import Classifier, build
from medgraft.recipe import Recipe, recipe_from_dict

_FORMAT = 1
_WEIGHTS = "model.safetensors"
_FACTS = "package.json"


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelPackage:
    """A trained model and how to use it.

    network: its name in `networks`. size: side of the input in pixels. contract: scaling of the input. recipe: from a
    native slice to the input; inference leaves the slot for augmentation empty. figures: headline figures as found when
    it was packed, by name. state: every tensor of the model.
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


def write_package(package: ModelPackage, folder: Path) -> Path:
    """Write a package; the folder is whole or absent. An older package of the same name is replaced."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_file({name: value.contiguous() for name, value in package.state.items()}, partial / _WEIGHTS)
    facts = {
        "format": _FORMAT,
        "name": package.name,
        "task": dataclasses.asdict(package.task),
        "network": package.network,
        "size": package.size,
        "contract": dataclasses.asdict(package.contract),
        "recipe": package.recipe.as_dict(),
        "lineage": dataclasses.asdict(package.lineage),
        "figures": {name: float(value) for name, value in package.figures.items()},
        "weights_sha256": file_digest(partial / _WEIGHTS),
    }
    text = {**facts, "sha256": digest(facts)}
    (partial / _FACTS).write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    return partial.rename(folder)


def read_package(folder: Path) -> ModelPackage:
    """Read a package and check its digests.

    Raises:
        WeightsError: no package there, another format, or content that was altered or is damaged.
    """
    facts = _read_facts(folder)
    weights = folder / _WEIGHTS
    if not weights.is_file():
        raise WeightsError(f"Expected the weights of a model package in {weights}, found no such file.")
    if file_digest(weights) != facts.get("weights_sha256"):
        raise WeightsError(f"The weights in {weights} are not those that were packed: the file was altered or damaged.")
    try:
        return ModelPackage(
            name=facts["name"],
            task=_task(facts["task"]),
            network=facts["network"],
            size=facts["size"],
            contract=_contract(facts["contract"]),
            recipe=recipe_from_dict(facts["recipe"]),
            lineage=_lineage(facts["lineage"]),
            figures=facts["figures"],
            state=load_file(weights),
        )
    except (KeyError, TypeError, ValueError, AttributeError, safetensors.SafetensorError) as error:
        raise WeightsError(f"Expected a model package in {folder}, got one that cannot be read: {error}.") from error


def _read_facts(folder: Path) -> dict[str, Any]:
    path = folder / _FACTS
    if not path.is_file():
        raise WeightsError(
            f"Expected a model package (a folder with {_FACTS} and {_WEIGHTS}), found none at {folder}. "
            "Studies leave theirs under studies/NAME/models/."
        )
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        claimed = facts.pop("sha256")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"Expected a package's facts in {path}, got a damaged file: {error}.") from error
    if facts.get("format") != _FORMAT:
        raise WeightsError(f"Expected a package of format {_FORMAT} in {folder}, got {facts.get('format')!r}.")
    if digest(facts) != claimed:
        raise WeightsError(f"The facts in {path} are not those that were packed: the file was altered or damaged.")
    return dict(facts)


def _task(data: dict[str, Any]) -> Task:
    classes = tuple(ClassLabel(**item) for item in data["classes"])
    return Task(
        **{**data, "classes": classes, "along_stack": tuple(data["along_stack"]), "phases": tuple(data["phases"])}
    )


def _contract(data: dict[str, Any]) -> InputContract:
    return InputContract(**{**data, "mean": tuple(data["mean"]), "std": tuple(data["std"])})


def _lineage(data: dict[str, Any]) -> Lineage:
    return Lineage(hops=tuple(Hop(**{**hop, "stages": tuple(hop["stages"])}) for hop in data["hops"]))
