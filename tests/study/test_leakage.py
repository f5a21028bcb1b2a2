"""Nothing of a patient who is scored reaches the model that scores: over every trial of studies that really ran."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from medgraft.study import StudyFile, StudyOutcome
from medgraft.study.graft_trial import ALL_DATA, GraftTrial


@pytest.fixture(scope="module", params=["per-fold", "paper"])
def recorded(request: pytest.FixtureRequest, make_bench: Callable[[], Any], tiny: Callable[..., StudyFile]) -> Any:
    bench = make_bench()
    stages = [{"depth": depth, "rates": [0.05], "epochs": 2} for depth in (0, 1, 2)]
    bench.outcome = bench.study(tiny(staging=request.param, stages=stages))
    bench.staging = request.param
    return bench


def ancestors(trial: GraftTrial, trials: list[GraftTrial]) -> Iterator[GraftTrial]:
    known = {other.identity: other for other in trials}
    while trial.parent:
        trial = known[trial.parent]
        yield trial


def subjects(trial: GraftTrial, positions: np.ndarray) -> set[str]:
    return set(trial.data.samples.subjects[positions].tolist())


def test_nobody_is_scored_by_a_model_that_was_trained_on_him(recorded: Any) -> None:
    for trial in recorded.trials:
        assert subjects(trial, trial.train).isdisjoint(subjects(trial, trial.validation))


def test_nobody_is_scored_by_a_model_whose_ancestors_were_trained_on_him(recorded: Any) -> None:
    leaks = [
        trial
        for trial in recorded.trials
        for parent in ancestors(trial, recorded.trials)
        if subjects(parent, parent.train) & subjects(trial, trial.validation)
    ]
    tries_of_later_stages = [trial for trial in recorded.trials if trial.parent and trial.fold != ALL_DATA]
    assert len(tries_of_later_stages) >= 6
    if recorded.staging == "per-fold":
        assert leaks == []
    else:
        # The paper's way, by its name: every fold of a later stage starts from a model that has seen all patients.
        assert {trial.identity for trial in leaks} == {trial.identity for trial in tries_of_later_stages}


def test_every_stage_starts_where_the_one_before_ended_in_the_same_fold(recorded: Any) -> None:
    for trial in recorded.trials:
        depths = [parent.depth for parent in ancestors(trial, recorded.trials)]
        assert depths == list(range(trial.depth))[::-1]
        if recorded.staging == "per-fold":
            assert {parent.fold for parent in ancestors(trial, recorded.trials)} <= {trial.fold}


def test_held_out_subjects_are_never_trained_on(recorded: Any) -> None:
    data = recorded.trials[0].data
    held_out = {item.subject for item in data.samples.items if item.split == "test"}
    assert held_out == set(data.samples.subjects[data.test].tolist()) == {"a010", "a011", "a012"}
    for trial in recorded.trials:
        assert subjects(trial, trial.train).isdisjoint(held_out)
        assert trial.fold == ALL_DATA or subjects(trial, trial.validation).isdisjoint(held_out)


def test_scoring_reads_plain_pictures_and_training_reads_recorded_draws(recorded: Any) -> None:
    for trial in recorded.trials:
        data, epochs = trial.data, trial.training.epochs
        scored = data.row_starts[trial.validation].tolist()
        assert set(recorded.plain.get(trial.identity, [])) == set(scored)
        drawn = np.asarray(recorded.drawn[trial.identity])
        owner = np.searchsorted(data.row_starts, drawn, side="right") - 1
        assert not np.isin(drawn, data.row_starts).any()
        assert set(owner.tolist()) == set(trial.train.tolist())
        # Oversampling is in training only, as often per epoch as asked for.
        seen = np.bincount(owner, minlength=len(data.samples))
        np.testing.assert_array_equal(seen[trial.train], data.copies[trial.train] * epochs)


def test_every_training_sample_is_scored_once_in_its_own_fold(recorded: Any) -> None:
    data = recorded.trials[0].data
    outcome: StudyOutcome = recorded.outcome
    fold_of = {name: fold.index for fold in data.folds for name in data.samples.subjects[fold.validation].tolist()}
    for stage in outcome.stages:
        table = stage.out_of_fold
        places = list(zip(table.stack.tolist(), table.phase.tolist(), table.slice.tolist(), strict=True))
        expected = [(item.unit.stack, item.phase, item.slice) for item in data.samples.take(data.training).items]
        assert places == expected
        assert table.fold.tolist() == [fold_of[name] for name in table.subject.tolist()]
        np.testing.assert_array_equal(table.y_true, data.labels[data.training])
        assert stage.test is not None
        assert set(stage.test.subject.tolist()) == {"a010", "a011", "a012"}
        assert set(stage.test.fold.tolist()) == {-1}
