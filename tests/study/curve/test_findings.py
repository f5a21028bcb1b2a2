"""Figures of a learning curve: subjects are the unit, draws are averaged, comparisons are paired."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medgraft.core.errors import ProjectError
from medgraft.core.task import MASK_TASKS
from medgraft.evaluation import MEAN_DICE
from medgraft.evaluation.few_units import contracted
from medgraft.study.curve import AS_IS, CurveOutcome, curve_findings, read_curve, write_curve
from medgraft.study.curve.contrasts import dice_of_draw

MakeUp = Callable[..., CurveOutcome]
TEST = {(AS_IS, 0): 0.7, ("scratch", 5): 0.5, ("scratch", 10): 0.6, ("fine-tuned", 5): 0.8, ("fine-tuned", 10): 0.85}
HOME = {(AS_IS, 0): 0.9, ("scratch", 5): 0.4, ("scratch", 10): 0.5, ("fine-tuned", 5): 0.85, ("fine-tuned", 10): 0.80}


@pytest.fixture(scope="module")
def outcome(made_up: MakeUp) -> CurveOutcome:
    return made_up(TEST, HOME)


def test_rows_are_means_over_subjects_with_intervals(outcome: CurveOutcome) -> None:
    rows = {(row.arm, row.size, row.on): row for row in curve_findings(outcome).rows if row.figure == MEAN_DICE}
    assert set(rows) == {(*cell, on) for cell in TEST for on in ("test", "home")}
    for (arm, size, on), row in rows.items():
        assert row.value.value == pytest.approx((TEST if on == "test" else HOME)[arm, size], abs=0.02)
        assert row.value.low < row.value.value < row.value.high < row.best


def test_differences_are_paired_and_much_narrower_than_means(outcome: CurveOutcome) -> None:
    found = curve_findings(outcome)
    contrasts = {(c.arm, c.size, c.other, c.on): c for c in found.contrasts}
    gain = contrasts["fine-tuned", 5, "scratch", "test"].difference
    assert gain.value == pytest.approx(0.3, abs=0.005)
    assert gain.high - gain.low < 0.01
    assert np.mean(contrasts["fine-tuned", 5, "scratch", "test"].draws) == pytest.approx(gain.value)
    assert [len(c.draws) for c in found.contrasts] == [3] * len(found.contrasts)
    forgotten = contrasts["fine-tuned", 10, AS_IS, "home"].difference
    assert forgotten.value == pytest.approx(-0.1, abs=0.005)
    assert forgotten.high < 0


def test_a_model_has_the_dice_of_its_own_draw(outcome: CurveOutcome) -> None:
    wanted = ("scratch", 5, "test", MEAN_DICE)
    (row,) = (r for r in curve_findings(outcome).rows if (r.arm, r.size, r.on, r.figure) == wanted)
    for point, mean in zip(outcome.of("scratch", 5), row.draws, strict=True):
        own = dice_of_draw(outcome, point)
        assert own.value == pytest.approx(mean)
        assert own.low < own.value < own.high


def test_p_values_are_adjusted_over_all_that_is_compared_with_the_same_other(outcome: CurveOutcome) -> None:
    """Twelve subjects that all gain or all lose in 10,000 resamples: equal p, which Holm multiplies by their number."""
    family = {"scratch": 2, AS_IS: 4}  # two sizes of the other arm; two arms of two sizes
    least = 2 * contracted(1 / 10_001, 12)
    for contrast in curve_findings(outcome).contrasts:
        assert contrast.difference.p_value == pytest.approx(least)
        assert contrast.adjusted == pytest.approx(family[contrast.other] * least)


def test_trainings_whose_last_epoch_was_the_best_are_counted(outcome: CurveOutcome) -> None:
    """Draw 1 kept its last epoch, draw 2 an earlier one, draw 3 diverged at once."""
    kept = {0: (2, (0.1, 0.2)), 1: (1, (0.2, 0.1)), 2: (0, (None, None))}
    points = tuple(
        replace(point, epoch=kept[point.draw][0], curve=kept[point.draw][1]) if point.size else point
        for point in outcome.points
    )
    found = curve_findings(replace(outcome, points=points)).trainings
    assert [(item.arm, item.trainings, item.unended) for item in found] == [("scratch", 6, 2), ("fine-tuned", 6, 2)]


def test_distances_are_best_where_they_are_least(outcome: CurveOutcome) -> None:
    distances = [row for row in curve_findings(outcome).rows if "Hausdorff" in row.figure]
    assert {(row.figure, row.value.value) for row in distances} == {
        ("95 % Hausdorff pool", 3),
        ("95 % Hausdorff myocardium", 4),
    }
    first = outcome.points[0]
    near = replace(first.test[0], hausdorff95={"pool": 1.0, "myocardium": 4.0})
    changed = replace(outcome, points=(replace(first, test=(near, *first.test[1:])), *outcome.points[1:]))
    (row,) = [
        row
        for row in curve_findings(changed).rows
        if (row.arm, row.on, row.figure) == (AS_IS, "test", "95 % Hausdorff pool")
    ]
    assert row.best == 2  # of a subject: the mean of its two phases


def test_rows_say_over_what_they_are(outcome: CurveOutcome) -> None:
    for row in curve_findings(outcome).rows:
        draws = 3 if row.size else 1
        assert (row.subjects, row.masks, row.unmatched) == (12, draws * 24, 0)
        assert len(row.draws) == draws
        assert np.mean(row.draws) == pytest.approx(row.value.value)


def test_what_is_missed_is_counted_beside_the_figures_it_belongs_to(outcome: CurveOutcome) -> None:
    first, *rest = outcome.points
    missed = replace(
        first.test[3], unmatched=("pool",), dice={"pool": 0.0, "myocardium": 0.7}, hausdorff95={"pool": 90.0}
    )
    changed = replace(first, test=(*first.test[:3], missed, *first.test[4:]))
    rows = [row for row in curve_findings(replace(outcome, points=(changed, *rest))).rows if row.unmatched]
    assert {(row.arm, row.on, row.figure) for row in rows} == {
        (AS_IS, "test", name) for name in (MEAN_DICE, "Dice pool", "95 % Hausdorff pool")
    }
    distance = next(row for row in rows if "Hausdorff" in row.figure)
    assert distance.value.value > 3, "a miss never lowers a mean distance"


def test_results_that_are_damaged_are_called_so(outcome: CurveOutcome, tmp_path: Path) -> None:
    write_curve(outcome, tmp_path)
    (tmp_path / "curve.yaml").write_text("sizes: [5")
    with pytest.raises(ProjectError, match=r"(?s)finished learning curve in .*goes on from where it was"):
        read_curve(tmp_path, MASK_TASKS.__getitem__)


def test_what_is_written_is_read(outcome: CurveOutcome, tmp_path: Path) -> None:
    write_curve(outcome, tmp_path / "one")
    again = read_curve(tmp_path / "one", MASK_TASKS.__getitem__)
    write_curve(again, tmp_path / "two")
    for name in ("curve.yaml", "results/points.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert curve_findings(again).contrasts[0].difference.value == pytest.approx(
        curve_findings(outcome).contrasts[0].difference.value, abs=1e-6
    )
