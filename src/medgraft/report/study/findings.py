"""What we found, and what to be careful about, as plain sentences made from the numbers."""

import math
from collections.abc import Iterator

import numpy as np

from medgraft.core.predictions import HEADLINE
from medgraft.evaluation import Interval, PairedDifference
from medgraft.report.finding import Finding, with_interval
from medgraft.report.study.content import ModelResult, StudyContent
from medgraft.report.study.tables import metric_title

_FEW_IMAGES, _FEW_SUBJECTS = 50, 30


def leading_model(content: StudyContent) -> ModelResult:
    """The model the study chose; where it chose none, the one with the highest macro F1 of its answers."""
    if content.chosen is not None:
        everyone = (*content.results, *content.baselines)
        return next(result for result in everyone if result.name == content.chosen)
    return max(content.results, key=_headline_value)


def findings(content: StudyContent) -> tuple[Finding, ...]:
    """The answer first: which model, how good, better than no pixels or not, on how many patients."""
    model = leading_model(content)
    return (
        _which_model(content, model),
        *_against_baselines(content, model),
        *_classes(content, model),
        _patients(content, model),
        _meaning(),
    )


def cautions(content: StudyContent) -> tuple[Finding, ...]:
    """The study's own warnings, then what its size and its design do not allow one to say."""
    return (
        *(Finding(text=text, tone="warn") for text in content.warnings),
        *_selection(content),
        *_rare_classes(content),
        *_few_patients(content),
        Finding(
            text="Grad-CAM and t-SNE are there to raise questions, not to settle them: a map that looks right does not "
            "prove that the network uses what a reader would use."
        ),
        Finding(
            text="These figures speak about the patients, scanners and readers of this study. Another site needs "
            "its own labelled stacks before any of the models is used there."
        ),
    )


def _which_model(content: StudyContent, model: ModelResult) -> Finding:
    many = f"Of {len(content.results)} models, " if len(content.results) > 1 else ""
    how = "was chosen" if content.chosen else "has the highest macro F1"
    rule = f" ({content.chosen_by})" if content.chosen and content.chosen_by else ""
    plain = _sentence_part(model.metrics.get(HEADLINE), "taking the class with the highest score")
    decoded = _sentence_part(model.decoded_metrics.get(HEADLINE), "deciding each stack as a whole")
    figures = " and ".join(part for part in (plain, decoded) if part)
    text = f"{many}{model.title} {how}{rule}. Its macro F1 is {figures or 'not known'}."
    return Finding(text=text[0].upper() + text[1:])


def _sentence_part(figure: Interval | None, how: str) -> str:
    return "" if figure is None else f"{with_interval(figure)} {how}"


def _against_baselines(content: StudyContent, model: ModelResult) -> Iterator[Finding]:
    others = {baseline.name: baseline for baseline in content.baselines}
    if model.name in others:
        yield Finding(text="The model is itself a baseline that sees no pixels: no network did better.", tone="warn")
        return
    compared = [c for c in content.comparisons if c.model == model.name and c.other in others]
    if not compared:
        yield Finding(
            text="The model was not compared with a baseline that sees no pixels. Until that is done, its "
            "figures do not show that it has learned anything from the images.",
            tone="warn",
        )
    for comparison in compared:
        yield against_baseline(others[comparison.other].title, comparison.difference)


def against_baseline(title: str, d: PairedDifference) -> Finding:
    """What a model is worth beside a baseline of that title: `d` is the model's figure less the baseline's."""
    facts = (
        f"Against “{title}”, which sees no pixels, the paired difference in {metric_title(d.metric)} is {d.value:+.2f} "
        f"({_certainty(d)})"
    )
    if d.low > 0:
        return Finding(text=f"{facts}: on these patients the images add something.", tone="good")
    if d.high < 0:
        return Finding(
            text=f"{facts}: the network does worse than a rule that never looks at the image. It must not be used.",
            tone="warn",
        )
    why = "There is no interval" if math.isnan(d.low) else "The interval includes zero"
    return Finding(
        text=f"{facts}. {why}: this study does not show that the network knows more than that rule does.",
        tone="warn",
    )


def _certainty(d: PairedDifference) -> str:
    """One patient gives no interval."""
    if math.isnan(d.low):
        return "no interval"
    return f"95 % interval {d.low:+.2f} to {d.high:+.2f}, p = {d.p_value:.3g}"


def _classes(content: StudyContent, model: ModelResult) -> Iterator[Finding]:
    figures = {code: model.answer_metrics.get(f"f1_{code}") for code in content.task.codes}
    known = {code: figure for code, figure in figures.items() if figure and not math.isnan(figure.value)}
    if not known:
        return
    weakest = min(known, key=lambda code: known[code].value)
    listed = ", ".join(f"{code} {with_interval(figure)}" for code, figure in known.items())
    yield Finding(text=f"By class its F1 is {listed}; {weakest} is the hardest.")


def _patients(content: StudyContent, model: ModelResult) -> Finding:
    table = model.predictions
    counts = np.bincount(table.y_true[table.y_true >= 0], minlength=len(content.task.codes))
    listed = ", ".join(f"{count:,} {code}" for code, count in zip(content.task.codes, counts, strict=True))
    text = (
        f"All figures come from {model.evaluated_on}: {len(table):,} images ({listed}) of "
        f"{len(np.unique(table.subject)):,} patients. No patient was in both training and evaluation."
    )
    return Finding(text=text)


def _meaning() -> Finding:
    return Finding(
        text="Numbers in brackets are 95 % intervals. They come from drawing whole patients again and again, since "
        "images of one patient resemble each other, and say how far a figure could move with other patients of the "
        "same kind; they do not cover another scanner, another reader or another training run."
    )


def _selection(content: StudyContent) -> Iterator[Finding]:
    pooled = content.results[0].evaluated_on != "a held-out test set"
    if content.chosen is None and len(content.results) > 1:
        yield Finding(
            text=f"The leading model was picked as the best of {len(content.results)} on the very figures "
            "reported here, so its figures are somewhat too good.",
            tone="warn",
        )
    if pooled:
        yield Finding(
            text="Learning rate and epoch were chosen on the same folds whose answers are pooled here, which "
            "flatters every network a little, and the baselines not at all.",
            tone="warn",
        )


def _rare_classes(content: StudyContent) -> Iterator[Finding]:
    table = content.results[0].predictions
    for index, item in enumerate(content.task.classes):
        rows = table.y_true == index
        if rows.sum() >= _FEW_IMAGES:
            continue
        yield Finding(
            text=f"{item.code} ({item.name}) has only {rows.sum():,} images, of "
            f"{len(np.unique(table.subject[rows])):,} patients. One image more or less moves its figures "
            "visibly; accuracy hides it, macro F1 does not.",
            tone="warn",
        )


def _few_patients(content: StudyContent) -> Iterator[Finding]:
    n_subjects = len(np.unique(content.results[0].predictions.subject))
    if n_subjects < _FEW_SUBJECTS:
        yield Finding(
            text=f"With {n_subjects} patients the intervals themselves are rough: where one patient differs much from "
            "the rest, they may still be too narrow.",
            tone="warn",
        )


def _headline_value(result: ModelResult) -> float:
    figure = result.answer_metrics.get(HEADLINE)
    return -math.inf if figure is None or math.isnan(figure.value) else figure.value
