"""Laws of training on masks, for every listed network that answers with them."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.evaluation import dice
from medgraft.networks import NETWORKS, spec
from medgraft.networks.mode import in_eval_mode
from medgraft.networks.segmenter import Segmenter, build_segmenter
from medgraft.training import Batch, Checkpoint, History, MaskTarget, Plan, dice_loss, fit

NAMES = [name for name, network in NETWORKS.items() if network.answers == "masks"]
#: Trained in the quick suite; the others take more than three seconds each.
LIGHT = ("unet2d",)
LEARNT = [pytest.param(name, marks=() if name in LIGHT else pytest.mark.slow) for name in NAMES]
SIDES = {2: (40, 40), 3: (16, 16, 16), 4: (4, 12, 14, 12)}
SPARSE = (True, False, True, False)


def heart(dims: int, seed: int) -> tuple[Tensor, Tensor]:
    """A ball in a shell that beats, with noise, and its mask: (1, ...) and (...)."""
    sides = SIDES[dims]
    space = sides[1:] if dims == 4 else sides
    grid = torch.stack(torch.meshgrid(*(torch.linspace(-1, 1, side) for side in space), indexing="ij"))
    radius = grid.square().sum(0).sqrt()
    if dims == 4:
        radius = torch.stack([radius / beat for beat in (1.0, 0.9, 0.8, 0.9)])
    codes = torch.where(radius < 0.5, 1, torch.where(radius < 0.9, 2, 0))
    noise = 0.05 * torch.randn(sides, generator=torch.Generator().manual_seed(seed))
    return (torch.tensor([0.2, 0.9, 0.5])[codes] + noise)[None], codes


def hearts(name: str, phases: tuple[bool, ...] | None = None) -> Batch:
    """Two of them: on a CPU torch has a quick convolution for more than one volume only."""
    dims = spec(name).dims
    images, codes = zip(*(heart(dims, seed) for seed in range(2)), strict=True)
    labelled = torch.tensor([phases or (True,) * (4 if dims == 4 else 1)] * 2)
    target = MaskTarget(codes=torch.stack(codes), phases=labelled, classes=torch.ones(2, 3, dtype=torch.bool))
    return Batch(inputs=(torch.stack(images),), targets=target)


def run(model: Segmenter, *batches: Batch, epochs: int, updates: int, checkpoint: Checkpoint | None = None) -> History:
    def epoch(_: int) -> Iterator[Batch]:
        return islice(cycle(batches), updates)

    plan = Plan(rate=3e-3, epochs=epochs, optimizer="adam", decay=0.0)
    return fit(
        model, epoch, plan, key=(5,), loss=dice_loss, evaluate=lambda: dice_of(model, batches[0]), checkpoint=checkpoint
    )


def dice_of(model: Segmenter, batch: Batch) -> NDArray[np.float32]:
    assert isinstance(batch.targets, MaskTarget)
    with in_eval_mode(model), torch.inference_mode():
        answers = model(*batch.inputs).argmax(1).numpy()
    pairs = zip(answers, batch.targets.codes.numpy(), strict=True)
    return np.array([[dice(seen == k, true == k) for k in range(3)] for seen, true in pairs], np.float32)


def as_bytes(model: Segmenter, history: History) -> tuple[bytes, ...]:
    tensors = (value.numpy().tobytes() for value in model.state_dict().values())
    return history.train_loss.tobytes(), history.scores.tobytes(), *tensors


@pytest.mark.parametrize("name", LEARNT)
def test_small_hearts_are_learnt(name: str) -> None:
    history = run(build_segmenter(name, n_classes=3), hearts(name), epochs=6, updates=10)
    assert history.scores.shape == (6, 2, 3)
    assert history.scores[-1].min() > 0.9
    assert history.train_loss[-1] < 0.15 < history.train_loss[0]


@pytest.mark.slow
def test_phases_that_are_not_labelled_are_learnt_from_those_that_are() -> None:
    model = build_segmenter("segnet4d", n_classes=3)
    run(model, *(begun_at(phase, hearts("segnet4d", SPARSE)) for phase in range(4)), epochs=1, updates=80)
    assert dice_of(model, hearts("segnet4d")).min() > 0.85


def begun_at(phase: int, batch: Batch) -> Batch:
    """The beat from another phase on, as training cuts it: always in one place, unlabelled phases are not learnt."""
    (images,), target = batch.inputs, batch.targets
    assert isinstance(target, MaskTarget)
    codes, phases = (values.roll(-phase, 1) for values in (target.codes, target.phases))
    return Batch(inputs=(images.roll(-phase, 2),), targets=replace(target, codes=codes, phases=phases))


@pytest.mark.parametrize("name", NAMES)
def test_training_repeats_itself_and_goes_on_where_it_was_killed(name: str, tmp_path: Path) -> None:
    models, batch = [build_segmenter(name, n_classes=3) for _ in range(3)], hearts(name)
    kept = Checkpoint(path=tmp_path / "state", seconds=0)
    first, second = (as_bytes(model, run(model, batch, epochs=3, updates=1)) for model in models[:2])
    assert first == second
    run(build_segmenter(name, n_classes=3), batch, epochs=2, updates=1, checkpoint=kept)
    assert as_bytes(models[2], run(models[2], batch, epochs=3, updates=1, checkpoint=kept)) == first
