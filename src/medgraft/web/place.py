"""Place: the project that a server serves, and who may see it."""

from dataclasses import dataclass

from fastapi import Request

from medgraft.core.errors import LabelError
from medgraft.web.settings import Settings
from medgraft.workspace import Project
from medgraft.workspace.reading.readers import sign_in


@dataclass(frozen=True, kw_only=True)
class Place:
    """project: what is served. settings: how."""

    project: Project
    settings: Settings

    def knows(self, name: str, token: str) -> bool:
        """Whether a name and a token belong together."""
        try:
            return sign_in(self.project, name, token) is not None
        except LabelError:
            return False


def place_of(request: Request) -> Place:
    """The place that a request asks about."""
    place = request.app.state.place
    assert isinstance(place, Place)
    return place


def reader_of(request: Request) -> str:
    """Who asks."""
    return str(request.state.reader)
