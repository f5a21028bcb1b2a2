"""Sentences follow from the numbers: the verdict first, what is open is left open, forgetting is said."""

import dataclasses

import numpy as np
import pytest

from medgraft.evaluation import Interval
from medgraft.report import CurveContent, CurveDifference, Recipe
from medgraft.report.curve.findings import cautions, findings
from medgraft.report.curve.methods import methods


def with_difference(content: CurveContent, on: str, low: float, high: float) -> CurveContent:
    """Every difference on one group of subjects with another interval."""

    def changed(item: CurveDifference) -> CurveDifference:
        if item.on != on:
            return item
        value = item.difference.value if np.isnan(low) else (low + high) / 2
        return dataclasses.replace(
            item, difference=dataclasses.replace(item.difference, value=value, low=low, high=high)
        )

    return dataclasses.replace(content, differences=tuple(map(changed, content.differences)))


def with_recipe(content: CurveContent, **changes: object) -> CurveContent:
    recipe: Recipe = dataclasses.replace(content.recipe, **changes)  # type: ignore[arg-type]  # keys of a test
    return dataclasses.replace(content, recipe=recipe)


def test_the_verdict_comes_first_and_the_model_as_it_is_second(curve: CurveContent) -> None:
    first, careful, second = findings(curve)[:3]
    figure = curve.figures[0].value
    assert first.text == curve.verdict
    assert (careful.text, careful.tone) == (curve.cautions[0], "warn")
    assert f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})" in second.text


@pytest.mark.parametrize(
    ("low", "high", "tone", "words"),
    [
        (0.1, 0.2, "good", "+0.150"),
        (-0.1, 0.2, "plain", "left open"),
        (-0.2, -0.1, "warn", "scratch is the better"),
        (np.nan, np.nan, "plain", "left open"),
    ],
)
def test_the_smallest_size_is_read_off_its_interval(
    curve: CurveContent, low: float, high: float, tone: str, words: str
) -> None:
    found = [f for f in findings(with_difference(curve, "test", low, high)) if f.text.startswith("With 5 subjects")]
    assert [f.tone for f in found] == [tone]
    assert words in found[0].text


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.2, -0.1, "it forgets"),
        (-0.1, 0.1, "no change is shown"),
        (0.01, 0.1, "gained there too"),
        (np.nan, np.nan, "(no interval) in mean Dice"),
    ],
)
def test_forgetting_is_said_of_what_came_from_the_package(
    curve: CurveContent, low: float, high: float, words: str
) -> None:
    found = [f.text for f in findings(with_difference(curve, "home", low, high)) if "home site" in f.text]
    assert len(found) == 1
    assert words in found[0]
    assert ("gained" in found[0]) == (low > 0)
    assert "fine-tuned, 30 subjects" in found[0]


def test_an_agreement_that_is_not_defined_is_said_so(curve: CurveContent) -> None:
    """As of a single subject, or of walls that are all alike."""
    none = Interval(value=np.nan, low=np.nan, high=np.nan, n_resamples=0)
    walls = tuple(dataclasses.replace(wall, pearson=none, lower=none, upper=none) for wall in curve.walls)
    (said,) = [f.text for f in findings(dataclasses.replace(curve, walls=walls)) if "wall thickness at ES" in f.text]
    assert "r = undefined" in said
    assert "limits undefined to undefined" in said
    assert "nan" not in said


def test_a_change_of_a_correlation_that_is_not_defined_is_said_so(curve: CurveContent) -> None:
    lost = [
        dataclasses.replace(
            item, difference=dataclasses.replace(item.difference, value=np.nan, low=np.nan, high=np.nan)
        )
        for item in curve.wall_differences
    ]
    (said,) = (
        f.text for f in findings(dataclasses.replace(curve, wall_differences=tuple(lost))) if "Change of r" in f.text
    )
    assert "scratch, 30 subjects undefined" in said
    assert "nan" not in said


def test_the_wall_is_that_of_the_paper_s_example(curve: CurveContent) -> None:
    (said,) = [f.text for f in findings(curve) if "wall thickness at ES" in f.text]
    for wall in curve.walls:
        if (wall.phase, wall.figure) == ("es", "median"):
            assert f"{wall.model.title} r = {wall.pearson.value:.2f}" in said
    assert "over 10 subjects" in said
    for item in curve.wall_differences:
        if (item.phase, item.figure) == ("es", "median"):
            assert f"{item.model.title} {item.difference.value:+.3f}" in said


def test_what_the_design_does_not_allow_is_said(curve: CurveContent) -> None:
    said = " ".join(f.text for f in cautions(curve))
    assert curve.warnings[0] in said
    assert "With 10 test subjects" in said
    assert "read off the test subjects themselves" in said
    assert "chosen on 6 subjects for validation" in said
    assert "drawn 3 times" in said
    assert "drawn once" not in said
    assert "drawn once" in " ".join(f.text for f in cautions(with_recipe(curve, n_draws=1)))
    many = with_recipe(curve, n_subjects={**curve.recipe.n_subjects, "test": 45})
    assert "rough" not in " ".join(f.text for f in cautions(many))


def test_rules_that_differ_are_named_and_unknown_ones_too(curve: CurveContent) -> None:
    differing = [f.text for f in cautions(curve) if "different rules" in f.text]
    assert len(differing) == 1
    assert "Papillary muscles" in differing[0]
    assert any("not known by which rules" in f.text for f in cautions(dataclasses.replace(curve, rules=())))


def test_methods_name_what_a_colleague_would_ask(curve: CurveContent) -> None:
    said = " ".join(methods(curve))
    for words in (
        "SegResNet 3D",
        "1 mm",
        "0.001, 0.0001",
        "40 epochs of 15 updates (2 at a time; 600 updates in all)",
        "times 0.9 after every 10",
        "seed 7",
        "Laplace",
    ):
        assert words in said
    assert "every case once (2 at a time" in " ".join(methods(with_recipe(curve, updates=None)))
    assert "Laplace" not in " ".join(methods(dataclasses.replace(curve, walls=())))
