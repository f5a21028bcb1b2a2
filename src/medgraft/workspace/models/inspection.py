"""What a package from elsewhere says, and whether it suits one's own images. Torch is not loaded."""

from dataclasses import dataclass
from pathlib import Path

from medgraft.core.digest import file_digest
from medgraft.core.files import AnyPath
from medgraft.core.progress import Report, silent
from medgraft.exchange import (
    FACTS,
    WEIGHTS,
    PackageFacts,
    RuleDifference,
    card_text,
    differences,
    opened_package,
    read_facts,
    read_rules,
)
from medgraft.workspace.models.fit import StackFit, package_fit
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class Suitability:
    """How a package and a project's images go together.

    checked: subjects of the project. shared_subjects: those whose id is among the hashed ids of any training;
    shared_stacks: those with the very content of one that it has seen. unknown_trainings: those without hashes.
    fit: how its other stacks compare with those last trained on, None where the package brings no fingerprint.
    """

    project: str
    checked: int
    shared_subjects: tuple[str, ...]
    shared_stacks: tuple[str, ...]
    unknown_trainings: tuple[str, ...]
    fit: StackFit | None

    @property
    def disjoint(self) -> bool:
        """Whether nothing of the project was found among what is known of the model's trainings."""
        return not self.shared_subjects and not self.shared_stacks


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """A package whose digests are right. digest: of its facts. card: Markdown. The rest is None if not asked for.

    rule_differences: None also where the package brings no rules to compare with.
    """

    facts: PackageFacts
    digest: str
    weights_bytes: int
    card: str
    suitability: Suitability | None = None
    rule_differences: tuple[RuleDifference, ...] | None = None


def inspect_package(
    path: AnyPath, *, against: Project | None = None, rules: AnyPath | None = None, report: Report = silent
) -> Inspection:
    """Read what a package says of itself, after checking every digest.

    Args:
        path: a package's folder, or a file NAME.medgraft.
        against: a project whose subjects and images are compared with those that the model was trained on.
        rules: one's own filled-in annotation rules, compared with those of the package.
        report: told of every subject that is compared.

    Raises:
        WeightsError: no package, or one that was altered or is damaged.
        InputError: rules that cannot be read.
    """
    with opened_package(Path(path)) as folder:
        facts = read_facts(folder)
        digest = file_digest(folder / FACTS)
    return Inspection(
        facts=facts,
        digest=digest,
        weights_bytes=facts.files[WEIGHTS].bytes,
        card=card_text(facts),
        suitability=None if against is None else _suitability(facts, against, report),
        rule_differences=_differences(facts, Path(rules)) if rules else None,
    )


def _suitability(facts: PackageFacts, project: Project, report: Report) -> Suitability:
    with project.cohort() as cohort:
        entries = cohort.entries()
    subjects = {entry.subject for entry in entries}
    return Suitability(
        project=project.root.name,
        checked=len(subjects),
        shared_subjects=facts.seen.among(subjects, report),
        shared_stacks=tuple(sorted({entry.id for entry in entries} & facts.seen.stacks)),
        unknown_trainings=facts.seen.unknown,
        fit=package_fit(project, facts) if facts.fingerprint else None,
    )


def _differences(facts: PackageFacts, rules: Path) -> tuple[RuleDifference, ...] | None:
    ours = read_rules(rules)
    return differences(ours, facts.rules) if facts.rules else None
