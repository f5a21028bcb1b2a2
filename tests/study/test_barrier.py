"""The barrier between stages: what the next stage starts from is what was chosen, to the last bit."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file

from medgraft.core.progress import Progress
from medgraft.study import Desk, StudyFile
from medgraft.study.graft_trial import GraftTrial


class KilledError(Exception):
    """Stands for a process that ends between two epochs."""


@pytest.fixture(scope="module")
def ran(make_bench: Callable[[], Any], tiny: Callable[..., StudyFile]) -> Any:
    bench = make_bench()
    bench.outcome = bench.study(tiny())
    return bench


def of_length(trial: GraftTrial, epochs: int, **changes: object) -> GraftTrial:
    """The same training, for more or fewer epochs."""
    return dataclasses.replace(trial, training=dataclasses.replace(trial.training, epochs=epochs), **changes)


def tries(bench: Any, depth: int) -> list[GraftTrial]:
    return [trial for trial in bench.trials if trial.depth == depth and not trial.keep]


@pytest.mark.parametrize("depth", [0, 1])
def test_curves_do_not_depend_on_how_long_training_goes_on(ran: Any, depth: int) -> None:
    trial = tries(ran, depth)[1]
    whole = ran.run(trial).history
    for epochs in range(1, trial.training.epochs + 2):
        history = ran.run(of_length(trial, epochs)).history
        shared = min(epochs, trial.training.epochs)
        assert history.scores[:shared].tobytes() == whole.scores[:shared].tobytes()
        assert history.train_loss[:shared].tobytes() == whole.train_loss[:shared].tobytes()


def test_the_next_stage_starts_from_the_weights_that_were_chosen(ran: Any) -> None:
    choice = ran.outcome.stages[0].choice
    chosen = [trial for trial in tries(ran, 0) if trial.training.rate == choice.rate]
    parents = {trial.fold: trial.parent for trial in tries(ran, 1)}
    assert len(set(parents.values())) == len(chosen) == 3
    for trial in chosen:
        whole = ran.run(trial).history
        start = {run.identity: run for run in ran.trials}[parents[trial.fold]]
        assert (start.training.rate, start.training.epochs) == (choice.rate, choice.epoch)
        assert ran.run(start).history.train_loss.tobytes() == whole.train_loss[: choice.epoch].tobytes()
        # The same model, kept and scored: its scores are those of the long training at the chosen epoch.
        scored = ran.run(dataclasses.replace(start, validation=trial.validation))
        assert scored.history.scores[-1].tobytes() == whole.scores[choice.epoch - 1].tobytes()
        states = [ran.store.state(identity) for identity in (start.identity, scored.identity)]
        assert states[0].keys() == states[1].keys()
        assert all(states[0][name].equal(states[1][name]) for name in states[0])


def test_a_training_that_is_cut_off_goes_on_as_if_it_was_not(ran: Any) -> None:
    trial = of_length(tries(ran, 1)[0], 5)
    short = ran.store.state(ran.run(of_length(trial, 3, keep=True)).identity)

    def cut(progress: Progress) -> None:
        if progress.stage == "epochs" and progress.done == 3:
            raise KilledError

    with pytest.raises(KilledError):
        ran.run(trial, cut)
    saved = load_file(ran.store.checkpoint(trial.identity))
    assert all(saved[f"model.{name}"].equal(value) for name, value in short.items() if f"model.{name}" in saved)
    assert {name.removeprefix("model.") for name in saved if name.startswith("model.")} <= short.keys()
    epochs: list[int] = []
    resumed = ran.run(trial, lambda progress: epochs.append(progress.done) if progress.stage == "epochs" else None)
    assert epochs == [4, 5]
    assert not ran.store.checkpoint(trial.identity).exists()
    calm = ran.run(of_length(trial, 6)).history
    assert resumed.history.scores.tobytes() == calm.scores[:5].tobytes()
    assert resumed.history.train_loss.tobytes() == calm.train_loss[:5].tobytes()


def test_a_desk_does_not_care_what_lay_on_it_before(ran: Any) -> None:
    """Trials in another order, on one desk, give what each gives on a fresh desk."""
    mixed = [tries(ran, 1)[0], tries(ran, 0)[0], tries(ran, 1)[2]]
    again = [of_length(trial, trial.training.epochs + 4) for trial in mixed]
    one = Desk(ran.settings)
    together = [ran.run(trial, desk=one).history.scores for trial in again]
    for trial, scores in zip(mixed, together, strict=True):
        assert scores[: trial.training.epochs].tobytes() == ran.run(trial).history.scores.tobytes()


def test_a_desk_trains_on_the_labels_of_the_trial(
    make_bench: Callable[[], Any], tiny: Callable[..., StudyFile], hearts: Any
) -> None:
    """Labels that change while copies stay: the rows are the same, the truth is not."""
    study = tiny(stages=[{"depth": 0, "rates": [0.1], "epochs": 2}], balance={})
    swap = {"OAP": "OBS", "OBS": "OAP", "IN": "IN"}
    other = dataclasses.replace(hearts, labels={unit: swap[code] for unit, code in hearts.labels.items()}).samples
    bench, fresh = make_bench(), make_bench()
    desk = Desk(bench.settings)
    bench.study(study, desk=desk)
    second = bench.study(study, other, desk=desk)
    expected = fresh.study(study, other)
    np.testing.assert_array_equal(second.stages[0].out_of_fold.y_score, expected.stages[0].out_of_fold.y_score)
