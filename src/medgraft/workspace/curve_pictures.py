"""Pictures of single subjects for the report of a learning curve: what models see of them, beside what was drawn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.cohort import Cohort
from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.task import MASK_CODES
from medgraft.exchange.package import ModelPackage
from medgraft.inference.masks import predict_masks
from medgraft.measurement import aha_segments, seen_from_apex, segment_thickness, wall_surface, wall_thickness
from medgraft.networks import spec
from medgraft.recipe import VolumeRecipe
from medgraft.report import BullsEye, ModelKey, Overlay, Surface
from medgraft.samples import MaskedSample, MaskedSamples, codes_of_task
from medgraft.study.curve import AS_IS, CurveOutcome, SubjectFigures
from medgraft.study.curve.findings import mean_dice
from medgraft.workspace.curve_content import CurvePictures
from medgraft.workspace.curve_planes import Masks, planes_of
from medgraft.workspace.project import Project
from medgraft.workspace.stack_volumes import stack_volume

_RANKS = ("worst", "median", "best")
_REFERENCE = "reference"


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """One subject at one phase. image: (Z, Y, X). reference: (Z, Y, X) columns of the task; seen: by model's title."""

    entry: StackEntry
    figures: SubjectFigures
    image: NDArray[Any]
    reference: NDArray[np.uint8]
    seen: Masks


