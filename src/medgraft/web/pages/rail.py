"""The rail at the left of every page, as a table of the pages that are there."""

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from medgraft.core.counted import counted

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"), autoescape=True, undefined=StrictUndefined
)
_TEMPLATES.globals["counted"] = counted


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page. icon: SVG shapes in a box of 24 x 24. nicegui: whether NiceGUI draws it."""

    path: str
    title: str
    icon: str
    nicegui: bool = True


PAGES = (
    Page(
        path="/cohort",
        title="Cohort",
        icon='<rect x="4" y="4" width="7" height="7"/><rect x="13" y="4" width="7" height="7"/>'
        '<rect x="4" y="13" width="7" height="7"/><rect x="13" y="13" width="7" height="7"/>',
    ),
    Page(
        path="/label",
        title="Label",
        icon='<path d="M4 17V7M20 17V7M4 12h16"/><rect x="8" y="9" width="7" height="6" fill="currentColor"/>',
        nicegui=False,
    ),
    Page(
        path="/read",
        title="Read",
        icon='<circle cx="8" cy="12" r="4"/><circle cx="16" cy="12" r="4"/><path d="M12 10v4"/>',
        nicegui=False,
    ),
    Page(
        path="/volumes",
        title="Volumes",
        icon='<path d="M12 3 20 7.5v9L12 21 4 16.5v-9z"/><path d="M4 7.5 12 12l8-4.5M12 12v9"/>',
        nicegui=False,
    ),
    Page(
        path="/studies",
        title="Studies",
        icon='<path d="M4 4v16h16"/><path d="M7 9c4 0 4 7 12 7"/>',
        nicegui=False,
    ),
    Page(
        path="/models",
        title="Models",
        icon='<circle cx="5" cy="12" r="2.4"/><circle cx="19" cy="6" r="2.4"/><circle cx="19" cy="18" r="2.4"/>'
        '<path d="M7.2 11 16.8 7M7.2 13l9.6 4"/>',
        nicegui=False,
    ),
    Page(
        path="/map",
        title="Map",
        icon='<circle cx="7" cy="8" r="1.6"/><circle cx="11" cy="6" r="1.6"/><circle cx="9" cy="12" r="1.6"/>'
        '<circle cx="17" cy="15" r="1.6"/><circle cx="14" cy="18" r="1.6"/><circle cx="18" cy="10" r="1.6"/>',
        nicegui=False,
    ),
    Page(
        path="/sites",
        title="Sites",
        icon='<circle cx="5.5" cy="12" r="3"/><circle cx="18.5" cy="12" r="3"/>'
        '<path d="M8.5 12h7M13 9.5l2.5 2.5-2.5 2.5"/>',
        nicegui=False,
    ),
)


def fragment(template: str, **values: object) -> str:
    """HTML from a template of ours; what is put into it is escaped."""
    return _TEMPLATES.get_template(template).render(pages=PAGES, **values)
