"""Sentences follow from the numbers: better, worse, undecided, never compared."""

import dataclasses

import numpy as np
import pytest

from medgraft.evaluation import PairedDifference
from medgraft.report import Comparison, StudyContent
from medgraft.report.study.findings import cautions, findings, leading_model


def compared(content: StudyContent, low: float, high: float) -> StudyContent:
    difference = PairedDifference(
        metric="macro_f1", value_a=0.6, value_b=0.5, value=(low + high) / 2, low=low, high=high, p_value=0.2,
        n_resamples=100,
    )  # fmt: skip
    comparison = Comparison(model="vgg16", other="position", difference=difference)
    return dataclasses.replace(content, comparisons=(comparison,))


@pytest.mark.parametrize(
    ("low", "high", "tone", "words"),
    [
        (0.02, 0.2, "good", "the images add something"),
        (-0.05, 0.2, "warn", "includes zero"),
        (0.0, 0.2, "warn", "includes zero"),
        (-0.2, -0.01, "warn", "worse than a rule that never looks"),
        (np.nan, np.nan, "warn", "(no interval). There is no interval: this study does not show"),
    ],
)
def test_the_difference_to_a_baseline_is_read_off_its_interval(
    content: StudyContent, low: float, high: float, tone: str, words: str
) -> None:
    found = [f for f in findings(compared(content, low, high)) if "Slice position" in f.text]
    assert [f.tone for f in found] == [tone]
    assert words in found[0].text
    assert "nan to" not in found[0].text


def test_a_model_that_was_never_compared_is_flagged(content: StudyContent) -> None:
    alone = dataclasses.replace(content, comparisons=())
    assert any(f.tone == "warn" and "not compared" in f.text for f in findings(alone))


def test_a_baseline_that_leads_is_flagged(content: StudyContent) -> None:
    lost = dataclasses.replace(content, chosen="position")
    assert any(f.tone == "warn" and "no network did better" in f.text for f in findings(lost))


def test_the_first_sentence_names_the_chosen_model_and_its_figure(content: StudyContent) -> None:
    first = findings(content)[0].text
    figure = content.results[1].metrics["macro_f1"]
    assert content.results[1].title in first
    assert f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})" in first


def test_without_a_rule_the_best_answers_lead_and_the_reader_is_told(content: StudyContent) -> None:
    free = dataclasses.replace(content, chosen=None, chosen_by="")
    best = max(content.results, key=lambda result: result.decoded_metrics["macro_f1"].value)
    assert leading_model(free) is best
    assert any("somewhat too good" in f.text for f in cautions(free))
    assert not any("somewhat too good" in f.text for f in cautions(content))


def test_rare_classes_few_patients_and_pooling_are_named(content: StudyContent) -> None:
    said = " ".join(f.text for f in cautions(content))
    rare = int((content.results[0].predictions.y_true == content.task.index("OBS")).sum())
    assert f"OBS (out of basal) has only {rare} images" in said
    assert "With 20 patients" in said
    assert "same folds whose answers are pooled" in said
    assert content.warnings[0] in said


def test_a_held_out_test_set_is_called_one(content: StudyContent) -> None:
    results = tuple(
        dataclasses.replace(r, predictions=dataclasses.replace(r.predictions, fold=np.full(len(r.predictions), -1)))
        for r in content.results
    )
    held_out = dataclasses.replace(content, results=results)
    assert any("a held-out test set" in f.text for f in findings(held_out))
    assert not any("pooled" in f.text for f in cautions(held_out))