def curve_pictures(
    project: Project,
    outcome: CurveOutcome,
    samples: MaskedSamples,
    models: Mapping[ModelKey, ModelPackage],
    report: Report = silent,
) -> CurvePictures:
    """The worst, the median and the best test subject of the best arm in planes; the median one's wall.

    Every model predicts again; `report` is told after every subject.
    """
    best = _best_arm(outcome)
    chosen = _ranked(outcome, best)
    shown = []
    with project.cohort() as cohort:
        for done, figures in enumerate(chosen.values(), start=1):
            shown.append(_shown(cohort, samples, figures, models))
            report(Progress(stage="pictures", done=done, total=len(chosen), detail=figures.subject))
    title = ModelKey(arm=best, size=outcome.sizes[-1]).title
    overlays = [_overlay(project, rank, title, each, outcome) for rank, each in zip(chosen, shown, strict=True)]
    middle = shown[len(shown) // 2]
    surfaces = _surfaces(project, middle, title) if middle.entry.spacing else ()
    return CurvePictures(overlays=tuple(overlays), bulls_eyes=tuple(_bulls_eye(middle)), surfaces=tuple(surfaces))


def _best_arm(outcome: CurveOutcome) -> str:
    """The arm whose first draw at the largest size has the highest mean Dice."""
    largest = outcome.sizes[-1]
    return max(outcome.arms, key=lambda arm: float(np.mean(_values(outcome.of(arm, largest)[0].test))))


def _ranked(outcome: CurveOutcome, arm: str) -> dict[str, SubjectFigures]:
    """By rank; fewer than three subjects have fewer ranks."""
    rows = [row for row in outcome.of(arm, outcome.sizes[-1])[0].test if mean_dice(row) is not None]
    ordered = sorted(rows, key=lambda row: (mean_dice(row) or 0.0, row.subject, row.phase))
    places = {"worst": 0, "median": len(ordered) // 2, "best": len(ordered) - 1}
    return {rank: ordered[place] for rank, place in places.items()}


def _values(rows: Sequence[SubjectFigures]) -> list[float]:
    return [value for value in map(mean_dice, rows) if value is not None]


def _shown(
    cohort: Cohort, samples: MaskedSamples, figures: SubjectFigures, models: Mapping[ModelKey, ModelPackage]
) -> Shown:
    item = next(item for item in samples.items if item.stack == figures.stack)
    entry = cohort.entry(item.stack)
    pixels, drawn = cohort.pixels(entry), cohort.mask(entry)
    assert drawn is not None
    phase = _phase(item, figures.phase)
    return Shown(
        entry=entry,
        figures=figures,
        image=np.asarray(pixels[phase]),
        reference=codes_of_task(np.asarray(drawn[phase]), samples.task),
        seen={key.title: _seen(package, pixels, item, phase) for key, package in models.items()},
    )


def _phase(item: MaskedSample, name: str) -> int:
    return dict(zip(item.phase_names, item.phases, strict=True))[name]


def _seen(package: ModelPackage, pixels: NDArray[Any], item: MaskedSample, phase: int) -> NDArray[np.uint8]:
    dims = spec(package.network).dims
    recipe = package.recipe
    assert isinstance(recipe, VolumeRecipe)  # of a network that segments, as the curve has checked
    masks = predict_masks(package.model(), recipe, pixels, item.spacing, dims=dims, phases=(phase,))
    return np.asarray(masks[phase])


def _overlay(project: Project, rank: str, ranked_by: str, shown: Shown, outcome: CurveOutcome) -> Overlay:
    return Overlay(
        subject=shown.figures.subject,
        phase=shown.figures.phase,
        rank=rank,
        ranked_by=ranked_by,
        dice=dict(_dice(outcome, shown)),
        planes=planes_of(
            stack_volume(project, shown.entry.id), shown.entry.spacing, shown.image, shown.reference, shown.seen
        ),
    )


def _dice(outcome: CurveOutcome, shown: Shown) -> Iterator[tuple[str, float]]:
    """Mean Dice of this subject and phase, of every model that is shown."""
    arms = [(AS_IS, 0), *((arm, outcome.sizes[-1]) for arm in outcome.arms)]
    for key in (ModelKey(arm=arm, size=size) for arm, size in arms):
        points = outcome.of(key.arm, key.size)
        if key.title in shown.seen and points:
            rows = (row for row in points[0].test if (row.stack, row.phase) == (shown.entry.id, shown.figures.phase))
            yield key.title, mean_dice(next(rows)) or 0.0


def _bulls_eye(shown: Shown) -> Iterator[BullsEye]:
    """Of a short-axis stack; nothing where the heart lies otherwise, or the septum is unknown."""
    masks = {_REFERENCE: shown.reference, **shown.seen}
    by_source = {name: _segments(mask, shown.entry) for name, mask in masks.items()}
    found = {name: values for name, values in by_source.items() if values is not None}
    if _REFERENCE in found:
        yield BullsEye(subject=shown.figures.subject, phase=shown.figures.phase, by_source=found)


def _segments(mask: NDArray[np.uint8], entry: StackEntry) -> NDArray[np.float64] | None:
    if entry.spacing is None or entry.base_first is None:
        return None
    affines = np.asarray(entry.affines, float).reshape(-1, 4, 4)
    try:
        segments = aha_segments(
            mask, entry.spacing, base_first=entry.base_first, from_apex=seen_from_apex(affines, entry.base_first)
        )
    except InputError:
        return None
    found = segment_thickness(wall_thickness(mask, entry.spacing), segments)
    return np.array([found[number].median for number in sorted(found)])


def _surfaces(project: Project, shown: Shown, title: str) -> Iterator[Surface]:
    """The outer surface as drawn and as the best arm sees it; none where there is no wall."""
    volume = stack_volume(project, shown.entry.id)
    masks = {_REFERENCE: shown.reference} | {name: mask for name, mask in shown.seen.items() if name == title}
    for source, mask in masks.items():
        if {MASK_CODES["pool"], MASK_CODES["myocardium"]} <= set(np.unique(mask).tolist()):
            surface = wall_surface(mask, shown.entry.spacing, wall_thickness(mask, shown.entry.spacing))
            yield Surface(
                subject=shown.figures.subject,
                phase=shown.figures.phase,
                source=source,
                vertices=_as_seen(surface.vertices, volume.turned),
                triangles=surface.triangles,
                thickness=surface.thickness,
            )


def _as_seen(vertices: NDArray[np.float32], turned: tuple[bool, bool, bool]) -> NDArray[np.float32]:
    """Columns to the right, the first slice on top, the first row towards the viewer; turned as images are."""
    columns, rows, slices = (vertices.T[axis] * (-1 if turned[axis] else 1) for axis in range(3))
    return np.stack([columns, -slices, -rows], axis=1)
