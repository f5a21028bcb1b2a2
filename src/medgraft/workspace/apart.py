"""Verbs that load torch, as functions that do not: for a process that hands them to another one.

Only the process that runs one of them loads torch.
"""

from medgraft.workspace.models.sights import CamRequest, MapRequest
from medgraft.workspace.project import Project


def see_cams_apart(project: Project, request: CamRequest) -> None:
    """As `models.seeing.see_cams`."""
    from medgraft.workspace.models.seeing import see_cams  # noqa: PLC0415 - see above

    see_cams(project, request)


def see_map_apart(project: Project, request: MapRequest) -> None:
    """As `models.seeing.see_map`."""
    from medgraft.workspace.models.seeing import see_map  # noqa: PLC0415 - see above

    see_map(project, request)


def resolve_study_apart(project: Project, text: str) -> str:
    """As `studies.text.resolve_study`; gives the resolved text."""
    from medgraft.workspace.studies.text import resolve_study  # noqa: PLC0415 - see above

    return resolve_study(project, text).text
