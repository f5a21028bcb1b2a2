"""What makes a training another one, and what does not."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from medgraft.networks import spec
from medgraft.networks.model import build_base
from medgraft.samples import join
from medgraft.study import StudyFile

NETWORK = {"network": "mobilenetv1_025", "weights": "random", "size": 32}
HEAD = {"depth": 0, "rates": [0.1, 0.01], "epochs": 3}


@pytest.fixture
def identities(dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]) -> Callable[..., set[str]]:
    """Identities of the first grid of the tiny study, after some changes."""

    def of(samples: Any = None, **changes: Any) -> set[str]:
        executor = dreamt()
        executor.study(tiny(**{"stages": [HEAD], **changes}), samples or hearts.samples, hearts.read)
        return {trial.identity for trial in executor.trials if not trial.keep}

    return of


@pytest.mark.parametrize(
    "changes",
    [
        {"networks": [{**NETWORK, "size": 64}]},
        {"networks": [{**NETWORK, "network": "mobilenetv2_035"}]},
        {"stages": [{**HEAD, "rates": [0.2, 0.02]}]},
        {"stages": [{**HEAD, "epochs": 4}]},
        {"stages": [{**HEAD, "depth": 1}]},
        {"draws": 3},
        {"rotation": 30.0},
        {"crop": 0.7},
        {"seeds": [8]},
        {"batch_size": 16},
        {"balance": {"OAP": 4, "OBS": 4, "IN": 2}},
        {"folds": 4},
        {"cache": {"dtype": "float16"}},
        {"precision": "mixed"},
    ],
    ids=str,
)
def test_what_changes_the_numbers_changes_the_identity(identities: Any, changes: dict[str, Any]) -> None:
    assert identities().isdisjoint(identities(**changes))


def test_other_weights_are_another_training(identities: Any, tmp_path: Path) -> None:
    seen = [identities()]
    for key in (1, 2):
        file = tmp_path / f"{key}.safetensors"
        save_file(build_base(spec("mobilenetv1_025"), key=key).state_dict(), file)
        seen.append(identities(networks=[{**NETWORK, "weights": f"file:{file}"}]))
        copied = file.rename(tmp_path / "another name.safetensors")
        assert identities(networks=[{**NETWORK, "weights": f"file:{copied}"}]) == seen[-1]
    assert len(set.union(*seen)) == sum(map(len, seen))


def test_other_labels_are_another_training(identities: Any, hearts: Any) -> None:
    """One label of one training sample: every fold trains or is scored on it."""
    item = next(item for item in hearts.samples.items if item.split == "train")
    code = "IN" if hearts.labels[item.unit] != "IN" else "OBS"
    changed = dataclasses.replace(hearts, labels={**hearts.labels, item.unit: code}).samples
    assert identities().isdisjoint(identities(changed))


def test_labels_of_held_out_subjects_change_no_try(identities: Any, hearts: Any) -> None:
    item = next(item for item in hearts.samples.items if item.split == "test")
    code = "IN" if hearts.labels[item.unit] != "IN" else "OBS"
    assert identities() == identities(dataclasses.replace(hearts, labels={**hearts.labels, item.unit: code}).samples)


def test_names_order_and_room_on_disk_change_nothing(identities: Any, hearts: Any) -> None:
    plain = identities()
    assert identities(name="renamed") == plain
    assert identities(networks=[{**NETWORK, "name": "mine"}]) == plain
    assert identities(cache={"limit_gb": 1.0}) == plain
    other = {**NETWORK, "network": "mobilenetv2_035"}
    assert identities(networks=[NETWORK, other]) == identities(networks=[other, NETWORK])


@settings(max_examples=10)
@given(st.randoms(use_true_random=False))
def test_the_order_of_stacks_changes_nothing(hearts: Any, random: Any) -> None:
    entries = list(hearts.entries)
    random.shuffle(entries)
    labels = list(hearts.labels.items())
    random.shuffle(labels)
    assert join(entries, dict(labels), hearts.samples.task).digest == hearts.samples.digest


def test_a_later_stage_knows_its_parent(dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]) -> None:
    def second_stage(rate: float) -> set[str]:
        executor = dreamt()
        stages = [{**HEAD, "rates": [rate]}, {"depth": 1, "rates": [0.01], "epochs": 2}]
        executor.study(tiny(stages=stages), hearts.samples, hearts.read)
        return {trial.identity for trial in executor.trials if trial.parent}

    assert second_stage(0.1).isdisjoint(second_stage(0.2))


@pytest.fixture(scope="module")
def ran(make_bench: Any, tiny: Callable[..., StudyFile]) -> Any:
    bench = make_bench()
    bench.outcome = bench.study(tiny())
    return bench


def test_what_is_finished_is_never_done_again(ran: Any, tiny: Callable[..., StudyFile]) -> None:
    n_first = len(ran.trials)
    again = ran.study(tiny(name="again"))
    assert len(ran.trials) == n_first
    assert [stage.choice for stage in again.stages] == [stage.choice for stage in ran.outcome.stages]
    # One rate more: its folds alone are trained; the rest of the grid is there.
    ran.study(tiny(stages=[{"depth": 0, "rates": [0.1, 0.03, 0.01], "epochs": 3}]))
    fresh = ran.trials[n_first:]
    assert len(fresh) in (3, 4)  # the final fit too, if the choice has changed


def test_a_lost_run_is_done_again_with_the_same_numbers(ran: Any, tiny: Callable[..., StudyFile]) -> None:
    shutil.rmtree(ran.store.folder(ran.outcome.stages[0].runs[1]))
    shutil.rmtree(ran.folder / "cache")
    n_done = len(ran.trials)
    again = ran.study(tiny())
    assert [trial.identity for trial in ran.trials[n_done:]] == [ran.outcome.stages[0].runs[1]]
    for one, other in zip(ran.outcome.stages, again.stages, strict=True):
        assert one.out_of_fold.y_score.tobytes() == other.out_of_fold.y_score.tobytes()


def test_nothing_of_a_study_is_done_twice(dreamt: Any, hearts: Any, tiny: Callable[..., StudyFile]) -> None:
    executor = dreamt()
    executor.study(tiny(), hearts.samples, hearts.read)
    identities = [trial.identity for trial in executor.trials]
    assert len(set(identities)) == len(identities)


def test_balance_that_is_left_out_trains_what_the_papers_table_trains(identities: Any) -> None:
    assert identities(balance=None) == identities(balance={"OAP": 6, "OBS": 6, "oap": 6, "obs": 6})
