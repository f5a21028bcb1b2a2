"""Intervals: repeatable, of patients, and covering what they say."""

import dataclasses
import time

import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap

from medgraft.core.errors import InputError
from medgraft.core.predictions import Predictions
from medgraft.core.seeds import rng
from medgraft.evaluation import bootstrap, evaluate, metrics_for, paired_difference
from medgraft.evaluation.few_units import contracted, expanded

from .conftest import MakeTable


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_values_are_the_figures_and_lie_in_their_intervals(method: str, make_table: MakeTable) -> None:
    table = make_table(seed=1)
    intervals = bootstrap(table, n=500, method=method)
    assert list(intervals) == list(metrics_for(table.classes))
    for name, interval in intervals.items():
        assert interval.value == evaluate(table)[name]
        assert interval.low < interval.high
        assert interval.low <= interval.value <= interval.high or name == "calibration_error"  # biased upwards
        assert interval.n_resamples == 500


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_same_key_same_bytes_whatever_the_row_order(method: str, make_table: MakeTable) -> None:
    table = make_table(seed=2)
    shuffled = table.rows(rng(2, "shuffle").permutation(len(table)))
    assert bootstrap(table, n=100, method=method) == bootstrap(shuffled, n=100, method=method)
    assert bootstrap(table, ["accuracy"], n=100, seed=1) != bootstrap(table, ["accuracy"], n=100, seed=2)


@pytest.mark.parametrize("method", ["percentile", "BCa"])
def test_intervals_of_a_skewed_mean_agree_with_scipy(method: str) -> None:
    wrong = rng(3, "skewed").beta(0.5, 4, size=25)
    table = dataclasses.replace(singles(np.ones(25, bool)), y_score=np.column_stack([1 - wrong, wrong]))
    ours = bootstrap(table, ["brier"], n=20_000, method=method.lower())["brier"]
    rows = (2 * wrong**2,)
    level = 1 - 2 * expanded(0.025, 25)
    theirs = scipy_bootstrap(
        rows, np.mean, n_resamples=20_000, method=method, confidence_level=level, rng=rng(3, "theirs")
    ).confidence_interval
    width = theirs.high - theirs.low
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.025 * width)
    # The two kinds differ by more than that, so agreement is of the right kind.
    other = bootstrap(table, ["brier"], n=20_000, method={"percentile": "bca", "BCa": "percentile"}[method])["brier"]
    assert other.high != pytest.approx(theirs.high, abs=0.1 * width)


def singles(right: np.ndarray, subject: np.ndarray | None = None) -> Predictions:
    """Rows of two classes with equal truth, answered right or wrong."""
    n = len(right)
    names = np.array([f"r{i:05}" for i in range(n)])
    return Predictions(
        subject=names if subject is None else subject,
        site=np.full(n, ""),
        stack=names,
        phase=np.full(n, "ed"),
        slice=np.zeros(n, np.int64),
        n_slices=np.ones(n, np.int64),
        fold=np.zeros(n, np.int64),
        y_true=np.zeros(n, np.int64),
        y_score=np.where(right[:, None], [0.9, 0.1], [0.2, 0.8]),
        classes=("a", "b"),
    )


def test_slices_of_one_patient_are_no_new_evidence(make_table: MakeTable) -> None:
    table = singles(np.repeat(rng(4, "same").random(30) < 0.7, 10), np.repeat([f"p{i:02}" for i in range(30)], 10))
    patients = bootstrap(table, ["accuracy"], n=1000)["accuracy"]
    rows = bootstrap(table, ["accuracy"], n=1000, unit="row")["accuracy"]
    ratio = (patients.high - patients.low) / (rows.high - rows.low)
    assert ratio == pytest.approx(np.sqrt(10), rel=0.15)


def test_one_patient_has_a_value_and_no_interval(make_table: MakeTable) -> None:
    interval = bootstrap(make_table(seed=5, n_subjects=1), ["accuracy"], n=50)["accuracy"]
    assert np.isfinite(interval.value)
    assert np.isnan([interval.low, interval.high]).all()


def test_a_rare_class_is_missing_from_some_resamples(make_table: MakeTable) -> None:
    table = make_table(seed=6)
    once = dataclasses.replace(
        table, y_true=np.where(table.subject == "p000", table.y_true, np.maximum(table.y_true, 1))
    )
    first = np.flatnonzero((once.subject == "p000") & (once.y_true == 1))[0]
    once.y_true[first] = 0
    intervals = bootstrap(once, ["f1_OAP", "macro_f1"], n=400)
    share_without = (11 / 12) ** 12
    assert intervals["f1_OAP"].n_resamples / 400 == pytest.approx(1 - share_without, abs=0.08)
    assert intervals["macro_f1"].n_resamples == 400


