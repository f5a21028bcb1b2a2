"""Web: a local app over the workspace's verbs, as pages for people and as REST for programs.

Enters: HTTP requests of signed-in readers. Leaves: pages, pictures, 16-bit pixels, JSON; labels go to the label store
through the workspace. Must not know: how anything is done, databases, networks, torch.

`guard` stands in front of everything: without a session every route answers 401. `api/` is REST under /api/v1,
`pages/` are the pages, `static/` what a browser loads: plain modules and style sheets, no build step, nothing from
elsewhere.
"""

from medgraft.web.server import make_app, serve
from medgraft.web.settings import Settings

__all__ = ["Settings", "make_app", "serve"]
