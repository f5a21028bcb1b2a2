"""Models: cards of the packages that studies and curves left, whether they are intact and suit new stacks."""

from typing import Annotated

from fastapi import APIRouter, Query

from medgraft.web.api.models import Answer
from medgraft.web.api.stacks import PlaceOf
from medgraft.workspace.kept.packages import PackageCard, PackageCheck, check_package, package_card, package_cards
from medgraft.workspace.models.fit import StackFit, stack_fit

routes = APIRouter(prefix="/models", tags=["models"])


class CheckView(Answer):
    """Whether weights are those that were packed."""

    intact: bool
    expected: str
    found: str


@routes.get("")
def models(place: PlaceOf) -> tuple[PackageCard, ...]:
    """The model packages of the project, by study or curve and model."""
    return package_cards(place.project)


@routes.get("/{study}/{model}")
def model(study: str, model: str, place: PlaceOf) -> PackageCard:
    """One model package."""
    return package_card(place.project, study, model)


@routes.post("/{study}/{model}/check", response_model=CheckView)
def check(study: str, model: str, place: PlaceOf) -> PackageCheck:
    """Read a package's weights and compare their digest with the one that was packed."""
    return check_package(place.project, study, model)


@routes.get("/{study}/{model}/fit")
def fit(study: str, model: str, place: PlaceOf, site: Annotated[str | None, Query(max_length=200)] = None) -> StackFit:
    """Whether the stacks that a model has not trained on look like those it has."""
    return stack_fit(place.project, study, model, site=site)
