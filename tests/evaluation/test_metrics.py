"""Every figure keeps the laws; every figure agrees with scikit-learn or with its own definition written out."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as sk
from sklearn.preprocessing import label_binarize

from medgraft.core.errors import InputError
from medgraft.core.predictions import Predictions
from medgraft.core.seeds import rng
from medgraft.core.task import SAX_RANGE
from medgraft.evaluation import METRICS, auc, balanced_cross_entropy, confusion, evaluate, metrics_for
from medgraft.evaluation.ranking import Ranking
from medgraft.evaluation.tally import tally

from .conftest import MakeTable

CODES = SAX_RANGE.codes
NAMES = list(metrics_for(CODES))
WORST = {"balanced_log_loss": -np.log(1e-7), "brier": 2.0}


def doubled(table: Predictions) -> Predictions:
    twice = table.rows(np.tile(np.arange(len(table)), 2))
    twin = np.repeat(["", "-twin"], len(table))
    return dataclasses.replace(twice, subject=np.char.add(twice.subject, twin), stack=np.char.add(twice.stack, twin))


def renamed(table: Predictions) -> Predictions:
    names = np.unique(table.subject)
    other = rng(1, "names").permutation(names)
    return dataclasses.replace(table, subject=other[np.searchsorted(names, table.subject)])


CHANGES: dict[str, Callable[[Predictions], Predictions]] = {
    "rows in another order": lambda table: table.rows(rng(2, "rows").permutation(len(table))),
    "subjects renamed": renamed,
    "every subject twice": doubled,
    "rows of unknown truth added": lambda table: dataclasses.replace(
        doubled(table), y_true=np.concatenate([table.y_true, np.full(len(table), -1)])
    ),
    "another site and fold": lambda table: dataclasses.replace(table, fold=table.fold + 3),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_figures_do_not_depend_on(
    change: Callable[[Predictions], Predictions], name: str, make_table: MakeTable
) -> None:
    table = make_table(seed=3)
    assert evaluate(change(table), metrics=[name])[name] == pytest.approx(
        evaluate(table, metrics=[name])[name], abs=1e-12
    )


@pytest.mark.parametrize("name", NAMES)
def test_perfect_scores_give_the_best_figure_and_any_scores_stay_in_range(name: str, make_table: MakeTable) -> None:
    table, metric = make_table(seed=4), metrics_for(CODES)[name]
    best, worst = (1.0, 0.0) if metric.higher_is_better else (0.0, WORST.get(name, 1.0))
    perfect = dataclasses.replace(table, y_score=np.eye(3)[table.y_true])
    assert evaluate(perfect, metrics=[name])[name] == pytest.approx(best, abs=1e-12)
    for other in (table, dataclasses.replace(table, y_score=np.eye(3)[(table.y_true + 1) % 3])):
        assert min(best, worst) <= evaluate(other, metrics=[name])[name] <= max(best, worst)


@pytest.mark.parametrize("name", NAMES)
def test_answers_matter_exactly_where_the_table_says_so(name: str, make_table: MakeTable) -> None:
    table = make_table(seed=5)
    wrong = (table.y_true + 1) % 3
    changed = evaluate(table, wrong, [name])[name] != evaluate(table, metrics=[name])[name]
    assert changed == (metrics_for(CODES)[name].needs == "pred")


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_is_that_many_copies(name: str, make_table: MakeTable) -> None:
    table, metric = make_table(seed=6, n_subjects=8), metrics_for(CODES)[name]
    weights = rng(6, "weights").multinomial(8, np.full(8, 1 / 8), size=5).astype(float)
    counted = tally(table)
    subjects = np.unique(table.subject)
    for given_weights, figure in zip(weights, metric.fn(counted, weights), strict=True):
        assert figure == pytest.approx(
            evaluate(copies(table, subjects, given_weights), metrics=[name])[name], abs=1e-12
        )


def copies(table: Predictions, subjects: NDArray[np.str_], weights: NDArray[np.float64]) -> Predictions:
    drawn = [(i, copy) for i, weight in enumerate(weights) for copy in range(int(weight))]
    rows = [np.flatnonzero(table.subject == subjects[i]) for i, _ in drawn]
    labels = np.concatenate([np.full(len(part), f"#{copy}") for part, (_, copy) in zip(rows, drawn, strict=True)])
    chosen = table.rows(np.concatenate(rows))
    return dataclasses.replace(
        chosen, subject=np.char.add(chosen.subject, labels), stack=np.char.add(chosen.stack, labels)
    )


def oracle(
    truth: NDArray[np.int64], answer: NDArray[np.int64], scores: NDArray[np.float64], w: NDArray[np.float64]
) -> dict[str, float]:
    """The same figures by scikit-learn with sample weights."""
    hot = label_binarize(truth, classes=[0, 1, 2])
    each = sk.precision_recall_fscore_support(truth, answer, labels=[0, 1, 2], zero_division=0, sample_weight=w)
    aucs = [sk.roc_auc_score(hot[:, k], scores[:, k], sample_weight=w) for k in range(3)]
    return {
        **{f"precision_{code}": each[0][k] for k, code in enumerate(CODES)},
        **{f"recall_{code}": each[1][k] for k, code in enumerate(CODES)},
        **{f"f1_{code}": each[2][k] for k, code in enumerate(CODES)},
        **{f"auc_{code}": aucs[k] for k, code in enumerate(CODES)},
        "macro_f1": sk.f1_score(truth, answer, average="macro", zero_division=0, sample_weight=w),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, answer, sample_weight=w),
        "accuracy": sk.accuracy_score(truth, answer, sample_weight=w),
        "auc_micro": sk.roc_auc_score(hot.ravel(), scores.ravel(), sample_weight=np.repeat(w, 3)),
        "auc_weighted": sk.roc_auc_score(truth, scores, multi_class="ovr", average="weighted", sample_weight=w),
        "balanced_log_loss": np.mean(
            [
                sk.log_loss(truth[truth == k], scores[truth == k], labels=[0, 1, 2], sample_weight=w[truth == k])
                for k in range(3)
            ]
        ),
        "brier": np.average(((scores - hot) ** 2).sum(axis=1), weights=w),
    }


@pytest.mark.parametrize("seed", range(4))
def test_weighted_figures_agree_with_scikit_learn(seed: int, make_table: MakeTable) -> None:
    table = make_table(seed=seed, n_subjects=9)
    weights = rng(seed, "subjects").integers(1, 4, size=(2, 9)).astype(float)
    counted = tally(table)
    for given_weights in weights:
        rows = given_weights[counted.unit]
        expected = oracle(counted.rows.y_true, counted.y_pred, counted.rows.y_score, rows)
        got = {name: metrics_for(CODES)[name].fn(counted, given_weights[None])[0] for name in expected}
        assert got == pytest.approx(expected, abs=1e-9)


def test_only_two_figures_have_no_scikit_learn_oracle() -> None:
    tested = oracle(np.arange(3), np.arange(3), np.eye(3), np.ones(3))
    assert set(NAMES) - set(tested) == {"soft_accuracy", "calibration_error"}


def test_soft_accuracy_is_its_definition(make_table: MakeTable) -> None:
    full = make_table(seed=8)
    # A missing slice makes no neighbours of the slices around it.
    table = full.rows(rng(8, "gaps").random(len(full)) > 0.2)
    truth = {(stack, phase, z): y for stack, phase, z, y in rows_of(table)}
    hits = [
        table.y_pred[i] in {truth.get((stack, phase, z + step)) for step in (-1, 0, 1)}
        for i, (stack, phase, z, _) in enumerate(rows_of(table))
    ]
    assert evaluate(table)["soft_accuracy"] == pytest.approx(np.mean(hits))
    assert evaluate(table)["soft_accuracy"] > evaluate(table)["accuracy"]


def rows_of(table: Predictions) -> list[tuple[str, str, int, int]]:
    return list(
        zip(table.stack.tolist(), table.phase.tolist(), table.slice.tolist(), table.y_true.tolist(), strict=True)
    )


def test_slices_of_another_phase_are_no_neighbours(make_table: MakeTable) -> None:
    full = make_table(seed=8, n_subjects=1)
    # The first slice at ED, then the second at ES: next to each other in the table, not in the heart.
    table = full.rows(((full.phase == "ed") & (full.slice == 0)) | ((full.phase == "es") & (full.slice == 1)))
    crossed = dataclasses.replace(table, y_true=np.array([1, 2]))
    assert evaluate(crossed, np.array([2, 1]))["soft_accuracy"] == 0
    same_phase = dataclasses.replace(crossed, phase=np.array(["ed", "ed"]))
    assert evaluate(same_phase, np.array([2, 1]))["soft_accuracy"] == 1


def test_one_class_alone_has_no_area(make_table: MakeTable) -> None:
    table = make_table(seed=10)
    figures = evaluate(table.rows(table.y_true == 1))
    assert np.isnan([figures["auc_IN"], figures["auc_OAP"], figures["auc_weighted"]]).all()
    assert np.isfinite(figures["auc_micro"])


def test_calibration_error_is_its_definition(make_table: MakeTable) -> None:
    table = make_table(seed=9, rounded=False)
    highest, right = table.y_score.max(axis=1), table.y_pred == table.y_true
    bins = [(highest > low / 10) & (highest <= (low + 1) / 10) for low in range(10)]
    expected = sum(abs(highest[part].mean() - right[part].mean()) * part.mean() for part in bins if part.any())
    assert evaluate(table)["calibration_error"] == pytest.approx(expected)


def test_a_class_that_does_not_occur_is_left_out(make_table: MakeTable) -> None:
    table = make_table(seed=10)
    table = table.rows(table.y_true != 0)
    figures = evaluate(table)
    assert all(np.isnan(figures[f"{name}_OAP"]) for name in ("precision", "recall", "f1", "auc"))
    assert np.isfinite([figures[name] for name in METRICS]).all()
    assert figures["macro_f1"] == pytest.approx(sk.f1_score(table.y_true, table.y_pred, labels=[1, 2], average="macro"))
    assert figures["macro_f1"] == pytest.approx((figures["f1_IN"] + figures["f1_OBS"]) / 2)


def test_a_class_never_answered_has_precision_zero(make_table: MakeTable) -> None:
    table = make_table(seed=11)
    figures = evaluate(table, np.ones(len(table), np.int64))
    assert (figures["precision_OAP"], figures["recall_OAP"], figures["f1_OAP"]) == (0, 0, 0)


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_area_counts_pairs_and_both_ways_of_weighting_agree(seed: int, n: int, n_units: int) -> None:
    random = rng(seed, "area")
    positive, score = random.random(n) < 0.4, random.integers(0, 6, n) / 5
    ranking = Ranking(positive=positive, y_score=score, unit=random.integers(0, n_units, n), n_units=n_units)
    weights = random.integers(0, 3, (4, n_units)).astype(float)
    np.testing.assert_allclose(ranking._won_between_units(weights), ranking._won_in_order(weights), atol=1e-9)
    ups, downs = score[positive][:, None], score[~positive][None, :]
    pairs = (ups > downs) + 0.5 * (ups == downs)
    expected = pairs.mean() if pairs.size else np.nan
    assert auc(positive, score) == pytest.approx(expected, nan_ok=True)


def test_many_units_take_the_other_way(make_table: MakeTable, monkeypatch: pytest.MonkeyPatch) -> None:
    table = make_table(seed=12)
    usual = evaluate(table, metrics=["auc_OAP", "auc_micro"])
    monkeypatch.setattr("medgraft.evaluation.ranking._MOST_UNITS", 2)
    monkeypatch.setattr("medgraft.evaluation.ranking._CELLS", 100)
    assert evaluate(table, metrics=["auc_OAP", "auc_micro"]) == pytest.approx(usual)


def test_confusion_is_scikit_learns(make_table: MakeTable) -> None:
    table = make_table(seed=13)
    np.testing.assert_array_equal(
        confusion(table.y_true, table.y_pred, 3), sk.confusion_matrix(table.y_true, table.y_pred, labels=[0, 1, 2])
    )


def test_balanced_cross_entropy_is_the_figure_of_the_table(make_table: MakeTable) -> None:
    table = make_table(seed=14)
    assert balanced_cross_entropy(table.y_true, table.y_score) == pytest.approx(evaluate(table)["balanced_log_loss"])
    assert np.isnan(balanced_cross_entropy(np.array([0]), np.array([[np.nan, np.nan]])))
    assert np.isnan(balanced_cross_entropy(np.array([-1]), np.array([[0.5, 0.5]])))
    assert balanced_cross_entropy(np.array([0]), np.array([[0.0, 1.0]])) == pytest.approx(-np.log(1e-7))


def test_mistakes_are_explained(make_table: MakeTable) -> None:
    table = make_table(seed=15)
    unknown = dataclasses.replace(table, y_true=np.full(len(table), -1))
    broken = dataclasses.replace(table, y_score=np.where(np.arange(3) == 1, np.nan, table.y_score))
    beyond = dataclasses.replace(table, y_true=table.y_true + 2)
    for case, said in ((unknown, "got none"), (broken, "finite"), (beyond, "true classes within")):
        with pytest.raises(InputError, match=said):
            evaluate(case)
    with pytest.raises(InputError, match="Available: precision_OAP"):
        evaluate(table, metrics=["f2"])
    with pytest.raises(InputError, match="answers within"):
        evaluate(table, table.y_true - 1)
    with pytest.raises(InputError, match="Available: subject, stack, row"):
        tally(table, unit="patient")
