"""Pictures of a learning curve: its figures with titles, captions and words."""

from collections.abc import Iterator
from dataclasses import fields

from medgraft.evaluation import MEAN_DICE
from medgraft.report.agreement import Agreement, FigureAgreement
from medgraft.report.curve.content import CurveContent, Group, Overlay
from medgraft.report.curve.learning_curves import learning_curves
from medgraft.report.curve.mask_overlays import mask_overlays
from medgraft.report.curve.mask_trainings import mask_trainings
from medgraft.report.curve.wall_agreement import wall_agreement
from medgraft.report.figures import agreement_plots, bulls_eyes, surface_views
from medgraft.report.finding import with_interval
from medgraft.report.picture import Picture, slug
from medgraft.report.style import png_of


def curve_pictures(content: CurveContent) -> Iterator[Picture]:
    """All figures that the content has values for, in the order of the report."""
    yield _curves(content, "test")
    if content.has_home:
        yield _curves(content, "home")
    for figure in dict.fromkeys(wall.figure for wall in content.walls):
        yield _wall(content, figure)
    if content.volumes:
        yield _volumes(content)
    for overlay in content.overlays:
        yield _overlay(overlay)
    if content.bulls_eyes:
        yield _bulls_eyes(content)
    if content.surfaces:
        yield _surfaces(content)
    if content.trainings:
        yield _trainings(content)


_CURVES: dict[Group, tuple[str, str]] = {
    "test": ("learning-curves", "Learning curves on subjects held out here"),
    "home": ("forgetting", "The same models on subjects of the home site"),
}


def _curves(content: CurveContent, on: Group) -> Picture:
    name, title = _CURVES[on]
    last = [content.figure(model, on, MEAN_DICE) for model in content.shown]
    listed = "; ".join(f"{item.model.title} {with_interval(item.value)}" for item in last if item)
    before = "what the travelling model was worth there before" if on == "home" else "the travelling model as it is"
    return Picture(
        png=png_of(learning_curves(content, on)),
        name=name,
        title=title,
        caption=(
            "Mean Dice by number of subjects trained on, with 95 % intervals over subjects. Small marks are single "
            "draws, dotted lines (and figures in brackets) the best subject of any draw. "
            f"The grey band is {before}, with its interval."
        ),
        alt=f"Learning curves of mean Dice. At the right end: {listed}.",
    )


_AGREEMENT = (
    "Left of each pair: the model against the reference, one mark per subject, the line is equality, r is "
    "Pearson's with its interval. Right: difference against mean (Bland-Altman); line: mean difference, "
    "dashes: limits of 95 % of differences, bands: their 95 % intervals."
)


def _wall(content: CurveContent, figure: str) -> Picture:
    listed = "; ".join(
        f"{wall.model.title} {wall.phase.upper()} r = {with_interval(wall.pearson)}"
        for wall in content.walls
        if wall.figure == figure
    )
    return Picture(
        png=png_of(wall_agreement(content, figure)),
        name=f"wall-{slug(figure)}",
        title=f"Wall thickness, {figure}",
        caption=_AGREEMENT,
        alt=f"Scatter and Bland-Altman plots of {figure} wall thickness: {listed}.",
    )


def _volumes(content: CurveContent) -> Picture:
    agreements = [
        FigureAgreement(
            title=f"{found.figure}\n{found.model.title}",
            unit=found.unit,
            **{part.name: getattr(found, part.name) for part in fields(Agreement)},
        )
        for found in content.volumes
    ]
    listed = "; ".join(
        f"{found.figure} of {found.model.title} {with_interval(found.bias)} {found.unit}" for found in content.volumes
    )
    return Picture(
        png=png_of(agreement_plots(agreements)),
        name="volumes",
        title="Volumes and ejection fraction",
        caption=_AGREEMENT,
        alt=f"Scatter and Bland-Altman plots of volumes; mean differences: {listed}.",
    )


def _overlay(overlay: Overlay) -> Picture:
    listed = "; ".join(f"{title} {dice:.2f}" for title, dice in overlay.dice.items())
    return Picture(
        png=png_of(mask_overlays(overlay)),
        name=f"overlay-{overlay.rank}",
        title=f"The {overlay.rank} test subject of {overlay.ranked_by}: {overlay.subject}, {overlay.phase.upper()}",
        caption="Borders of blood pool and myocardium: dashed white as drawn, orange as the model sees them.",
        alt=f"Three planes of {overlay.subject} with contours; mean Dice: {listed}.",
        about=overlay.subject,
    )


def _bulls_eyes(content: CurveContent) -> Picture:
    first = content.bulls_eyes[0]
    return Picture(
        png=png_of(bulls_eyes(content.bulls_eyes)),
        name="bulls-eyes",
        title=f"Wall thickness by segment, {first.subject}",
        caption=(
            "Median thickness in mm of the segments of the American Heart Association's model: base outside, apex "
            "inside, anterior up, septum to the left. A question mark: no wall there. Where no right ventricle is "
            "drawn, the septum is taken to look half to the right and half to the front, as it usually does."
        ),
        alt=f"Bull's-eye plots of {first.subject}: {', '.join(first.by_source)}.",
        about=first.subject,
    )


def _surfaces(content: CurveContent) -> Picture:
    first = content.surfaces[0]
    return Picture(
        png=png_of(surface_views(content.surfaces)),
        name="surfaces",
        title=f"Wall thickness on the surface, {first.subject}",
        caption="The outer surface coloured by the thickness under it; grey where there is none.",
        alt=f"Surface of {first.subject} from four sides: {', '.join(s.source for s in content.surfaces)}.",
        about=first.subject,
    )


def _trainings(content: CurveContent) -> Picture:
    return Picture(
        png=png_of(mask_trainings(content)),
        name="trainings",
        title="Training, size by size",
        caption="Mean Dice of the validation subjects after each epoch, a line per draw; the mark is the epoch kept.",
        alt=f"Validation Dice by epoch for {', '.join(map(str, content.sizes))} subjects.",
    )
