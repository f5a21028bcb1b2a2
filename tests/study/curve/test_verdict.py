"""The verdict follows from the curve: cheapest way first, and never without saying how sure it is."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from medgraft.study.curve import AS_IS, CurveOutcome, verdict

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
    points = tuple(replace(point, test=point.test[:2]) for point in outcome.points)
    text = verdict(replace(outcome, points=points)).text
    assert "no interval" in text
    assert "leave open" in text


def test_a_curve_that_still_rises_is_said(made_up: MakeUp) -> None:
    assert "more subjects may help" in verdict(made_up(curve(0.5, (0.2, 0.3, 0.4), (0.6, 0.7, 0.8)))).text
    assert "more subjects may help" not in verdict(made_up(curve(0.5, (0.2, 0.3, 0.4), (0.8, 0.8, 0.8)))).text


def test_without_a_travelling_model_the_best_start_is_named(made_up: MakeUp) -> None:
    means = {("scratch", 5): 0.6, ("scratch", 10): 0.8}
    found = verdict(made_up(means))
    assert (found.advice, found.size) == ("train anew", 10)
