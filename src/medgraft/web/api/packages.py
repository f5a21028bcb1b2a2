"""Models: the cards of the packages that studies left, whether they are intact, and whether new stacks suit them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from medgraft.web.api.models import Answer
from medgraft.web.api.stacks import PlaceOf
from medgraft.workspace.model_packages import PackageCard, check_package, package_card, package_cards
from medgraft.workspace.stack_fit import stack_fit

routes = APIRouter(prefix="/models", tags=["models"])


class HopView(Answer):
    """One step of a model's life."""

    what: str
    weights_digest: str
    data_digest: str
    task: str
    stages: tuple[str, ...]
    licence: str
    result: dict[str, float]


class ContractView(Answer):
    """What goes in: `size` x `size` pixels of 0..1 become (x - mean) / std per channel."""

    size: int
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    order: str


class StepView(Answer):
    """One step from a slice to the input. part: "before", "augment" (in training only) or "after"."""

    part: str
    name: str
    settings: dict[str, object]


class PackageView(Answer):
    """What a package says of itself. error: why it cannot be read, "" if it can."""

    study: str
    model: str
    title: str
    task: str
    network: str
    size: int
    contract: ContractView | None
    recipe: tuple[StepView, ...]
    lineage: tuple[HopView, ...]
    reference: str
    digest: str
    weights_digest: str
    weights_bytes: int
    error: str


class CheckView(Answer):
    """Whether weights are those that were packed."""

    intact: bool
    expected: str
    found: str


class RangeView(Answer):
    """One property of stacks: trained on, and of the others; how many of these lie outside."""

    name: str
    unit: str
    low: float | None
    high: float | None
    new_low: float | None
    new_high: float | None
    outside: int


class DoubtView(Answer):
    """A stack that is unlike those trained on."""

    stack: str
    subject: str
    site: str | None
    reasons: tuple[str, ...]


class FitView(Answer):
    """How stacks compare with those that a model was trained on."""

    trained: int
    others: int
    ranges: tuple[RangeView, ...]
    doubts: tuple[DoubtView, ...]


@routes.get("")
def models(place: PlaceOf) -> tuple[PackageView, ...]:
    """The model packages of the project, by study and model."""
    return tuple(_view(card) for card in package_cards(place.project))


@routes.get("/{study}/{model}")
def model(study: str, model: str, place: PlaceOf) -> PackageView:
    """One model package."""
    return _view(package_card(place.project, study, model))


@routes.post("/{study}/{model}/check")
def check(study: str, model: str, place: PlaceOf) -> CheckView:
    """Read a package's weights and compare their digest with the one that was packed."""
    found = check_package(place.project, study, model)
    return CheckView(intact=found.intact, expected=found.expected, found=found.found)


@routes.get("/{study}/{model}/fit")
def fit(study: str, model: str, place: PlaceOf, site: Annotated[str | None, Query(max_length=200)] = None) -> FitView:
    """Whether the stacks that a model has not trained on look like those it has."""
    return FitView(**asdict(stack_fit(place.project, study, model, site=site)))


def _view(card: PackageCard) -> PackageView:
    plain: Mapping[str, object] = asdict(card)
    return PackageView.model_validate({name: plain[name] for name in PackageView.model_fields})
