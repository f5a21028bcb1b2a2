"""Laws of every listed network that answers with masks; a new one is tested by being listed."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from medgraft.core.errors import InputError
from medgraft.networks import NETWORKS, spec
from medgraft.networks.classifier import build
from medgraft.networks.freezing import freeze
from medgraft.networks.segmenter import Segmenter, build_segmenter
from medgraft.networks.segnet4d import Block, Up

NAMES = [name for name, network in NETWORKS.items() if network.answers == "masks"]
#: Sides that no network halves evenly.
SIDES = {2: (19, 13), 3: (9, 11, 6), 4: (3, 5, 9, 6)}


def images(name: str, n: int = 2, channels: int = 1) -> Tensor:
    return torch.rand(n, channels, *SIDES[spec(name).dims], generator=torch.Generator().manual_seed(1))


def test_the_networks_of_the_paper_and_its_neighbours_are_listed() -> None:
    assert {spec(name).dims for name in NAMES} == {2, 3, 4}
    assert NAMES == ["unet2d", "unet3d", "segresnet3d", "segnet4d"]


@pytest.mark.parametrize("name", NAMES)
def test_every_voxel_has_a_score_for_each_class_at_any_size(name: str) -> None:
    model = build_segmenter(name, n_classes=5, channels=2)
    dims = spec(name).dims
    for sides in (SIDES[dims], (8,) * dims, (1,) * dims):
        scores = model(torch.rand(2, 2, *sides))
        assert scores.shape == (2, 5, *sides)
        assert scores.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_added_to_a_size_is_zeros_behind(name: str) -> None:
    model, picture = build_segmenter(name, n_classes=3).eval(), images(name)
    multiple = spec(name).multiple
    in_space = picture.shape[2:][-3:]
    behind = [zeros for side in reversed(in_space) for zeros in (0, -side % multiple)]
    whole = functional.pad(picture, behind)
    assert all(side % multiple == 0 for side in whole.shape[2:][-3:])
    with torch.no_grad():
        expected = model.head(model.base(whole))
        part = tuple(slice(0, side) for side in picture.shape[2:])
        torch.testing.assert_close(model(picture), expected[(slice(None), slice(None), *part)], rtol=0, atol=0)


@pytest.mark.parametrize("initial", ["default", "normal"])
@pytest.mark.parametrize("name", NAMES)
def test_equal_keys_give_equal_weights_and_the_global_state_is_left_alone(name: str, initial: str) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, same, other = (
        build_segmenter(name, n_classes=3, key=key, initial=initial)  # type: ignore[arg-type]  # one of the two
        for key in ((7, "fold"), (7, "fold"), 8)
    )
    assert torch.equal(torch.get_rng_state(), before)
    for (entry, value), equal, different in zip(
        first.state_dict().items(), same.state_dict().values(), other.state_dict().values(), strict=True
    ):
        assert torch.equal(value, equal), entry
        assert value.ndim < 2 or not torch.equal(value, different), entry


@pytest.mark.parametrize("name", NAMES)
def test_first_scores_are_of_usable_size_and_those_of_the_paper_s_start_are_not(name: str) -> None:
    spread = {}
    for initial in ("default", "normal"):
        model = build_segmenter(name, n_classes=3, initial=initial)  # type: ignore[arg-type]  # one of the two
        with torch.no_grad():
            spread[initial] = model(images(name)).std().item()
        weights = torch.cat([value.flatten() for value in model.state_dict().values() if value.ndim > 1])
        assert (weights.std().item() == pytest.approx(1, rel=0.01)) == (initial == "normal")
    assert 0.05 < spread["default"] < 2
    assert spread["normal"] > 2 * spread["default"]


@pytest.mark.parametrize("depth", [0, 1, 2, "all"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_frozen_does_not_move_in_a_training_step(name: str, depth: int | str) -> None:
    model = build_segmenter(name, n_classes=3)
    trained = freeze(model, depth)
    before = {entry: value.clone() for entry, value in model.state_dict().items()}
    step(model.eval().train(), images(name))
    moved = {entry for entry, value in model.state_dict().items() if not torch.equal(value, before[entry])}
    stages = {model.spec.stage_of(entry.removeprefix("base.")) for entry in moved if entry.startswith("base.")}
    assert stages == set(trained)
    assert {entry for entry in moved if entry.startswith("head.")} == {"head.weight", "head.bias"}
    frozen = [module for entry, module in model.base.named_modules() if entry in model.frozen]
    assert not any(module.training for module in frozen)


def step(model: Segmenter, pictures: Tensor) -> None:
    optimiser = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    scores = model(pictures)
    functional.cross_entropy(scores, (pictures[:, 0] * 3).long()).backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
    optimiser.step()


def test_the_4d_network_is_that_of_the_paper() -> None:
    model = build_segmenter("segnet4d", n_classes=3)
    blocks = [sum(isinstance(part, Block) for part in level.modules()) for level in model.base.encoder]
    assert blocks == [1, 2, 4]
    assert [sum(isinstance(part, Block) for part in level.modules()) for level in model.base.decoder] == [1, 1]
    kernels = {tuple(value.shape[2:]) for value in model.state_dict().values() if value.ndim > 1}
    assert kernels == {(3, 3, 3, 3), (1, 1, 1, 1)}
    maps: list[tuple[int, ...]] = []
    for level in model.base.encoder:
        level.register_forward_hook(lambda _m, _i, out: maps.append(tuple(out.shape[1:])))
    model(torch.zeros(1, 1, 8, 16, 24, 12))
    assert maps == [(8, 8, 16, 24, 12), (16, 4, 8, 12, 6), (32, 2, 4, 6, 3)]


def test_the_4d_network_begins_with_as_much_of_what_was_skipped_as_of_what_comes_up() -> None:
    shares: list[float] = []

    def note(up: Up, given: tuple[Tensor, Tensor], _out: Tensor) -> None:
        features, skipped = given
        shares.append((skipped.var() / up.reduce(features).var()).item())

    model = build_segmenter("segnet4d", n_classes=3)
    for level in model.base.decoder:
        level.register_forward_hook(note)
    with torch.no_grad():
        model(torch.rand(1, 1, 8, 16, 16, 16, generator=torch.Generator().manual_seed(2)))
    # Single phases are told apart in what was skipped alone: drowned, it leaves hearts that hardly move.
    assert len(shares) == 2
    assert all(1 / 3 < share < 3 for share in shares), shares


@pytest.mark.parametrize("n_phases", [1, 4, 6, 8])
def test_a_heart_that_stands_still_is_answered_alike_at_every_phase(n_phases: int) -> None:
    """Zeros before the first and after the last phase told where a phase is: masks were smaller at both ends."""
    model = build_segmenter("segnet4d", n_classes=3)
    volume = torch.rand(1, 1, 1, 8, 8, 8, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        first, still = model(volume), model(volume.expand(-1, -1, n_phases, -1, -1, -1))
    torch.testing.assert_close(still, first.expand_as(still), rtol=1e-4, atol=1e-5)


def test_every_phase_is_told_by_its_neighbours() -> None:
    model = build_segmenter("segnet4d", n_classes=2).eval()
    volume = torch.rand(1, 1, 4, 8, 8, 8, generator=torch.Generator().manual_seed(2))
    other = volume.clone()
    other[:, :, 1] = 0
    with torch.no_grad():
        change = (model(volume) - model(other)).abs().amax((0, 1, 3, 4, 5))
    assert (change > 1e-4).all()


@pytest.mark.parametrize("name", NAMES)
def test_norms_do_not_look_at_other_volumes(name: str) -> None:
    model = build_segmenter(name, n_classes=2)
    assert not any(isinstance(module, nn.modules.batchnorm._NormBase) for module in model.modules())
    pictures = images(name, n=3)
    with torch.no_grad():
        torch.testing.assert_close(model(pictures)[1:2], model(pictures[1:2]), rtol=1e-4, atol=1e-5)


def test_networks_are_asked_for_what_they_answer() -> None:
    with pytest.raises(InputError, match=r"answers with masks, got resnet18\. Available: unet2d"):
        build_segmenter("resnet18", n_classes=3)
    with pytest.raises(InputError, match=r"answers with classes, got unet3d\. Available: mobilenetv1_025"):
        build("unet3d", n_classes=3)
    with pytest.raises(InputError, match="at least two classes"):
        build_segmenter("unet3d", n_classes=1)
