"""The verdict follows from the curve: cheapest way first, and never without saying how sure it is."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from medgraft.evaluation.paired import p_value_of
from medgraft.study.curve import AS_IS, CurveOutcome, SubjectFigures, verdict
from medgraft.study.curve.verdict import LEAST_SUBJECTS

MakeUp = Callable[..., CurveOutcome]


def curve(as_is: float, scratch: tuple[float, ...], tuned: tuple[float, ...]) -> dict[tuple[str, int], float]:
    sizes = (5, 10, 20)
    arms = {"scratch": scratch, "fine-tuned": tuned}
    return {(AS_IS, 0): as_is} | {
        (arm, size): value for arm, values in arms.items() for size, value in zip(sizes, values, strict=True)
    }


@pytest.mark.parametrize(
    ("means", "advice", "size"),
    [
        (curve(0.76, (0.4, 0.5, 0.63), (0.88, 0.89, 0.892)), "fine-tune", 10),  # the paper's shape
        (curve(0.76, (0.4, 0.5, 0.63), (0.89, 0.891, 0.892)), "fine-tune", 5),
        (curve(0.80, (0.4, 0.5, 0.63), (0.803, 0.813, 0.812)), "fine-tune", 10),  # five come near, but gain little
        (curve(0.90, (0.4, 0.5, 0.63), (0.90, 0.901, 0.903)), "use as is", None),
        (curve(0.50, (0.6, 0.8, 0.90), (0.70, 0.75, 0.80)), "train anew", 20),
        (curve(0.76, (0.4, 0.6, 0.894), (0.889, 0.891, 0.892)), "fine-tune", 5),  # 20 from scratch gain no more
        (curve(0.76, (0.4, 0.6, 0.894), (0.875, 0.880, 0.890)), "train anew", 20),
        (curve(0.76, (0.4, 0.6, 0.915), (0.889, 0.891, 0.892)), "train anew", 20),
        (curve(0.50, (0.6, 0.9, 0.80), (0.75, 0.80, 0.85)), "train anew", 10),  # more of either are worse
    ],
)
def test_the_verdict_is_the_curves(
    made_up: MakeUp, means: dict[tuple[str, int], float], advice: str, size: int | None
) -> None:
    found = verdict(made_up(means))
    assert (found.advice, found.size) == (advice, size)
    assert re.search(r"[+-]0\.\d{3} \[[+-]0\.\d{3}, [+-]0\.\d{3}\]", found.text)


def test_a_gain_that_subjects_do_not_show_is_no_reason_to_train(made_up: MakeUp) -> None:
    means = curve(0.80, (0.4, 0.5, 0.6), (0.80, 0.81, 0.815))
    assert verdict(made_up(means, noise=0.5)).advice == "use as is"


def test_a_gain_that_subjects_show_is_not_lost_beside_a_larger_one_that_they_do_not(made_up: MakeUp) -> None:
    """Twenty subjects gain 0.3 in eight of twelve and lose 0.35 in four; five gain 0.05 in all."""
    outcome = made_up(curve(0.5, (0.2, 0.3, 0.4), (0.55, 0.55, 0.55)))

    def torn(figures: SubjectFigures) -> SubjectFigures:
        change = -0.4 if figures.subject < "test04" else 0.25
        return replace(figures, dice={code: value + change for code, value in figures.dice.items()})

    points = tuple(
        replace(point, test=tuple(map(torn, point.test))) if (point.arm, point.size) == ("fine-tuned", 20) else point
        for point in outcome.points
    )
    found = verdict(replace(outcome, points=points))
    assert (found.advice, found.size) == ("fine-tune", 5)
    assert "More than 5 gained more, but these subjects do not tell it from zero." in found.text


def test_an_order_that_is_open_is_said(made_up: MakeUp) -> None:
    same = (0.7, 0.8, 0.9)
    assert "leave open" in verdict(made_up(curve(0.5, same, same), noise=0.02)).text
    assert "leave open" not in verdict(made_up(curve(0.5, (0.2, 0.3, 0.4), same))).text


def test_a_single_draw_that_turns_the_order_is_said(made_up: MakeUp) -> None:
    outcome = made_up(curve(0.5, (0.2, 0.3, 0.4), (0.7, 0.7, 0.7)))
    (scratch,) = [point for point in outcome.of("scratch", 5) if point.draw == 1]
    lucky = replace(scratch, test=tuple(replace(f, dice=dict.fromkeys(f.dice, 0.9)) for f in scratch.test))
    points = tuple(lucky if point is scratch else point for point in outcome.points)
    assert verdict(outcome).size == 5
    assert "every draw" not in verdict(outcome).text
    assert "Not in every draw of subjects is it better than scratch." in verdict(replace(outcome, points=points)).text


def test_one_test_subject_settles_nothing(made_up: MakeUp) -> None:
    outcome = made_up({("scratch", 5): 0.2, ("fine-tuned", 5): 0.8})
    text = verdict(of_subjects(outcome, 1)).text
    assert "no interval" in text
    assert "leave open" in text


def test_how_good_the_advised_model_is_is_said_and_on_how_many(made_up: MakeUp) -> None:
    outcome = made_up(curve(0.5, (0.4, 0.5, 0.6), (0.8, 0.9, 0.9)))
    figures = [figure for point in outcome.of("fine-tuned", 10) for figure in point.test]
    level = np.mean([value for figure in figures for value in figure.dice.values()])
    text = verdict(outcome).text
    assert text.startswith(
        f"Fine-tune with 10 subjects, and 4 more that chose rate and epoch (fine-tuned): "
        f"mean Dice {level:.2f} on 12 test subjects; "
    )
    assert "against the model as it is" in text
    assert "fit for measuring" not in text


@pytest.mark.parametrize(
    ("means", "words"),
    [
        (curve(0.118, (0.1, 0.1, 0.1), (0.1, 0.1, 0.12)), "Use the model as it is: mean Dice 0.11 on 12 test subjects"),
        (curve(0.118, (0.1, 0.1, 0.1), (0.1, 0.1, 0.12)), "None of these is fit for measuring: mean Dice below 0.7"),
        (curve(0.3, (0.1, 0.1, 0.1), (0.4, 0.5, 0.6)), "None of these is fit for measuring: mean Dice below 0.7"),
        (curve(0.703, (0.1, 0.1, 0.1), (0.711, 0.711, 0.711)), "It is not fit for measuring: mean Dice below 0.7"),
    ],
)
def test_what_is_not_fit_for_measuring_is_called_so(
    made_up: MakeUp, means: dict[tuple[str, int], float], words: str
) -> None:
    assert words in verdict(made_up(means)).text


def of_subjects(outcome: CurveOutcome, n: int) -> CurveOutcome:
    """The same with only some test subjects, each of two phases."""
    return replace(outcome, points=tuple(replace(point, test=point.test[: 2 * n]) for point in outcome.points))


def test_too_few_test_subjects_are_said(made_up: MakeUp) -> None:
    outcome = made_up(curve(0.5, (0.2, 0.3, 0.4), (0.7, 0.7, 0.7)))
    for n in (2, 3, 5):
        assert f"{n} test subjects: too few to tell." in verdict(of_subjects(outcome, n)).text
    assert "too few" not in verdict(of_subjects(outcome, LEAST_SUBJECTS)).text
    assert p_value_of(np.ones(2000), LEAST_SUBJECTS) < 0.05 < p_value_of(np.ones(2000), LEAST_SUBJECTS - 1)


def test_a_gain_that_the_correction_over_all_ways_does_not_bear_out_is_said(made_up: MakeUp) -> None:
    outcome = made_up(curve(0.5, (0.2, 0.3, 0.4), (0.7, 0.7, 0.7)))
    six = verdict(of_subjects(outcome, 6))  # the least p of six subjects, 1 in 32, times six ways
    assert six.advice == "fine-tune"
    assert "Corrected for the ways tried (Holm), the gain over the model as it is has p = 0.19." in six.text
    assert "Holm" not in verdict(outcome).text


def test_more_subjects_are_not_said_to_gain_where_they_lose(made_up: MakeUp) -> None:
    found = verdict(made_up(curve(0.5, (0.2, 0.3, 0.4), (0.80, 0.78, 0.756))))
    assert found.size == 5
    assert "More than 5 did not help." in found.text
    found = verdict(made_up(curve(0.5, (0.2, 0.3, 0.4), (0.75, 0.80, 0.75))))
    assert found.size == 10, "as good as the largest, but ten are better than both"


def test_one_size_is_no_curve(made_up: MakeUp) -> None:
    text = verdict(made_up({(AS_IS, 0): 0.4, ("scratch", 5): 0.5, ("fine-tuned", 5): 0.8})).text
    assert "levelled" not in text
    assert "More" not in text


def test_a_curve_that_still_rises_is_said(made_up: MakeUp) -> None:
    assert "more subjects may help" in verdict(made_up(curve(0.5, (0.2, 0.3, 0.4), (0.6, 0.7, 0.8)))).text
    assert "more subjects may help" not in verdict(made_up(curve(0.5, (0.2, 0.3, 0.4), (0.8, 0.8, 0.8)))).text


def test_without_a_travelling_model_the_best_start_is_named(made_up: MakeUp) -> None:
    means = {("scratch", 5): 0.6, ("scratch", 10): 0.8}
    found = verdict(made_up(means))
    assert (found.advice, found.size) == ("train anew", 10)
