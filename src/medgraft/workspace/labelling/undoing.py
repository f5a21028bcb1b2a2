"""Undo that may be asked for twice: over a network an answer can be lost."""

from medgraft.core.task import UnitKey
from medgraft.workspace.labelling.by_hand import Labelled, undo_labels
from medgraft.workspace.project import Project


def undo_once(project: Project, *, reader: str, task: str, act: str, unit: UnitKey) -> Labelled | None:
    """Take back the reader's last act, unless `act` was taken back already: then nothing is stored, and None given.

    Args:
        project: where labels are.
        reader: whose act.
        task: what it was about.
        act: the act that the caller means, by its id.
        unit: any unit that `act` labelled.
    """
    with project.labels() as store:
        history = store.history(unit)
    undone = (reader, task, "undo", f"of {act}")
    if any((event.reader, event.task, event.source, event.detail) == undone for event in history):
        return None
    return undo_labels(project, reader=reader, task=task)
