"""What to do with the travelling model, in plain words, from the learning curve."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from medgraft.core.counted import counted
from medgraft.evaluation import PairedDifference
from medgraft.study.curve.findings import difference, draw_differences
from medgraft.study.curve.learning_curve import AS_IS
from medgraft.study.curve.outcome import CurveOutcome

#: A difference in mean Dice that is worth the work of labelling; a convention of medgraft's, not of the paper.
WORTH = 0.01

Advice = Literal["use as is", "fine-tune", "train anew"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """advice: what to do. size: with how many local subjects, None for none. text: why, for people."""

    advice: Advice
    size: int | None
    text: str


def verdict(outcome: CurveOutcome, *, worth: float = WORTH) -> Verdict:
    """What the held-out subjects say, the cheapest way first.

    The travelling model is used as it is unless some training beats it by more than `worth` in mean Dice with an
    interval that excludes zero. Of the arm that gains most at the largest size, the fewest subjects suffice that come
    within `worth` of it and beat the model as it is. Where intervals leave the order of two ways open, or a single
    draw of subjects turns it round, the text says so.
    """
    largest = outcome.sizes[-1]
    arms = [arm for arm in outcome.arms if outcome.of(arm, largest)]
    best = max(arms, key=lambda arm: difference(outcome, outcome.of(arm, largest), outcome.of(arms[0], largest)).value)
    level = enough = _enough(outcome, best, worth)
    if as_is := outcome.of(AS_IS, 0):
        gains = {size: difference(outcome, outcome.of(best, size), as_is) for size in level}
        enough = tuple(size for size, gain in gains.items() if gain.value > worth and gain.low > 0)
        if not enough:
            return Verdict(advice="use as is", size=None, text=_as_is_text(best, largest, gains[largest], worth))
    return _train(outcome, best, enough[0], levelled=len(level) > 1)


def _enough(outcome: CurveOutcome, arm: str, worth: float) -> tuple[int, ...]:
    """The sizes that come within `worth` of the largest, which is the last of them."""
    *smaller, largest = outcome.sizes
    last = outcome.of(arm, largest)
    within = (size for size in smaller if difference(outcome, last, outcome.of(arm, size)).value <= worth)
    return (*within, largest)


def _train(outcome: CurveOutcome, best: str, size: int, *, levelled: bool) -> Verdict:
    from_package = outcome.curve.arms[best].start == "package"
    rivals = [arm for arm in outcome.arms if arm != best and outcome.of(arm, size)]
    gains = {arm: difference(outcome, outcome.of(best, size), outcome.of(arm, size)) for arm in rivals}
    against = "; ".join(f"{_shown(gain)} against {arm} with as many" for arm, gain in gains.items())
    way = f"{'Fine-tune' if from_package else 'Train anew'} with {counted(size, 'subject')}"
    more = f" More than {size} gained at most {WORTH:g}." if size < outcome.sizes[-1] else ""
    if not levelled:
        more = " The curve had not levelled off at the largest size: more subjects may help."
    doubt = _doubt(outcome, best, size, gains)
    return Verdict(
        advice="fine-tune" if from_package else "train anew",
        size=size,
        text=f"{way} ({best}). Mean Dice: {against or 'no other start was tried'}.{more}{doubt}",
    )


def _doubt(outcome: CurveOutcome, best: str, size: int, gains: Mapping[str, PairedDifference]) -> str:
    """What speaks against the order of starts: other subjects to measure, or another draw to learn from."""
    if not all(gain.low > 0 for gain in gains.values()):
        return " The intervals leave open which start is better."
    turned = [
        arm for arm in gains if min(draw_differences(outcome, outcome.of(best, size), outcome.of(arm, size))) <= 0
    ]
    return f" Not in every draw of subjects is it better than {', '.join(turned)}." if turned else ""


def _as_is_text(best: str, size: int, gain: PairedDifference, worth: float) -> str:
    return (
        f"Use the model as it is. The best that training here gave ({best}, {counted(size, 'subject')}) differs by "
        f"{_shown(gain)} in mean Dice: not more than {worth:g}, or not told from zero by these subjects."
    )


def _shown(difference: PairedDifference) -> str:
    if math.isnan(difference.low):
        return f"{difference.value:+.3f} [one subject, no interval]"
    return f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"
