"""Whether stacks look like those that a model was trained on: size, spacing, phases, intensity, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError, ProjectError
from medgraft.exchange import Fingerprint, PackageFacts, PixelsOf, Range, fingerprint, read_facts, stack_values
from medgraft.workspace.kept.packages import package_folder
from medgraft.workspace.project import Project

#: A value this far outside of the range trained on, as a share of the range's larger end, still counts as within.
_SLACK = 0.02


@dataclass(frozen=True, kw_only=True)
class FitRange:
    """One property. low, high: trained on; None where no stack knew it. new_low, new_high: of the others.

    outside: of how many of the other stacks it lies outside or is unknown.
    """

    name: str
    unit: str
    low: float | None
    high: float | None
    new_low: float | None
    new_high: float | None
    outside: int


@dataclass(frozen=True, kw_only=True)
class StackDoubt:
    """A stack on which a model may fail. reasons: in words."""

    stack: str
    subject: str
    site: str | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StackFit:
    """How the stacks that a model has not trained on compare with those it has.

    trained, others: how many. doubts: those that differ, the most different first.
    """

    trained: int
    others: int
    ranges: tuple[FitRange, ...]
    doubts: tuple[StackDoubt, ...]


def stack_fit(project: Project, study: str, model: str, *, site: str | None = None) -> StackFit:
    """Compare stacks of a project with those that a model was trained on.

    Pixels are looked at only for a model that was trained elsewhere (`package_fit`).

    Args:
        project: where they are; a new folder is imported first.
        study: a finished study or learning curve, or "packages" for those from elsewhere.
        model: a model of it, by its folder's name.
        site: compare stacks of this site only; all that the model has not seen if None.

    Raises:
        NotFoundError: no such model. ProjectError: its training stacks are gone, and it says nothing of them.
    """
    facts = read_facts(package_folder(project, study, model))
    with project.cohort() as cohort:
        entries = cohort.entries()
    trained = [entry for entry in entries if entry.id in facts.seen.own]
    if trained:
        return _compared(fingerprint(trained), _others(entries, facts, site), facts.task.phases)
    if facts.fingerprint is None:
        raise ProjectError(f"Expected the stacks that {study} was trained on in this project, found none of them.")
    return package_fit(project, facts, site=site)


def package_fit(project: Project, facts: PackageFacts, *, site: str | None = None) -> StackFit:
    """Compare stacks of a project with those that a package from elsewhere was trained on, intensities included.

    Raises `InputError` for a package that brings no fingerprint.
    """
    if facts.fingerprint is None:
        raise InputError(f"Expected a package with a fingerprint, got {facts.name} without. Do: medgraft pack it.")
    with project.cohort() as cohort:
        others = _others(cohort.entries(), facts, site)
        return _compared(facts.fingerprint, others, facts.task.phases, cohort.pixels)


def _others(entries: Sequence[StackEntry], facts: PackageFacts, site: str | None) -> list[StackEntry]:
    return [entry for entry in entries if entry.id not in facts.seen.stacks and site in (None, entry.site)]


def _compared(
    trained: Fingerprint, others: Sequence[StackEntry], phases: Sequence[str], pixels: PixelsOf | None = None
) -> StackFit:
    values = [stack_values(entry, pixels(entry) if pixels else None) for entry in others]
    ranges = tuple(_range(one, values) for one in trained.ranges)
    doubts = [_doubt(entry, found, ranges, phases) for entry, found in zip(others, values, strict=True)]
    return StackFit(
        trained=trained.stacks,
        others=len(others),
        ranges=ranges,
        doubts=tuple(sorted((doubt for doubt in doubts if doubt.reasons), key=lambda doubt: -len(doubt.reasons))),
    )


def _range(trained: Range, values: Sequence[Mapping[str, float | None]]) -> FitRange:
    found = [value[trained.name] for value in values]
    known = [value for value in found if value is not None]
    return FitRange(
        name=trained.name,
        unit=trained.unit,
        low=trained.low,
        high=trained.high,
        new_low=min(known, default=None),
        new_high=max(known, default=None),
        outside=sum(not _within(value, trained) for value in found) if trained.low is not None else 0,
    )


def _within(value: float | None, trained: Range | FitRange) -> bool:
    if value is None or trained.low is None or trained.high is None:
        return False
    slack = _SLACK * max(abs(trained.low), abs(trained.high))
    return trained.low - slack <= value <= trained.high + slack


def _doubt(
    entry: StackEntry, values: Mapping[str, float | None], ranges: Sequence[FitRange], phases: Sequence[str]
) -> StackDoubt:
    reasons = [text for one in ranges if (text := _reason(one, values[one.name]))]
    if missing := [name.upper() for name in phases if name not in entry.phases]:
        reasons.append(f"{' and '.join(missing)} not named")
    return StackDoubt(stack=entry.id, subject=entry.subject, site=entry.site, reasons=tuple(reasons))


def _reason(one: FitRange, value: float | None) -> str:
    if one.low is None or _within(value, one):
        return ""
    if value is None:
        return f"{one.name} unknown"
    figure = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{one.name} {figure} {one.unit}".rstrip()
