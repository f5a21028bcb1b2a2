"""Baselines see place and truth, never pixels, never the fold they answer for."""

import dataclasses

import numpy as np
import pytest

from medgraft.core.errors import InputError
from medgraft.core.predictions import Predictions
from medgraft.core.seeds import rng
from medgraft.evaluation import BASELINES, baseline_predictions, evaluate, majority_baseline, position_baseline

from .conftest import MakeTable

Folds = list[tuple[np.ndarray, np.ndarray]]


def patient_folds(table: Predictions, n_folds: int = 4) -> Folds:
    number = np.unique(table.subject, return_inverse=True)[1] % n_folds
    return [(np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(n_folds)]


@pytest.mark.parametrize("kind", BASELINES)
def test_every_row_is_answered_once_by_a_model_that_did_not_see_it(kind: str, make_table: MakeTable) -> None:
    table = make_table(seed=1, n_subjects=20)
    folds = patient_folds(table)
    answered = baseline_predictions(table, folds, kind)
    np.testing.assert_allclose(answered.y_score.sum(axis=1), 1)
    np.testing.assert_array_equal(answered.subject, table.subject)
    for number, (train, validation) in enumerate(folds):
        assert (answered.fold[validation] == number).all()
        np.testing.assert_array_equal(
            answered.y_score[validation], BASELINES[kind](table.rows(train), table.rows(validation))
        )


@pytest.mark.parametrize("kind", BASELINES)
def test_scores_and_validation_truth_are_not_looked_at(kind: str, make_table: MakeTable) -> None:
    table = make_table(seed=2)
    train, validation = patient_folds(table)[0]
    expected = baseline_predictions(table, [(train, validation)], kind).y_score
    truth = table.y_true.copy()
    truth[validation] = rng(2, "truth").integers(0, 3, len(validation))
    blind = dataclasses.replace(table, y_true=truth, y_score=np.zeros_like(table.y_score))
    np.testing.assert_array_equal(baseline_predictions(blind, [(train, validation)], kind).y_score, expected)


@pytest.mark.parametrize("kind", BASELINES)
def test_masks_serve_as_positions_and_unvalidated_rows_are_left_out(kind: str, make_table: MakeTable) -> None:
    table = make_table(seed=3)
    train, validation = patient_folds(table)[1]
    mask = np.isin(np.arange(len(table)), validation)
    by_mask = baseline_predictions(table, [(~mask, mask)], kind)
    assert len(by_mask) == len(validation)
    np.testing.assert_array_equal(by_mask.y_score, baseline_predictions(table, [(train, validation)], kind).y_score)


def test_always_the_majority_class_has_its_exact_chance_level(make_table: MakeTable) -> None:
    table = make_table(seed=4)
    answered = baseline_predictions(table, patient_folds(table), "majority")
    figures = evaluate(answered)
    near = [
        1 in table.y_true[(table.stack == s) & (table.phase == p) & (abs(table.slice - z) <= 1)]
        for s, p, z in zip(table.stack, table.phase, table.slice, strict=True)
    ]
    assert (answered.y_pred == 1).all()
    assert figures["accuracy"] == pytest.approx(np.mean(table.y_true == 1))
    assert figures["soft_accuracy"] == pytest.approx(np.mean(near))
    assert figures["recall_IN"] == 1
    assert [figures[f"auc_{code}"] for code in table.classes] == [0.5] * 3
    assert majority_baseline(table, table)[0].tolist() == [0, 1, 0]


def test_position_finds_what_position_holds(make_table: MakeTable) -> None:
    table = make_table(seed=5, n_subjects=24)
    ends = np.where(table.slice == 0, 2, np.where(table.slice == table.n_slices - 1, 0, 1))
    assert evaluate(baseline_predictions(dataclasses.replace(table, y_true=ends), patient_folds(table), "position"))[
        "macro_f1"
    ] == pytest.approx(1)
    nowhere = dataclasses.replace(table, y_true=rng(5, "nowhere").integers(0, 3, len(table)))
    assert evaluate(baseline_predictions(nowhere, patient_folds(table), "position"))["macro_f1"] < 0.45


def test_position_knows_the_phase(make_table: MakeTable) -> None:
    table = make_table(seed=6, n_subjects=24)
    by_phase = dataclasses.replace(table, y_true=np.where(table.phase == "es", 0, 1))
    assert evaluate(baseline_predictions(by_phase, patient_folds(table), "position"))["accuracy"] == 1


def test_position_weighs_every_class_alike(make_table: MakeTable) -> None:
    table = make_table(seed=9, n_subjects=30)
    rare = (table.slice == 0) & (rng(9, "rare").random(len(table)) < 0.3)
    answered = position_baseline(dataclasses.replace(table, y_true=np.where(rare, 2, 1)), table).argmax(axis=1)
    assert (answered[table.slice == 0] == 2).all()


def test_position_of_odd_tables(make_table: MakeTable) -> None:
    table = make_table(seed=7)
    one_class = dataclasses.replace(table, y_true=np.full(len(table), 1))
    np.testing.assert_array_equal(position_baseline(one_class, table)[:, 1], 1)
    without_obs = table.rows(table.y_true != 2)
    np.testing.assert_array_equal(position_baseline(without_obs, table)[:, 2], 0)
    new_phase = dataclasses.replace(table, phase=np.full(len(table), "ms"))
    assert np.isfinite(position_baseline(table, new_phase)).all()
    assert position_baseline(table, table.rows(np.arange(0))).shape == (0, 3)
    single = dataclasses.replace(table, slice=np.zeros_like(table.slice), n_slices=np.ones_like(table.slice))
    assert np.isfinite(position_baseline(table, single)).all()


def test_mistakes_are_explained(make_table: MakeTable) -> None:
    table = make_table(seed=8)
    everything = np.arange(len(table))
    with pytest.raises(InputError, match="Available: majority, position"):
        baseline_predictions(table, [], "pixels")
    with pytest.raises(InputError, match="at most one validation fold"):
        baseline_predictions(table, [(everything, everything)] * 2, "majority")
    unknown = dataclasses.replace(table, y_true=np.full(len(table), -1))
    for kind in BASELINES:
        with pytest.raises(InputError, match="labelled training rows"):
            baseline_predictions(unknown, [(everything, everything)], kind)
