"""Which stacks a reader reads blind: of those nothing may be shown that gives an answer away."""

from medgraft.labels import Readings
from medgraft.workspace.project import Project


def reads_blind(project: Project, reader: str, stack: str) -> bool:
    """Whether a stack is in a blinded round of a reader: others' labels, masks and truths of it are hidden then."""
    with project.labels() as store:
        rounds = Readings(store=store).all()
    return any(
        reading.state == "blinded" and reader in reading.readers and stack in reading.stacks for reading in rounds
    )
