"""Pictures of a study: its figures with titles, captions and words."""

from collections.abc import Iterator

from medgraft.core.predictions import HEADLINE
from medgraft.core.task import Task
from medgraft.report.picture import Picture
from medgraft.report.study.cams import cam_matrix
from medgraft.report.study.class_counts import class_counts
from medgraft.report.study.confusion import confusion_matrices
from medgraft.report.study.content import FoldCurves, ModelResult, StudyContent
from medgraft.report.study.curves import curves_at_rate, curves_by_rate
from medgraft.report.study.feature_map import feature_maps
from medgraft.report.study.findings import leading_model
from medgraft.report.study.headline import headline
from medgraft.report.study.subject_strip import MOST_ROWS, subject_strip
from medgraft.report.style import png_of


def study_pictures(content: StudyContent) -> Iterator[Picture]:
    """All figures that the content has values for: those of all models first, then model by model."""
    yield _headline(content)
    yield _confusion(content)
    if any(result.curves and content.rate in result.curves.rates for result in content.results):
        yield _all_curves(content)
    if any(result.embedding is not None for result in content.results):
        yield _maps(content)
    if content.splits:
        yield _counts(content)
    for result in content.results:
        yield from _of_model(result, content)


def _headline(content: StudyContent) -> Picture:
    chosen = leading_model(content).name
    figure = headline(content.results, content.baselines, content.task, chosen=chosen)
    listed = "; ".join(f"{r.title} {_value(r)}" for r in (*content.results, *content.baselines))
    return Picture(
        png=png_of(figure),
        name="headline",
        title="All models and baselines",
        caption=(
            "Macro F1 and F1 of each class with 95 % intervals over patients. Hollow: the class with the highest "
            "score; filled: the whole stack decided at once. The shaded rows see no pixels; a network whose whisker "
            "reaches the dotted line has not clearly learned from the images. The leading model is in bold."
        ),
        alt=f"Dot-and-whisker plot of macro F1: {listed}.",
    )


def _confusion(content: StudyContent) -> Picture:
    return Picture(
        png=png_of(confusion_matrices((*content.results, *content.baselines), content.task)),
        name="confusion",
        title="Confusion matrices",
        caption=(
            "Rows are the true classes, columns the answers. Each cell gives the number of images and, in small "
            "figures and as shade, its share of the true class."
        ),
        alt="Confusion matrices of all models and baselines; the counts are in tables/confusion.csv.",
    )


def _all_curves(content: StudyContent) -> Picture:
    rate = content.rate or 0.0
    return Picture(
        png=png_of(curves_at_rate(content.results, rate)),
        name="curves",
        title=f"Training curves at one learning rate ({rate:g})",
        caption=(
            "Loss above, accuracy below, on the same axes for all models; faint lines are single folds, bold lines "
            "their mean. A validation loss that climbs while the training loss falls is overfitting."
        ),
        alt=f"Training and validation curves of all models at learning rate {rate:g}.",
    )


def _maps(content: StudyContent) -> Picture:
    return Picture(
        png=png_of(feature_maps(content.results, content.task)),
        name="feature-maps",
        title="What the networks see as alike",
        caption=(
            "t-SNE of the features before the last layer, one point per image; wrong answers are ringed. Neighbours "
            "are alike; axes and distances between far groups mean nothing."
        ),
        alt="t-SNE scatter plots, one per model, coloured and shaped by true class.",
    )


def _counts(content: StudyContent) -> Picture:
    listed = "; ".join(f"{s.split}: {', '.join(map(str, s.images))}" for s in content.splits)
    return Picture(
        png=png_of(class_counts(content.splits, content.task)),
        name="class-counts",
        title="Images per class",
        caption="Share of each class in each split, with the number of images.",
        alt=f"Stacked bars of images per class ({', '.join(content.task.codes)}): {listed}.",
    )


def _of_model(result: ModelResult, content: StudyContent) -> Iterator[Picture]:
    if result.curves is not None:
        yield _curves_of(result, result.curves)
    if content.task.along_stack:
        yield _stacks_of(result, content.task)
    if result.cams:
        yield _cams_of(result, content.task)


def _curves_of(result: ModelResult, curves: FoldCurves) -> Picture:
    return Picture(
        png=png_of(curves_by_rate(result)),
        name=f"curves-{result.name}",
        title="Curves at each learning rate",
        caption="Faint lines are single folds, bold lines their mean; the dotted line marks the chosen epoch.",
        alt=(
            f"Training curves of {result.title} at {len(curves.rates)} learning rates; chosen: rate "
            f"{result.chosen_rate}, epoch {result.chosen_epoch}."
        ),
        about=result.name,
    )


def _stacks_of(result: ModelResult, task: Task) -> Picture:
    n_stacks = len(result.predictions.stacks())
    cut = f" The {MOST_ROWS} of {n_stacks} stacks with the most errors are shown." if n_stacks > MOST_ROWS else ""
    return Picture(
        png=png_of(subject_strip(result, task)),
        name=f"stacks-{result.name}",
        title="Stack by stack",
        caption=(
            "Each row is one stack at one phase, base on the left; truth above, answer below, wrong slices framed; "
            f"most errors first.{cut} Errors at the borders of the range are what readers disagree about too."
        ),
        alt=f"Truth and answers of {result.title} along each stack.",
        about=result.name,
    )


def _cams_of(result: ModelResult, task: Task) -> Picture:
    return Picture(
        png=png_of(cam_matrix(result.cams, task)),
        name=f"cams-{result.name}",
        title="Where the network looked (Grad-CAM)",
        caption=(
            "Examples of each pair of truth and answer, with the number of such images: the image above, below it "
            "the regions that raised the score of the answer (bright: most)."
        ),
        alt=f"Grad-CAM overlays of {result.title} by truth and answer.",
        about=result.name,
    )


def _value(result: ModelResult) -> str:
    figure = result.answer_metrics.get(HEADLINE)
    return "unknown" if figure is None else f"{figure.value:.2f}"
