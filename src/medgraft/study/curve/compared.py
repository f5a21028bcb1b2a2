"""Which models of a learning curve are looked at subject by subject: measured in mm and ml, listed and drawn."""

from medgraft.study.curve.outcome import AS_IS, CurveOutcome, CurvePoint
from medgraft.study.curve.verdict import verdict


def compared_models(outcome: CurveOutcome) -> list[CurvePoint]:
    """First draws: the travelling model, each arm at its largest size, and the one that the verdict advises."""
    advised = verdict(outcome)
    ways = [(AS_IS, 0), *((arm, size) for arm in outcome.arms for size in outcome.sizes)]
    shown = [way for way in ways if way[1] in (0, outcome.sizes[-1]) or way == (advised.arm, advised.size)]
    return [points[0] for way in shown if (points := outcome.of(*way))]
