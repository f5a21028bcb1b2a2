"""The files that a browser loads from us: asked for again each time, sent again only if they changed."""

from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles


class ModuleFiles(StaticFiles):
    """Static files whose cached copies are checked before use: a new version's modules never meet an old one's."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """A file, or that the browser's copy is still right."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
