"""Me: who asks, and which project this is."""

from fastapi import APIRouter

from medgraft import __version__
from medgraft.core.digest import short_id
from medgraft.web.api.labels import ReaderOf
from medgraft.web.api.models import Me
from medgraft.web.api.stacks import PlaceOf

routes = APIRouter(tags=["me"])


@routes.get("/me")
def me(place: PlaceOf, reader: ReaderOf) -> Me:
    """Who is signed in, and to which project."""
    root = place.project.root
    return Me(reader=reader, project=root.name, project_id=short_id(root), version=__version__)
