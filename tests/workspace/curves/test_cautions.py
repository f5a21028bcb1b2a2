"""What must be read with a verdict is said, and nothing where there is nothing to say."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from medgraft.core.task import LV_WALL
from medgraft.samples import Dropped, MaskedSamples
from medgraft.study.curve import CurveOutcome, CurvePoint, SubjectFigures, curve_findings, parse_curve
from medgraft.workspace.curves.cautions import cautions_after, cautions_before


def cautions(
    outcome: CurveOutcome,
    seen: Sequence[str] = (),
    unknown: Sequence[str] = (),
    dropped: Sequence[Dropped] = (),
    modalities: Sequence[str] = ("", "CT"),
) -> tuple[str, ...]:
    """Those that are known before anything is trained, then those of what was found."""
    before = cautions_before(
        outcome.curve,
        MaskedSamples(task=outcome.task, items=(), dropped=tuple(dropped)),
        sizes=outcome.sizes,
        n_others=outcome.n_subjects["others"],
        seen_before=seen,
        unknown_trainings=unknown,
        modalities=modalities,
    )
    return (*before, *cautions_after(outcome, curve_findings(outcome)))


@pytest.fixture
def outcome() -> CurveOutcome:
    """Two sizes of one arm, equally long trained, three epochs of which the second was the best; one test subject."""
    curve = parse_curve(
        {"network": "unet3d", "shape": [8, 8, 8], "arms": {"scratch": {}}, "sizes": [2, 4], "updates": 5}
    )
    classes = {"pool": 0.8, "myocardium": 0.7}
    one = SubjectFigures(subject="s", stack="s", phase="ed", dice=classes, hausdorff95=classes, unmatched=())
    points = tuple(
        CurvePoint(
            arm="scratch", size=size, rate=1e-3, epoch=2, validation=0.8, curve=(0.7, 0.8, 0.75), test=(one,), home=()
        )
        for size in (2, 4)
    )
    n_subjects = {"train": 4, "validation": 1, "test": 1, "home": 0, "others": 0}
    return CurveOutcome(curve=curve, task=LV_WALL, network="unet3d", n_subjects=n_subjects, points=points)


def test_where_there_is_nothing_to_say_nothing_is_said(outcome: CurveOutcome) -> None:
    assert cautions(outcome) == ()


def test_whom_the_travelling_model_knew_is_said_first(outcome: CurveOutcome) -> None:
    known, unknown = cautions(outcome, seen=("P1", "P2"), unknown=("bundle",))
    assert "which flatters it: P1, P2." in known
    assert "no hashes of bundle." in unknown


def test_images_that_were_read_as_hu_and_have_none_are_said(outcome: CurveOutcome) -> None:
    (said,) = cautions(outcome, modalities=("CT", "MR"))
    assert said.startswith("Images of MR are read as HU, which are those of CT alone")
    by_percentile = outcome.curve.windowed(["MR"])
    assert cautions(replace(outcome, curve=by_percentile), modalities=("CT", "MR")) == ()


def test_trainings_that_may_not_have_ended_are_counted(outcome: CurveOutcome) -> None:
    last = replace(outcome.points[0], epoch=3)
    (said,) = cautions(replace(outcome, points=(last, outcome.points[1])))
    assert said.startswith("scratch: in 1 of 2 trainings the last epoch was the best: it may not have ended")


def test_who_and_what_was_left_out_is_said(outcome: CurveOutcome) -> None:
    (said,) = cautions(replace(outcome, n_subjects={**outcome.n_subjects, "others": 3}))
    assert said == "Left out: 3 subjects whose split is none of train, validation and test."
    (said,) = cautions(outcome, dropped=(Dropped(reason="unknown spacing", count=9, example="stack 00ff"),))
    assert said == "Left out: 9 (unknown spacing), for example stack 00ff."
    diverged = replace(outcome.points[0], epoch=0, validation=None, curve=(None, None, None))
    (said,) = cautions(replace(outcome, points=(diverged, outcome.points[1])))
    assert "Diverged at once and measured as they began: scratch-2-draw-1." in said


def test_a_package_that_no_epoch_bettered_is_said(outcome: CurveOutcome) -> None:
    kept = replace(outcome.points[0], epoch=0, before=0.9, validation=0.9)
    (said,) = cautions(replace(outcome, points=(kept, outcome.points[1])))
    assert said.endswith("than the package, which was kept: scratch-2-draw-1.")
    pool = replace(outcome.points[0].test[0], dice={"pool": 0.8}, hausdorff95={"pool": 3.0})
    (said,) = cautions(replace(outcome, points=tuple(replace(point, test=(pool,)) for point in outcome.points)))
    assert said == "Never labelled here, and so not measured: left ventricular myocardium."


def test_unequal_lengths_of_training_are_said(outcome: CurveOutcome) -> None:
    (said,) = cautions(replace(outcome, curve=outcome.curve.model_copy(update={"updates": None})))
    assert "2 subjects give fewer updates than 4" in said
