"""What a network reads in training: patches and beats from anywhere, of volumes that lie on disk."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medgraft.inference.masks import temporal_windows
from medgraft.recipe import VolumeRecipe
from medgraft.samples import MaskedSamples
from medgraft.study.curve import CurveFile, MaskData, mask_data
from medgraft.study.curve.mask_data import Rendered
from medgraft.training.parallel import Replica

MakeCurve = Callable[..., CurveFile]


@pytest.fixture
def rendered(tiny_curve: MakeCurve, ct_hearts: Any, tmp_path: Path) -> Callable[..., Rendered]:
    """Synthetic hearts as a network of some axes reads them."""

    def make(dims: int, **changes: Any) -> Rendered:
        recipe = tiny_curve(network=f"unet{min(dims, 3)}d", **changes).recipe
        data = MaskData(samples=ct_hearts.samples, read=ct_hearts, recipe=recipe, dims=dims, augment=False, seed=7)
        return Rendered(data=data, cache=tmp_path)

    return make


@pytest.mark.parametrize(("dims", "shape"), [(2, (1, 12, 10)), (3, (8, 12, 10)), (4, (8, 12, 10))])
def test_patches_are_of_the_recipes_shape(
    rendered: Callable[..., Rendered], dims: int, shape: tuple[int, int, int]
) -> None:
    made = rendered(dims, shape=shape)
    pieces = made.pieces(np.array([1]))
    time = (2,) if dims == 4 else ()
    (patch,) = made.batches(pieces[:1], 1, ("key",))
    assert patch.inputs[0].shape == (1, 1, *time, *shape[-min(dims, 3) :])
    assert made.volumes(1)[0].shape[-1] > shape[-1]


def test_patches_come_from_everywhere_and_often_show_the_heart(rendered: Callable[..., Rendered]) -> None:
    made = rendered(3, shape=(6, 6, 6))
    (piece, *_) = made.pieces(np.array([1]))
    patches = [next(made.batches([piece], 1, ("patch", number))) for number in range(60)]
    shown = [bool((patch.targets.codes > 0).any()) for patch in patches]  # type: ignore[union-attr]  # masks
    assert len({patch.inputs[0].numpy().tobytes() for patch in patches}) > 20
    assert 0.5 < np.mean(shown) <= 1
    (again,) = made.batches([piece], 1, ("patch", 3))
    assert torch.equal(again.inputs[0], patches[3].inputs[0])


@dataclass(frozen=True, kw_only=True)
class Sequences:
    """Volumes of one grey level at each phase, and their samples."""

    samples: MaskedSamples
    grey: np.ndarray

    def pixels(self, stack: str) -> np.ndarray:
        return self.grey[:, None, None, None].repeat(8, 1).repeat(8, 2).repeat(8, 3)

    def mask(self, stack: str, digest: str) -> np.ndarray:
        return np.ones((len(self.grey), 8, 8, 8), np.uint8)


def sequences(ct_hearts: Any, n_phases: int, labelled: tuple[int, ...]) -> Sequences:
    """One sequence whose every phase has a grey level of its own, labelled at some."""
    grey = np.linspace(-200, 600, n_phases).astype(np.int16)
    item = replace(
        ct_hearts.samples.items[1], phases=labelled, phase_names=tuple(map(str, labelled)), n_phases=n_phases
    )
    return Sequences(samples=replace(ct_hearts.samples, items=(item,)), grey=grey)


@pytest.mark.parametrize(("n_phases", "labelled"), [(5, (0,)), (20, (0, 7)), (30, (11,))])
def test_training_reads_as_much_of_a_beat_as_inference_does_and_never_without_a_label(
    ct_hearts: Any, tmp_path: Path, n_phases: int, labelled: tuple[int, ...]
) -> None:
    given = sequences(ct_hearts, n_phases, labelled)
    recipe = VolumeRecipe(shape=(4, 4, 4), spacing=None)
    data = MaskData(samples=given.samples, read=given, recipe=recipe, dims=4, augment=False, seed=7)
    made = Rendered(data=data, cache=tmp_path)
    (piece,) = made.pieces(np.array([0]))
    length = len(temporal_windows(n_phases, recipe.phases)[0][0])
    starts = set()
    for batch in made.batches([piece] * 60, 1, ("key",)):
        shown = np.abs(batch.inputs[0][0, 0, :, 0, 0, 0].numpy()[:, None] - (given.grey + 200) / 800).argmin(1)
        assert np.array_equal(shown, (shown[0] + np.arange(length)) % n_phases)
        labels = batch.targets.phases[0].numpy()  # type: ignore[union-attr]  # masks
        assert labels.any()
        assert np.array_equal(labels, np.isin(shown, labelled))
        starts.add(shown[0])
    assert starts == {(phase - place) % n_phases for phase in labelled for place in range(length)}


def test_what_is_rendered_is_on_disk_and_found_again_by_what_it_holds(
    rendered: Callable[..., Rendered], tmp_path: Path
) -> None:
    """In memory there is what the system keeps of mapped files."""
    made, again = rendered(3), rendered(3)
    grey, codes = made.volumes(1)
    folders = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")}
    assert all(torch.equal(one, other) for one, other in zip(again.volumes(1), (grey, codes), strict=True))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")} == folders
    assert sum(path.stat().st_size for path in folders) >= grey.nbytes + codes.nbytes
    rendered(3, shape=(8, 8, 8)).volumes(1)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")} == folders
    rendered(3, spacing=5.0).volumes(1)
    assert len(list(tmp_path.rglob("*.npy"))) == 2 * len(folders)


def test_a_small_volume_gets_zeros_behind_it(rendered: Callable[..., Rendered]) -> None:
    made = rendered(3, shape=(64, 64, 64))
    (piece, *_) = made.pieces(np.array([1]))
    (patch,), whole = made.batches([piece], 1, ("key",)), made.volumes(1)[0][0].float()
    z, y, x = whole.shape
    torch.testing.assert_close(patch.inputs[0][0, 0, :z, :y, :x], whole)
    assert patch.inputs[0][..., z:, :, :].max() < 1e-5


def test_a_centred_recipe_looks_at_the_middle_alone(rendered: Callable[..., Rendered]) -> None:
    made = rendered(3, shape=(6, 6, 6), centred=True)
    (piece, *_) = made.pieces(np.array([1]))
    seen, (trained,) = made.volumes(1)[0][0].float(), made.batches([piece], 1, ("key",))
    assert seen.shape == (6, 6, 6)
    torch.testing.assert_close(seen, trained.inputs[0][0, 0])


@pytest.mark.parametrize("count", [2, 3])
def test_devices_see_each_row_as_it_is_in_the_whole_batch(rendered: Callable[..., Rendered], count: int) -> None:
    made = rendered(3, shape=(8, 8, 8))
    made = replace(made, data=replace(made.data, augment=True))
    pieces = made.pieces(np.arange(6))
    replicas = [Replica(rank=rank, count=count) for rank in range(count)]
    whole = made.batches(pieces, 6, ("key",))
    shares = [made.batches(pieces, 6, ("key",), replica) for replica in replicas]
    for batch, *parts in zip(whole, *shares, strict=True):
        for rank, part in enumerate(parts):
            assert torch.equal(part.inputs[0], batch.inputs[0][rank::count])
            assert torch.equal(part.targets.codes, batch.targets.codes[rank::count])  # type: ignore[union-attr]  # masks


def test_few_files_are_open_however_many_samples_there_are(
    rendered: Callable[..., Rendered], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mask_data, "_OPEN", 2)
    made, positions = rendered(3), range(7)
    before = n_open()
    first = [made.volumes(position)[0].clone() for position in positions]
    assert n_open() <= before + 2 * 2
    assert all(torch.equal(made.volumes(position)[0], first[position]) for position in positions)


def n_open() -> int:
    """Files that this process has open."""
    return len(list(Path("/dev/fd").iterdir()))
