"""What is chosen, and what is said when nothing can be: with an executor that trains nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sklearn.metrics import log_loss

from medgraft.core.errors import InputError, MedgraftError, ProjectError, WeightsError
from medgraft.core.progress import Progress
from medgraft.evaluation import one_standard_error
from medgraft.networks import spec
from medgraft.networks.model import build_base
from medgraft.study import StudyFile, estimate_study, read_outcome, write_outcome

GRID = [{"depth": 0, "rates": [0.1, 0.01, 0.001], "epochs": 4}, {"depth": 1, "rates": [0.01, 0.001], "epochs": 3}]


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_the_choice_is_one_standard_error_over_the_recorded_curves(
    dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile], seed: int
) -> None:
    executor = dreamt()
    outcome = executor.study(tiny(stages=GRID, seeds=[seed]), hearts.samples, hearts.read)
    for stage, asked in zip(outcome.stages, GRID, strict=True):
        tries = [trial for trial in executor.trials if trial.depth == stage.depth and not trial.keep]
        curves = np.empty((len(asked["rates"]), asked["epochs"], 3))
        scores = {}
        for trial, run in zip(tries, map(dreamt().dream, tries), strict=True):
            scores[trial.training.rate, trial.fold] = run.history.scores
            truth = trial.data.labels[trial.validation]
            for epoch, answers in enumerate(run.history.scores):
                losses = [log_loss(truth[truth == k], answers[truth == k], labels=[0, 1, 2]) for k in np.unique(truth)]
                curves[asked["rates"].index(trial.training.rate), epoch, trial.fold] = np.mean(losses)
        np.testing.assert_allclose(np.moveaxis(stage.curves.validation_loss, 1, 2), curves, rtol=1e-5)
        assert stage.choice == one_standard_error(np.moveaxis(stage.curves.validation_loss, 1, 2), asked["rates"])
        # Out-of-fold answers are the chosen rate's, at the chosen epoch, of the fold that held the patient out.
        for trial in tries:
            if trial.training.rate == stage.choice.rate:
                rows = stage.out_of_fold.rows(stage.out_of_fold.fold == trial.fold)
                expected = scores[trial.training.rate, trial.fold][stage.choice.epoch - 1]
                np.testing.assert_array_equal(rows.y_score, expected)


def test_a_rate_that_diverged_is_never_chosen(dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]) -> None:
    """One fold is enough to rule a rate out."""
    lost = dreamt(curve=lambda trial: np.nan if trial.training.rate > 0.005 and trial.fold == 1 else None)
    outcome = lost.study(tiny(stages=GRID[:1]), hearts.samples, hearts.read)
    assert outcome.stages[0].choice.rate == 0.001
    assert np.isnan(outcome.stages[0].curves.validation_accuracy[:2, 1]).all()
    assert np.isfinite(outcome.stages[0].curves.validation_accuracy[:, [0, 2]]).all()


def test_if_every_rate_diverged_it_says_so(dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]) -> None:
    with pytest.raises(MedgraftError, match="lower the rates"):
        dreamt(curve=lambda trial: np.nan).study(tiny(), hearts.samples, hearts.read)


def test_a_final_fit_that_diverged_is_no_model(dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]) -> None:
    lost = dreamt(curve=lambda trial: np.nan if trial.keep else None)
    with pytest.raises(MedgraftError, match=r"depth 0.*diverged.*lower the rates"):
        lost.study(tiny(), hearts.samples, hearts.read)


def test_a_model_that_diverged_at_one_seed_is_lost_and_the_others_go_on(
    dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile], tmp_path: Path
) -> None:
    networks = [
        {"network": "mobilenetv1_025", "weights": "random", "size": size, "name": name}
        for name, size in (("a", 32), ("b", 64))
    ]

    def curve(trial: Any) -> Any:
        return np.nan if (trial.plan.name, trial.depth, trial.data.seed) == ("a", 1, 2) else None

    outcome = dreamt(curve=curve).study(tiny(networks=networks, stages=GRID, seeds=[1, 2]), hearts.samples, hearts.read)
    assert [(item.model, item.depth, item.seed) for item in outcome.lost] == [("a", 1, 2)]
    assert {title: len(stages) for title, stages in outcome.by_title().items()} == {
        "a, depth 0": 2,
        "b, depth 0": 2,
        "b, depth 1": 2,
    }
    write_outcome(outcome, tmp_path)
    assert read_outcome(tmp_path, lambda _: outcome.task).lost == outcome.lost
    (tmp_path / "study.yaml").write_text("networks: [vgg16")
    with pytest.raises(ProjectError, match=r"(?s)finished study in .*goes on from where it was"):
        read_outcome(tmp_path, lambda _: outcome.task)


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"networks": ["cbr_tiny", {"network": "vgg16", "weights": "file:gone.pth"}]}, (WeightsError, "gone.pth")),
        ({"folds": 10}, (InputError, "9 subjects for 10 folds")),
        ({"test": {"split": "tset"}}, (InputError, "'tset'.*Available: test, train")),
        ({"stages": [{"depth": 99, "rates": [0.1], "epochs": 1}]}, (InputError, "depth")),
        ({"balance": {"OAP": 0}}, (InputError, "1 or more copies")),
    ],
)
def test_what_cannot_be_done_is_found_before_anything_is_trained(
    dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile], changes: dict[str, object], answer: tuple[Any, str]
) -> None:
    executor = dreamt()
    with pytest.raises(answer[0], match=answer[1]):
        executor.study(tiny(**changes), hearts.samples, hearts.read)
    assert executor.trials == []


@pytest.fixture
def partial_file(tmp_path: Path) -> Path:
    """All of a CBR network but its last block."""
    state = build_base(spec("cbr_tiny"), key=5).state_dict()
    save_file(
        {name: value for name, value in state.items() if not name.startswith("blocks.0")}, tmp_path / "part.safetensors"
    )
    return tmp_path / "part.safetensors"


def test_weights_that_fill_but_part_are_used_only_if_the_file_says_so(
    dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile], partial_file: Path
) -> None:
    network = {"network": "cbr_tiny", "weights": f"file:{partial_file}", "size": 76}
    executor = dreamt()
    with pytest.raises(WeightsError, match=r"fills 15 of 20 tensors.*random: blocks\.0\.0\.weight, .*partial: true"):
        executor.study(tiny(networks=[network]), hearts.samples, hearts.read)
    assert executor.trials == []
    outcome = executor.study(tiny(networks=[{**network, "partial": True}], seeds=[1, 2]), hearts.samples, hearts.read)
    assert {stage.weights for stage in outcome.stages} == {"part.safetensors (15 of 20 tensors)"}
    assert len({id(trial.weights) for trial in executor.trials}) == 1  # both seeds read the file once


def test_the_plan_says_what_weights_leave_at_random(
    hearts: Any, tiny: Callable[..., StudyFile], partial_file: Path
) -> None:
    def warnings(**network: object) -> set[str]:
        study = tiny(networks=[{"network": "cbr_tiny", "size": 76, **network}], stages=GRID[:1])
        plan = estimate_study(study, hearts.samples, hearts.read, torch.device("cpu"))
        return {stage.warning for stage in plan.stages}

    given = {"weights": f"file:{partial_file}", "stages": [{"depth": "all", "rates": [0.1], "epochs": 1}]}
    (refused,), (allowed,) = warnings(**given), warnings(**given, partial=True)
    assert refused.startswith("cbr_tiny-pretrained cannot start: Expected weights for the whole of cbr_tiny")
    assert "cbr_tiny-pretrained: part.safetensors fills 15 of 20 tensors" in allowed
    (missing,) = warnings(**{**given, "weights": "file:gone.pth"})
    assert "found none at gone.pth" in missing


def test_a_subject_is_held_out_whole_or_not_at_all(dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]) -> None:
    import dataclasses

    first, *rest = hearts.entries
    torn = dataclasses.replace(hearts, entries=(dataclasses.replace(first, subject="a012"), *rest)).samples
    with pytest.raises(InputError, match=r"a012 in 'test' and outside"):
        dreamt().study(tiny(), torn, hearts.read)


@pytest.mark.parametrize("staging", ["per-fold", "paper"])
def test_progress_counts_every_training(dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile], staging: str) -> None:
    said: list[Progress] = []
    executor = dreamt()
    study = tiny(stages=GRID, staging=staging, seeds=[1, 2])
    executor.study(study, hearts.samples, hearts.read, report=said.append)
    counted = [progress for progress in said if progress.stage == "study"]
    done = [progress.done for progress in counted]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, len(executor.trials))
    assert {progress.total for progress in counted} == {len(executor.trials)}


def test_stages_follow_each_other_seed_by_seed(dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]) -> None:
    outcome = dreamt().study(tiny(stages=GRID, seeds=[1, 2]), hearts.samples, hearts.read)
    assert [stage.seed for stage in outcome.stages] == [1, 1, 2, 2]
    assert list(outcome.by_title()) == ["mobilenetv1_025-random, depth 0", "mobilenetv1_025-random, depth 1"]
