"""What a network reads: patches from anywhere in training, the whole of what is held out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from medgraft.recipe.augment.distortion import Augmentation
from medgraft.study.curve import CurveFile, MaskData
from medgraft.study.curve.mask_data import Rendered

MakeCurve = Callable[..., CurveFile]


@pytest.fixture
def rendered(tiny_curve: MakeCurve, ct_hearts: Any) -> Callable[..., Rendered]:
    """Synthetic hearts as a network of some axes reads them."""

    def make(dims: int, **changes: Any) -> Rendered:
        recipe = tiny_curve(network=f"unet{min(dims, 3)}d", **changes).recipe
        data = MaskData(samples=ct_hearts.samples, read=ct_hearts, recipe=recipe, dims=dims, augment=False, seed=7)
        return Rendered(data=data)

    return make


@pytest.mark.parametrize(("dims", "shape"), [(2, (1, 12, 10)), (3, (8, 12, 10)), (4, (8, 12, 10))])
def test_patches_are_of_the_recipes_shape_and_held_out_volumes_whole(
    rendered: Callable[..., Rendered], dims: int, shape: tuple[int, int, int]
) -> None:
    made = rendered(dims, shape=shape)
    pieces = made.pieces(np.array([1]))
    time = (2,) if dims == 4 else ()
    (patch,) = made.batches(pieces[:1], 1, ("key",))
    assert patch.inputs[0].shape == (1, 1, *time, *shape[-min(dims, 3) :])
    (whole,) = made.batches(pieces[:1], 1, None)
    assert whole.inputs[0].shape[-2:] == made.volumes(1)[0].shape[-2:]
    assert whole.inputs[0].shape[-1] > shape[-1]


def test_patches_come_from_everywhere_and_often_show_the_heart(rendered: Callable[..., Rendered]) -> None:
    made = rendered(3, shape=(6, 6, 6))
    (piece, *_) = made.pieces(np.array([1]))
    patches = [next(made.batches([piece], 1, ("patch", number))) for number in range(60)]
    shown = [bool((patch.targets.codes > 0).any()) for patch in patches]  # type: ignore[union-attr]  # masks
    assert len({patch.inputs[0].numpy().tobytes() for patch in patches}) > 20
    assert 0.5 < np.mean(shown) <= 1
    (again,) = made.batches([piece], 1, ("patch", 3))
    assert torch.equal(again.inputs[0], patches[3].inputs[0])


def test_cycles_begin_anywhere_and_labels_go_with_their_phases(ct_hearts: Any, tiny_curve: MakeCurve) -> None:
    recipe = tiny_curve(centred=True).recipe
    recipe = replace(recipe, augment=Augmentation(degrees=0, scale=0, shift=0, gamma=0, noise=0))
    one = replace(ct_hearts.samples.items[1], phases=(1,), phase_names=("es",))
    samples = replace(ct_hearts.samples, items=(one,))
    made = Rendered(data=MaskData(samples=samples, read=ct_hearts, recipe=recipe, dims=4, augment=True, seed=7))
    (piece,) = made.pieces(np.array([0]))
    (plain,) = made.batches([piece], 1, None)
    turns = set()
    for number in range(12):
        (batch,) = made.batches([piece], 1, (number,))
        ((turn,),) = (batch.targets.phases[0] & True).nonzero().T.tolist()  # type: ignore[union-attr]  # masks
        turns.add(turn)
        torch.testing.assert_close(batch.inputs[0][0, 0, turn], plain.inputs[0][0, 0, 1], atol=1e-3, rtol=0)
    assert turns == {0, 1}


def test_a_small_volume_gets_zeros_behind_it(rendered: Callable[..., Rendered]) -> None:
    made = rendered(3, shape=(64, 64, 64))
    (piece, *_) = made.pieces(np.array([1]))
    (patch,), (whole,) = made.batches([piece], 1, ("key",)), made.batches([piece], 1, None)
    z, y, x = whole.inputs[0].shape[2:]
    assert torch.equal(patch.inputs[0][..., :z, :y, :x], whole.inputs[0])
    assert not patch.inputs[0][..., z:, :, :].any()


def test_a_centred_recipe_looks_at_the_middle_alone(rendered: Callable[..., Rendered]) -> None:
    made = rendered(3, shape=(6, 6, 6), centred=True)
    (piece, *_) = made.pieces(np.array([1]))
    (seen,), (trained,) = made.batches([piece], 1, None), made.batches([piece], 1, ("key",))
    assert seen.inputs[0].shape[2:] == (6, 6, 6)
    assert torch.equal(seen.inputs[0], trained.inputs[0])
    assert replace(made.data.recipe, centred=False) != made.data.recipe
