"""What to do with the travelling model, in plain words, from the learning curve."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from medgraft.core.counted import counted
from medgraft.evaluation import PairedDifference
from medgraft.study.curve.contrasts import CurveContrast, difference, draw_differences, gains, mean_dice
from medgraft.study.curve.outcome import AS_IS, CurveOutcome

#: A difference in mean Dice that is worth the work of labelling; a convention of medgraft's, not of the paper.
WORTH = 0.01
#: The mean Dice below which nothing is measured in masks; a convention of medgraft's too.
FIT = 0.7
#: Below so many test subjects no p value can be under 0.05 (`evaluation.paired.p_value_of`).
LEAST_SUBJECTS = 6
#: A p value below it is called significant.
_SIGNIFICANT = 0.05

Advice = Literal["use as is", "fine-tune", "train anew"]

#: An arm, and how many subjects it learns from.
_Way = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """advice: what to do. arm, size: from which start, with how many local subjects, if any. text: for people."""

    advice: Advice
    arm: str | None
    size: int | None
    text: str


def verdict(outcome: CurveOutcome) -> Verdict:
    """What the held-out subjects say, the cheapest way first.

    The travelling model is used as it is unless some training beats it by more than `WORTH` in mean Dice with an
    interval that excludes zero. Of the trainings that do, that with the fewest subjects is advised which no other of
    them with as many or more beats by more than `WORTH`; of several with so few, the best. Intervals are of one way;
    where p after Holm over all ways does not bear a gain out, the text says so. It says too where intervals leave the
    order of two ways open or a single draw of subjects turns it round, how good the advised model is (`FIT`), and
    where test subjects are too few to tell (`LEAST_SUBJECTS`).
    """
    means = _means(outcome)
    gained = {(gain.arm, gain.size): gain for gain in gains(outcome)}
    worthy = [way for way in means if not gained or _is_worth_it(gained[way].difference)]
    if not worthy:
        best_of_largest = max((way for way in means if way[1] == outcome.sizes[-1]), key=means.__getitem__)
        return _use_as_is(outcome, gained[best_of_largest])
    arm, size = _enough({way: means[way] for way in worthy})
    return _train(outcome, arm, size, gained.get((arm, size)))


def _means(outcome: CurveOutcome) -> dict[_Way, float]:
    """The mean Dice of every way, fewest subjects first."""
    ways = [(arm, size) for size in outcome.sizes for arm in outcome.arms if outcome.of(arm, size)]
    return {way: mean_dice(outcome, outcome.of(*way)) for way in ways}


def _enough(means: Mapping[_Way, float]) -> _Way:
    """The best of the fewest subjects whom none with as many or more beats by more than `WORTH`."""

    def beaten(way: _Way) -> bool:
        return any(mean - means[way] > WORTH for other, mean in means.items() if other[1] >= way[1])

    return min((way for way in means if not beaten(way)), key=lambda way: (way[1], -means[way]))


def _is_worth_it(gain: PairedDifference) -> bool:
    return gain.value > WORTH and gain.low > 0


def _use_as_is(outcome: CurveOutcome, gain: CurveContrast) -> Verdict:
    text = (
        f"Use the model as it is: {_measured(outcome, AS_IS, 0)}. Training here ({gain.arm}, "
        f"{counted(gain.size, 'subject')}) differs by {_shown(gain.difference)}: not more than {WORTH:g}, or not told "
        f"from zero by these subjects.{_fitness(outcome, AS_IS, 0)}{_few(outcome)}"
    )
    return Verdict(advice="use as is", arm=None, size=None, text=text)


def _train(outcome: CurveOutcome, best: str, size: int, gain: CurveContrast | None) -> Verdict:
    from_package = outcome.curve.arms[best].start == "package"
    rivals = [arm for arm in outcome.arms if arm != best and outcome.of(arm, size)]
    against = {arm: difference(outcome, outcome.of(best, size), outcome.of(arm, size)) for arm in rivals}
    text = (
        f"{'Fine-tune' if from_package else 'Train anew'} with {counted(size, 'subject')}, and "
        f"{outcome.n_subjects['validation']} more that chose rate and epoch ({best}): {_measured(outcome, best, size)}"
        f"{f'; {_shown(gain.difference)} against the model as it is' if gain else ''}"
        f"{''.join(f'; {_shown(found)} against {arm} with as many' for arm, found in against.items())}."
        f"{_more(outcome, best, size)}{_doubt(outcome, best, size, against)}{_corrected(outcome, gain)}"
        f"{_fitness(outcome, best, size)}{_few(outcome)}"
    )
    return Verdict(advice="fine-tune" if from_package else "train anew", arm=best, size=size, text=text)


def _measured(outcome: CurveOutcome, arm: str, size: int) -> str:
    n_test = counted(_n_test(outcome), "test subject")
    return f"mean Dice {mean_dice(outcome, outcome.of(arm, size)):.2f} on {n_test}"


def _more(outcome: CurveOutcome, best: str, size: int) -> str:
    """What more subjects did or may do; one size is no curve and says nothing."""
    if size < outcome.sizes[-1]:
        means = _means(outcome)
        gained = any(mean - means[best, size] > WORTH for way, mean in means.items() if way[1] > size)
        what = "gained more, but these subjects do not tell it from zero" if gained else "did not help"
        return f" More than {size} {what}."
    before = outcome.of(best, outcome.sizes[-2]) if len(outcome.sizes) > 1 else ()
    if before and difference(outcome, outcome.of(best, size), before).value > WORTH:
        return " The curve had not levelled off at the largest size: more subjects may help."
    return ""


def _doubt(outcome: CurveOutcome, best: str, size: int, against: Mapping[str, PairedDifference]) -> str:
    """What speaks against the order of starts: other subjects to measure, or another draw to learn from."""
    if not all(found.low > 0 for found in against.values()):
        return " The intervals leave open which start is better."
    turned = [
        arm for arm in against if min(draw_differences(outcome, outcome.of(best, size), outcome.of(arm, size))) <= 0
    ]
    return f" Not in every draw of subjects is it better than {', '.join(turned)}." if turned else ""


def _corrected(outcome: CurveOutcome, gain: CurveContrast | None) -> str:
    if gain is None or gain.adjusted < _SIGNIFICANT or _n_test(outcome) < LEAST_SUBJECTS:
        return ""
    return f" Corrected for the ways tried (Holm), the gain over the model as it is has p = {gain.adjusted:.2f}."


def _fitness(outcome: CurveOutcome, arm: str, size: int) -> str:
    """Nothing where the advised model reaches `FIT`."""
    if mean_dice(outcome, outcome.of(arm, size)) >= FIT:
        return ""
    models = {(point.arm, point.size) for point in outcome.points}
    none = all(mean_dice(outcome, outcome.of(*model)) < FIT for model in models)
    who = "None of these is" if none else "It is not"
    return f" {who} fit for measuring: mean Dice below {FIT:g}, a floor of medgraft's own."


def _few(outcome: CurveOutcome) -> str:
    n = _n_test(outcome)
    return f" {counted(n, 'test subject')}: too few to tell." if n < LEAST_SUBJECTS else ""


def _n_test(outcome: CurveOutcome) -> int:
    return len({figures.subject for figures in outcome.points[0].test})


def _shown(difference: PairedDifference) -> str:
    if math.isnan(difference.low):
        return f"{difference.value:+.3f} [one subject, no interval]"
    return f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"
