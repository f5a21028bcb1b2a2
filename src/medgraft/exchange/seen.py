"""Seen: whom a model has learned from, and who chose among its trainings, at every site that it went through."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.exchange.names import check_name
from medgraft.exchange.subjects import SubjectHashes

#: More trainings than this are refused.
_MOST = 32


@dataclass(frozen=True, kw_only=True)
class Training:
    """One training and whom it saw.

    name: for people. stacks: ids of the stacks that it learned from (digests of their content); none where they are
    unknown. chosen_on: ids of other stacks, on which its rate and epoch were chosen: the model fits these subjects
    better than strangers too. Packages of before have none recorded. subjects: hashes of whose all of them are; None
    where that is unknown, which is not `NOBODY`.
    """

    name: str
    stacks: tuple[str, ...] = ()
    chosen_on: tuple[str, ...] = ()
    subjects: SubjectHashes | None = None

    def __post_init__(self) -> None:
        """Raise `InputError` for a name that cannot be shown."""
        check_name(self.name)

    @property
    def seen(self) -> frozenset[str]:
        """Ids of all stacks that had a part in it, as far as they are known."""
        return frozenset((*self.stacks, *self.chosen_on))


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The trainings that a model's weights went through, oldest first, its own last; none for random weights."""

    trainings: tuple[Training, ...] = ()

    def __post_init__(self) -> None:
        """Raise `InputError` for more trainings than anybody can look through."""
        if len(self.trainings) > _MOST:
            raise InputError(f"Expected at most {_MOST} trainings before a model, got {len(self.trainings):,}.")

    def then(self, training: Training) -> "Seen":
        """These trainings and one more."""
        return Seen(trainings=(*self.trainings, training))

    @property
    def own(self) -> frozenset[str]:
        """Ids of the stacks that the last training learned from."""
        return frozenset(stack for training in self.trainings[-1:] for stack in training.stacks)

    @property
    def stacks(self) -> frozenset[str]:
        """Ids of the stacks that any training learned from or was chosen on, as far as they are known."""
        return frozenset(stack for training in self.trainings for stack in training.seen)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the trainings without hashes: of these nobody can prove whom they did not see."""
        return tuple(training.name for training in self.trainings if training.subjects is None)

    def of_stacks(self, subject_of: Mapping[str, str], report: Report = silent) -> frozenset[str]:
        """The subjects that any training saw or was chosen on: by their hashed id, or by one of their stacks.

        subject_of: whose each stack is, by its id.
        """
        by_content = {subject_of[stack] for stack in self.stacks & subject_of.keys()}
        return frozenset(by_content.union(self.among(subject_of.values(), report)))

    def among(self, subjects: Iterable[str], report: Report = silent) -> tuple[str, ...]:
        """Those of some subject ids that are hashed in any training, sorted; every id takes 40 ms per training.

        >>> from medgraft.exchange.subjects import hash_subjects
        >>> home = Training(name="home", subjects=hash_subjects(["P1"], secret="home"))
        >>> seen = Seen(trainings=(home, Training(name="bundle")))
        >>> seen.among(["P1", "P2"]), seen.unknown
        (('P1',), ('bundle',))
        """
        known = [training.subjects for training in self.trainings if training.subjects and training.subjects.hashes]
        pairs, found = list(product(sorted(set(subjects)), known)), set()
        for done, (subject, hashes) in enumerate(pairs, 1):
            if subject in hashes:
                found.add(subject)
            report(Progress(stage="subjects compared", done=done, total=len(pairs)))
        return tuple(sorted(found))
