"""Laws of scoring new stacks: rows come base first, scores are the model's own, whatever the batches."""

import dataclasses

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.lineage import Lineage
from medgraft.core.progress import Progress
from medgraft.core.stack import Stack
from medgraft.core.task import LV_WALL, SAX_RANGE, Task
from medgraft.exchange import Seen
from medgraft.exchange.package import ModelPackage
from medgraft.inference import phases_asked, predict_stacks, stacks
from medgraft.networks import spec
from medgraft.networks.classifier import build
from medgraft.phantoms import short_axis_heart
from medgraft.recipe import PAPER

SIZE = 64
NETWORK = "mobilenetv1_025"


@pytest.fixture(scope="module")
def package() -> ModelPackage:
    contract = spec(NETWORK).contract
    return ModelPackage(
        name="best",
        task=SAX_RANGE,
        network=NETWORK,
        size=SIZE,
        contract=contract,
        recipe=PAPER,
        lineage=Lineage(),
        figures={},
        state=build(NETWORK, n_classes=3, contract=contract, key=4).state_dict(),
        seen=Seen(),
    )


@pytest.fixture(scope="module")
def hearts() -> dict[str, Stack]:
    return {
        str(subject): short_axis_heart(subject=subject, size=48, n_phases=4, n_slices=5 + subject).stack
        for subject in (1, 2)
    }


def entry(name: str, stack: Stack, **changes: object) -> StackEntry:
    described = StackEntry(
        id=f"stack{name}",
        subject=name,
        site="a",
        shape=stack.pixels.shape,  # type: ignore[arg-type]  # a stack has four axes
        spacing=stack.spacing,
        affines=tuple(tuple(affine.ravel()) for affine in stack.affines),
        phases=stack.phases,
        base_first=stack.base_first,
        pixels_digest="",
    )
    return dataclasses.replace(described, **changes)  # type: ignore[arg-type]  # the test's own changes


def expected(package: ModelPackage, images: NDArray[np.generic]) -> NDArray[np.float64]:
    """Scores of (N, Y, X), one image at a time."""
    model = package.classifier()
    with torch.no_grad():
        scores = [model(PAPER.render(image, SIZE)).softmax(1)[0] for image in images]
    return torch.stack(scores).double().numpy()


def test_every_slice_of_the_phases_asked_is_scored_from_the_base(
    package: ModelPackage, hearts: dict[str, Stack]
) -> None:
    told = list[Progress]()
    entries = [entry(name, stack) for name, stack in hearts.items()]
    table = predict_stacks(package, entries, lambda item: hearts[item.subject].pixels, report=told.append)
    assert len(table) == 2 * 6 + 2 * 7
    assert table.classes == ("OAP", "IN", "OBS")
    assert set(table.phase) == {"ed", "es"}
    assert set(table.y_true) == set(table.fold) == {-1}
    assert (told[-1].done, told[-1].total) == (26, 26)
    for name, stack in hearts.items():
        for phase in ("ed", "es"):
            rows = table.rows((table.subject == name) & (table.phase == phase))
            n_slices = stack.pixels.shape[1]
            np.testing.assert_array_equal(rows.slice, np.arange(n_slices))
            assert set(rows.n_slices) == {n_slices}
            np.testing.assert_allclose(
                rows.y_score, expected(package, stack.pixels[stack.phases[phase]]), rtol=1e-5, atol=1e-6
            )
    np.testing.assert_allclose(table.y_score.sum(1), 1, rtol=1e-6)


def test_a_stack_stored_apex_first_gives_the_same_rows(package: ModelPackage, hearts: dict[str, Stack]) -> None:
    stack = hearts["1"]
    usual = predict_stacks(package, [entry("1", stack)], lambda _: stack.pixels)
    turned = predict_stacks(package, [entry("1", stack, base_first=False)], lambda _: stack.pixels[:, ::-1])
    np.testing.assert_array_equal(turned.slice, usual.slice)
    np.testing.assert_array_equal(turned.phase, usual.phase)
    np.testing.assert_allclose(turned.y_score, usual.y_score, atol=1e-6)


@pytest.mark.parametrize(
    ("phases", "all_phases", "names"),
    [
        ({"ed": 0, "es": 2}, False, ["ed", "es"]),
        ({"ed": 3, "es": 1}, False, ["es", "ed"]),
        ({"es": 2}, False, ["es"]),
        ({"ed": 0, "es": 2}, True, ["ed", "1", "es", "3"]),
        ({}, False, ["0", "1", "2", "3"]),
        ({"rest": 1}, False, ["0", "rest", "2", "3"]),
    ],
)
def test_phases_are_those_asked_or_all(
    package: ModelPackage, hearts: dict[str, Stack], phases: dict[str, int], all_phases: bool, names: list[str]
) -> None:
    stack = hearts["1"]
    table = predict_stacks(package, [entry("1", stack, phases=phases)], lambda _: stack.pixels, all_phases=all_phases)
    assert list(dict.fromkeys(table.phase.tolist())) == names
    assert len(table) == len(names) * stack.pixels.shape[1]


@pytest.mark.parametrize("per_pass", [1, 5, 1000])
def test_batches_of_any_size_give_the_same_scores(
    package: ModelPackage, hearts: dict[str, Stack], monkeypatch: pytest.MonkeyPatch, per_pass: int
) -> None:
    entries = [entry(name, stack) for name, stack in hearts.items()]
    usual = predict_stacks(package, entries, lambda item: hearts[item.subject].pixels)
    monkeypatch.setattr(stacks, "_SLICES_PER_PASS", per_pass)
    other = predict_stacks(package, entries, lambda item: hearts[item.subject].pixels)
    np.testing.assert_allclose(other.y_score, usual.y_score, atol=1e-6)


def test_no_stacks_are_refused(package: ModelPackage) -> None:
    with pytest.raises(InputError, match="Expected stacks to predict, got none"):
        predict_stacks(package, [], lambda _: np.zeros((1, 1, 2, 2)))


@pytest.mark.parametrize(
    ("task", "asked", "phases"),
    [
        (SAX_RANGE, {}, (0, 2)),
        (SAX_RANGE, {"all_phases": True}, (0, 1, 2, 3)),
        (LV_WALL, {}, (0, 1, 2, 3)),
        (LV_WALL, {"phases": ("ES", "3", "1")}, (1, 2, 3)),
        (SAX_RANGE, {"phases": ("es", "2", "mid")}, (2,)),
        (LV_WALL, {"phases": ("4", "-1", "mid")}, ()),
    ],
)
def test_a_task_asks_about_its_phases_unless_others_are_named(
    hearts: dict[str, Stack], task: Task, asked: dict[str, object], phases: tuple[int, ...]
) -> None:
    stack = dataclasses.replace(hearts["1"], phases={"ed": 0, "es": 2})
    assert phases_asked(entry("1", stack, phases=stack.phases), task, **asked) == phases


def test_phases_that_no_stack_has_are_refused(package: ModelPackage, hearts: dict[str, Stack]) -> None:
    with pytest.raises(InputError, match=r"phases mid, got none\. Available: ed, es, 0 to 3\."):
        predict_stacks(package, [entry("1", hearts["1"])], lambda _: hearts["1"].pixels, phases=("mid",))
