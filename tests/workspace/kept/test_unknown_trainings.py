"""Of a training it is known whom it saw by hashes, or where all its stacks are here."""

from medgraft.exchange import Seen, Training, hash_subjects
from medgraft.workspace import Project
from medgraft.workspace.kept.unknown_trainings import unknown_trainings


def test_a_training_is_known_by_hashes_or_by_stacks_that_are_all_here(project: Project) -> None:
    with project.cohort() as cohort:
        here = tuple(entry.id for entry in cohort.entries())
        trainings = (
            Training(name="hashed", subjects=hash_subjects(["S1"], secret="home")),
            Training(name="here", stacks=here[:2]),
            Training(name="partly here", stacks=(here[0], "elsewhere")),
            Training(name="chosen elsewhere", stacks=here[:2], chosen_on=("elsewhere",)),
            Training(name="bundle"),
        )
        assert unknown_trainings(Seen(trainings=trainings), cohort) == ("partly here", "chosen elsewhere", "bundle")