def test_seeds_form_one_arm(make_table: MakeTable) -> None:
    table = make_table(seed=7)
    draws = [rng(7, i).dirichlet(np.ones(3), len(table)) for i in range(3)]
    runs = [dataclasses.replace(table, y_score=scores) for scores in draws]
    together = bootstrap(runs, ["macro_f1"], n=200)["macro_f1"]
    assert together.value == pytest.approx(np.mean([evaluate(run)["macro_f1"] for run in runs]))
    answers = np.stack([(run.y_pred + 1) % 3 for run in runs])
    other = bootstrap(runs, ["macro_f1"], y_pred=answers, n=200)["macro_f1"]
    assert other.value == pytest.approx(
        np.mean([evaluate(r, a)["macro_f1"] for r, a in zip(runs, answers, strict=True)])
    )
    with pytest.raises(InputError, match="as many arrays"):
        bootstrap(runs, ["macro_f1"], y_pred=answers[0])


def test_all_figures_of_sixty_patients_take_seconds(make_table: MakeTable) -> None:
    table = make_table(seed=8, n_subjects=60)
    start = time.process_time()  # of this process alone: machines that run tests are shared
    bootstrap(table, n=2000)
    assert time.process_time() - start < 5


def test_settings_out_of_range_are_explained(make_table: MakeTable) -> None:
    table = make_table(seed=9)
    for settings in ({"level": 1.0}, {"level": 0.0}, {"n": 0}, {"method": "normal"}, {"unit": "slice"}):
        with pytest.raises(InputError, match="Expected"):
            bootstrap(table, ["accuracy"], **settings)


def test_a_difference_with_itself_is_none(make_table: MakeTable) -> None:
    table = make_table(seed=10)
    same = paired_difference(table, [table, table, table], "macro_f1", n=200)
    assert same.value == pytest.approx(0, abs=1e-12)
    assert same.p_value == 1


def test_a_difference_is_antisymmetric_and_seen(make_table: MakeTable) -> None:
    good, bad = make_table(seed=11, skill=3.0), make_table(seed=11, skill=0.0)
    one, other = paired_difference(good, bad, "macro_f1", n=500), paired_difference(bad, good, "macro_f1", n=500)
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))
    assert one.low > 0
    assert one.p_value == other.p_value == pytest.approx(2 * contracted(1 / 501, len(set(good.subject))))
    assert one.value == pytest.approx(evaluate(good)["macro_f1"] - evaluate(bad)["macro_f1"])


def test_pairing_is_tighter_than_two_intervals(make_table: MakeTable) -> None:
    table = make_table(seed=12, n_subjects=30)
    worse = table.y_pred.copy()
    worse[::9] = (worse[::9] + 1) % 3
    difference = paired_difference(table, table, "accuracy", y_pred_b=worse, n=500)
    alone = bootstrap(table, ["accuracy"], n=500)["accuracy"]
    assert difference.high - difference.low < (alone.high - alone.low) * np.sqrt(2)


def test_other_rows_cannot_be_paired(make_table: MakeTable) -> None:
    table = make_table(seed=13)
    relabelled = dataclasses.replace(table, y_true=(table.y_true + 1) % 3)
    for other, said in (
        (table.rows(np.arange(1, len(table))), "same labelled rows"),
        (relabelled, "differ in y_true"),
        (dataclasses.replace(table, classes=("a", "b", "c")), "same classes"),
    ):
        with pytest.raises(InputError, match=said):
            paired_difference(table, other, "accuracy")
        with pytest.raises(InputError, match=said):
            bootstrap([table, other], ["accuracy"])
    shuffled = table.rows(rng(13, "rows").permutation(len(table)))
    assert paired_difference(table, shuffled, "accuracy", n=50).value == 0


def coverage(unit: str, n_studies: int) -> float:
    """How often a 95 % interval holds the true accuracy 0.8: patients differ (Beta 4, 1), 8 slices each."""
    held = []
    for study in range(n_studies):
        random = rng(study, "coverage")
        subject_accuracy = random.beta(4, 1, size=40)
        right = random.random((40, 8)) < subject_accuracy[:, None]
        table = singles(right.ravel(), np.repeat([f"p{i:02}" for i in range(40)], 8))
        interval = bootstrap(table, ["accuracy"], n=400, seed=study, unit=unit)["accuracy"]
        held.append(interval.low <= 0.8 <= interval.high)
    return float(np.mean(held))


@pytest.mark.slow
def test_patient_intervals_cover_and_slice_intervals_do_not() -> None:
    by_patient, by_row = coverage("subject", 600), coverage("row", 150)
    assert 0.91 <= by_patient <= 0.97
    assert by_row < 0.87


@pytest.mark.slow
def test_p_values_without_a_difference_are_uniform() -> None:
    small = []
    for study in range(400):
        random = rng(study, "null")
        skill = random.beta(4, 1, size=40)[:, None]
        names = np.repeat([f"p{i:02}" for i in range(40)], 8)
        a, b = (singles((random.random((40, 8)) < skill).ravel(), names) for _ in range(2))
        small.append(paired_difference(a, b, "accuracy", n=300, seed=study).p_value < 0.05)
    assert 0.02 <= np.mean(small) <= 0.09
