"""Measure the left ventricle in a project's masks, or a model's: ml, g and mm, and how far both agree."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from medgraft.cohort import Cohort
from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.files import AnyPath
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.task import MASK_CODES
from medgraft.evaluation import dice
from medgraft.exchange.package import ModelPackage, read_package
from medgraft.workspace.kept.find_model import find_model
from medgraft.workspace.kept.unknown_trainings import unknown_trainings
from medgraft.workspace.measuring.agreement import measured_agreement, overlap_agreement
from medgraft.workspace.measuring.figures import figure_values, means_over_subjects
from medgraft.workspace.measuring.files import write_measured
from medgraft.workspace.measuring.measured import (
    Measured,
    OverlapMeasures,
    PhaseMeasures,
    Source,
    StackMeasures,
    UnmeasuredStack,
)
from medgraft.workspace.measuring.one_stack import DrawnMask, beat_phases, measured_heartbeat, measured_phases
from medgraft.workspace.measuring.segmenter import StackSegmenter
from medgraft.workspace.measuring.slice_places import SlicePlaces
from medgraft.workspace.measuring.slices_that_count import Judged, judged_by_labels, judged_by_model
from medgraft.workspace.measuring.surface_distance import surface_distance
from medgraft.workspace.measuring.wall_segments import seen_septum
from medgraft.workspace.project import Project

Phases = Literal["ed-es", "all"]

#: The word for labels, in place of a model, as judge of slices.
BY_LABELS = "labels"


def measure_project(
    project: Project,
    *,
    model: str | None = None,
    slices_by: str | None = None,
    phases: Phases = "ed-es",
    folder: AnyPath | None = None,
    with_bulls_eyes: bool = False,
    n_segments: Literal[16, 17] = 17,
    report: Report = silent,
) -> Measured:
    """Volumes, ejection fraction, mass and wall thickness of every stack with a mask, and of a model's masks.

    Volumes are sums of voxels; a slice stands for half the way to its neighbours. Where both masks are there, their
    figures are compared over subjects, and how they overlap; not of subjects that the model was trained on.

    Args:
        project: where the stacks are.
        model: one that segments, as `find_model` reads it: every stack is measured in its masks too.
        slices_by: who says which slices are IN and count, with muscle beside them: "labels" (of
            `sax-range`), or a model that tells ranges of slices, as `find_model` reads it. All slices count if None.
        phases: "ed-es", the phases of these names (all of a stack that does not name both), or "all". Of the
            project's own masks, those that are labelled.
        folder: where tables, the JSON document and pictures are written; none are if None.
        with_bulls_eyes: draw a bull's-eye of every stack too.
        n_segments: of the wall, with (17) or without (16) the tip beyond the cavity.
        report: told of every subject compared with whom the model saw, and after every stack.

    Raises:
        InputError: nothing to measure, no such model or one for another task, or no labels of slices.
        WeightsError: a package is damaged.
    """
    segmenter = StackSegmenter.of(read_package(find_model(model, project.root))) if model else None
    with project.cohort() as cohort:
        entries = [entry for entry in cohort.entries() if segmenter or entry.mask_phases]
        if not entries:
            raise InputError(
                f"Expected masks in {project.root.name}, got none. Do: import masks, or name a model that segments."
            )
        judged = _judged(project, cohort, entries, slices_by, report=report, all_phases=phases == "all")
        rows = _Rows(n_segments=n_segments)
        for done, entry in enumerate(entries, start=1):
            rows.add(cohort, entry, segmenter, phases, judged)
            report(Progress(stage="stacks", done=done, total=len(entries), detail=entry.subject))
        found = rows.measured(slices_by, _memory(segmenter.package, cohort, report) if segmenter else None)
    if folder is None:
        return found
    return replace(found, files=write_measured(found, Path(folder), with_bulls_eyes=with_bulls_eyes))


def _judged(
    project: Project,
    cohort: Cohort,
    entries: Sequence[StackEntry],
    slices_by: str | None,
    *,
    all_phases: bool,
    report: Report,
) -> Judged | None:
    if slices_by is None:
        return None
    if slices_by == BY_LABELS:
        return judged_by_labels(project)
    return judged_by_model(find_model(slices_by, project.root), cohort, entries, all_phases=all_phases, report=report)


@dataclass(frozen=True, kw_only=True)
class _Memory:
    """Whom a model has seen. model: its name. subjects, unknown: as `Measured.seen_before`, `.unknown_trainings`."""

    model: str
    subjects: frozenset[str]
    unknown: tuple[str, ...]


def _memory(package: ModelPackage, cohort: Cohort, report: Report) -> _Memory:
    """Whom a model has seen of the subjects with masks, by any of their stacks."""
    drawn = {entry.subject for entry in cohort.entries() if entry.mask_phases}
    return _Memory(
        model=package.name,
        subjects=package.seen.of_stacks(cohort.subject_of_stacks(drawn), report),
        unknown=unknown_trainings(package.seen, cohort),
    )


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """What was measured so far."""

    n_segments: Literal[16, 17]
    stacks: list[StackMeasures] = field(default_factory=list)
    phases: list[PhaseMeasures] = field(default_factory=list)
    overlaps: list[OverlapMeasures] = field(default_factory=list)
    left_out: list[UnmeasuredStack] = field(default_factory=list)

    def add(
        self,
        cohort: Cohort,
        entry: StackEntry,
        segmenter: StackSegmenter | None,
        phases: Phases,
        judged: Judged | None,
    ) -> None:
        """Measure one stack in every mask it has."""
        masks = list(_reference(cohort, entry, phases))
        septum = dict(_septum(masks, entry))
        if entry.mask_phases and not masks:
            self._leave_out(entry, "reference", "no mask at ED or ES, only at other phases")
        if segmenter:
            asked = _asked(entry, range(entry.shape[0]), phases)
            try:
                masks.append(segmenter.mask(cohort.pixels(entry), entry, asked))
            except InputError as error:
                self._leave_out(entry, "model", str(error))
        for drawn in masks:
            found = measured_phases(entry, drawn, judged, septum, self.n_segments)
            self.phases.extend(found)
            self.stacks.append(measured_heartbeat(entry, found))
        if len(masks) == 2:
            self.overlaps.extend(_overlaps(entry, *masks))

    def _leave_out(self, entry: StackEntry, source: Source, reason: str) -> None:
        self.left_out.append(UnmeasuredStack(subject=entry.subject, stack=entry.id, source=source, reason=reason))

    def measured(self, slices_by: str | None, memory: _Memory | None) -> Measured:
        """All of it, with what a model and the reference agree on in subjects that it had not seen before."""
        values = figure_values(self.stacks, self.phases)
        known = memory.subjects if memory else frozenset()
        return Measured(
            model=memory.model if memory else None,
            slices_by=slices_by,
            stacks=tuple(self.stacks),
            phases=tuple(self.phases),
            overlaps=tuple(self.overlaps),
            means=means_over_subjects(values),
            agreement=measured_agreement([one for one in values if one.subject not in known]),
            overlap=overlap_agreement([one for one in self.overlaps if one.subject not in known]),
            seen_before=tuple(sorted(known)),
            unknown_trainings=memory.unknown if memory else (),
            left_out=tuple(self.left_out),
        )


def _reference(cohort: Cohort, entry: StackEntry, phases: Phases) -> Iterator[DrawnMask]:
    mask, asked = cohort.mask(entry), _asked(entry, entry.mask_phases, phases)
    if mask is not None and asked:
        yield DrawnMask(source="reference", mask=mask, phases=asked, classes=entry.mask_classes)


def _asked(entry: StackEntry, available: Collection[int], phases: Phases) -> tuple[int, ...]:
    return tuple(sorted(available)) if phases == "all" else beat_phases(entry, available)


def _septum(masks: Sequence[DrawnMask], entry: StackEntry) -> Iterator[tuple[int, float]]:
    """The septum's angle in a short-axis stack, at every phase where a mask shows the right ventricle at the wall."""
    if entry.base_first is None or entry.spacing is None:
        return
    for drawn in masks:
        for phase in drawn.phases if "rv" in drawn.classes else ():
            angle = seen_septum(np.asarray(drawn.mask[phase]), entry.spacing)
            if angle is not None:  # else the reasons say where the septum is taken to be
                yield phase, angle


def _overlaps(entry: StackEntry, reference: DrawnMask, seen: DrawnMask) -> Iterator[OverlapMeasures]:
    spacing, aside = entry.even_spacing, SlicePlaces.of(entry).aside
    for phase in sorted(set(reference.phases) & set(seen.phases)):
        for structure in (name for name in reference.classes if name in seen.classes):
            a, b = (np.asarray(drawn.mask[phase]) == MASK_CODES[structure] for drawn in (reference, seen))
            yield OverlapMeasures(
                subject=entry.subject,
                stack=entry.id,
                phase=entry.phase_name(phase),
                structure=structure,
                dice=dice(a, b),
                hausdorff_mm=surface_distance(a, b, spacing, aside) if spacing else None,
                unmatched=bool(a.any() != b.any()),
            )
