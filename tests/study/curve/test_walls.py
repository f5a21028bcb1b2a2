"""The wall: a subject is one point, all models are compared over the same ones, and who is left out is named."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from medgraft.core.seeds import rng
from medgraft.evaluation import pearson
from medgraft.study.curve import AS_IS, CurveOutcome, CurvePoint, SubjectFigures
from medgraft.study.curve.walls import wall_agreements, wall_contrasts

MakeUp = Callable[..., CurveOutcome]
#: How much each model errs, in mm.
NOISE = {AS_IS: 2.0, "scratch": 1.0, "fine-tuned": 0.1}
TEST = {(AS_IS, 0): 0.7, ("scratch", 5): 0.5, ("scratch", 10): 0.6, ("fine-tuned", 5): 0.8, ("fine-tuned", 10): 0.85}
#: Names of test subjects that a model shows no wall of, by model.
Without = dict[str, set[str]]


def walled(figures: SubjectFigures, arm: str, without: set[str], copy: int = 0) -> SubjectFigures:
    true = float(rng("true", figures.subject, figures.phase, copy).uniform(6, 12))
    seen = true + float(rng("seen", figures.subject, figures.phase, copy, arm).normal(0, NOISE[arm]))
    return replace(
        figures,
        stack=f"{figures.stack}-{copy}",
        true_thickness={"median": true, "maximum": 1.5 * true},
        thickness=None if figures.subject in without else {"median": seen, "maximum": 1.5 * seen},
    )


@pytest.fixture
def outcome(made_up: MakeUp) -> Callable[..., CurveOutcome]:
    """Made-up walls; some models lack some, and subjects may have several stacks."""

    def figures(point: CurvePoint, without: Without, copies: int) -> Iterator[SubjectFigures]:
        for one in point.test:
            yield from (walled(one, point.arm, without.get(point.arm, set()), copy) for copy in range(copies))

    def make(without: Without | None = None, copies: int = 1) -> CurveOutcome:
        plain = made_up(TEST)
        points = (replace(point, test=tuple(figures(point, without or {}, copies))) for point in plain.points)
        return replace(plain, points=tuple(points))

    return make


def test_models_at_the_largest_size_are_compared_at_each_phase(outcome: Callable[..., CurveOutcome]) -> None:
    walls = wall_agreements(outcome())
    assert {(wall.arm, wall.size) for wall in walls} == {(AS_IS, 0), ("scratch", 10), ("fine-tuned", 10)}
    assert {(wall.phase, wall.figure) for wall in walls} == {
        (phase, name) for phase in ("ed", "es") for name in ("median", "maximum")
    }
    for wall in walls:
        assert wall.correlation == pearson(np.array(wall.seen), np.array(wall.reference))
        assert wall.correlation.n == len(wall.subjects) == 12


def test_several_stacks_of_a_subject_are_one_point(outcome: Callable[..., CurveOutcome]) -> None:
    twice = outcome(copies=2)
    for wall in wall_agreements(twice):
        assert wall.correlation.n == 12
        (point, *_) = twice.of(wall.arm, wall.size)
        for subject, seen in zip(wall.subjects, wall.seen, strict=True):
            own = [f.thickness[wall.figure] for f in point.test if (f.subject, f.phase) == (subject, wall.phase)]  # type: ignore[index]  # all have one
            assert seen == pytest.approx(np.mean(own))


def test_a_subject_of_whom_one_model_shows_no_wall_is_left_out_for_all(outcome: Callable[..., CurveOutcome]) -> None:
    walls = wall_agreements(outcome({AS_IS: {"test03"}, "scratch": {"test03", "test05"}}))
    subjects = {wall.subjects for wall in walls}
    assert len(subjects) == 1
    assert set(*subjects) == {f"test{number:02d}" for number in range(12)} - {"test03", "test05"}
    assert {wall.arm: wall.lacking for wall in walls} == {
        AS_IS: ("test03",), "scratch": ("test03", "test05"), "fine-tuned": (),
    }  # fmt: skip


def test_a_model_that_hardly_shows_a_wall_does_not_decide_over_whom_others_are_compared(
    outcome: Callable[..., CurveOutcome],
) -> None:
    nearly_blind = {"scratch": {f"test{number:02d}" for number in range(7)}}
    for wall in wall_agreements(outcome(nearly_blind)):
        assert wall.correlation.n == len(wall.subjects) == (0 if wall.arm == "scratch" else 12)
        assert np.isnan(wall.correlation.value) == (wall.arm == "scratch")
        assert len(wall.lacking) == (7 if wall.arm == "scratch" else 0)


def test_two_subjects_are_no_correlation(outcome: Callable[..., CurveOutcome]) -> None:
    shown = {f"test{number:02d}" for number in range(12)}
    apart = {AS_IS: {f"test{n:02d}" for n in range(6)}, "fine-tuned": {f"test{n:02d}" for n in range(5, 10)}}
    assert len(shown - apart[AS_IS] - apart["fine-tuned"]) == 2
    assert not any(wall.subjects for wall in wall_agreements(outcome(apart)))


def test_after_transfer_is_compared_with_before_over_the_same_subjects(outcome: Callable[..., CurveOutcome]) -> None:
    walls = wall_agreements(outcome({"scratch": {"test03"}}))
    found = {(c.arm, c.phase, c.figure): c for c in wall_contrasts(walls, seed=7)}
    assert len(found) == 2 * 4
    value = {(wall.arm, wall.phase, wall.figure): wall.correlation.value for wall in walls}
    for (arm, phase, figure), contrast in found.items():
        assert (contrast.other, contrast.other_size, contrast.size) == (AS_IS, 0, 10)
        change = value[arm, phase, figure] - value[AS_IS, phase, figure]
        assert contrast.difference.value == pytest.approx(change)
        assert contrast.difference.low < change < contrast.difference.high
    assert all(found["fine-tuned", phase, "median"].difference.low > 0 for phase in ("ed", "es"))


def test_without_a_travelling_model_there_is_no_before(made_up: MakeUp) -> None:
    assert wall_contrasts(wall_agreements(made_up({("scratch", 5): 0.6})), seed=7) == ()
