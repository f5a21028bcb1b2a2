"""Which stacks a reader reads blind: of those nothing may be shown that gives an answer away."""

from medgraft.labels import Readings
from medgraft.workspace.project import Project


def blind_stacks(project: Project, reader: str) -> frozenset[str]:
    """The stacks of a reader's blinded rounds: others' labels, masks and truths are hidden until all are done."""
    with project.labels() as store:
        rounds = Readings(store=store).all()
    mine = [reading for reading in rounds if reading.state == "blinded" and reader in reading.readers]
    return frozenset(stack for reading in mine for stack in reading.stacks)
