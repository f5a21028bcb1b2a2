"""The trainings of a model of which nobody knows whether they saw a project's subjects."""

from medgraft.cohort import Cohort
from medgraft.exchange import Seen


def unknown_trainings(seen: Seen, cohort: Cohort) -> tuple[str, ...]:
    """Names of the trainings without hashes; where all stacks of one are in the cohort, it is known whose they are."""
    here = {entry.id for entry in cohort.entries()}
    return tuple(
        training.name
        for training in seen.trainings
        if training.subjects is None and not (training.stacks and here.issuperset(training.seen))
    )
