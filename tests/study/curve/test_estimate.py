"""What a learning curve would do is what it then does; to find out, nothing is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medgraft.core.errors import InputError
from medgraft.networks.segmenter import build_segmenter
from medgraft.study import Compute, Desk, DeskSettings, LocalExecutor, RunStore
from medgraft.study.curve import CurveEstimate, CurveFile, Start, estimate_curve, run_curve
from medgraft.study.curve.mask_data import MaskData, Rendered

MakeCurve = Callable[..., CurveFile]
CPU = torch.device("cpu")
ARMS = {"scratch": {"rates": [0.002, 0.001]}, "fine-tuned": {"start": "package", "rates": [0.002]}}


@pytest.fixture(scope="module")
def package() -> Start:
    model = build_segmenter("unet3d", n_classes=3, key="another site")
    return Start(origin="home", digest="home", state=model.state_dict())


@pytest.fixture(scope="module")
def estimated(tiny_curve: MakeCurve, ct_hearts: Any, package: Start) -> CurveEstimate:
    curve = tiny_curve(arms=ARMS, package="home.medgraft", home={"site": "one"}, thickness=True, updates=None)
    return estimate_curve(curve, ct_hearts.samples, ct_hearts, CPU, RunStore(root=Path("nowhere")), package=package)


@pytest.mark.slow
def test_every_start_at_every_size_is_counted(estimated: CurveEstimate, ct_hearts: Any) -> None:
    assert [(one.arm, one.start, one.size, one.trainings, one.done) for one in estimated.points] == [
        ("scratch", "random", 1, 4, 0),
        ("scratch", "random", 2, 4, 0),
        ("fine-tuned", "package", 1, 2, 0),
        ("fine-tuned", "package", 2, 2, 0),
    ]
    # Two phases of a subject are two pieces, and two pieces one batch; there are two epochs.
    assert [one.updates for one in estimated.points] == [4 * 2, 4 * 2 * 2, 2 * 2, 2 * 2 * 2]
    assert estimated.assessments == 2 * 2 * 2 + 1 + 1, "the wall of the advised one may come last"
    roles = {name: set(subjects) for name, subjects in estimated.subjects.items()}
    assert set(roles) == {"train", "validation", "test", "home", "others"}
    named = [subject for subjects in roles.values() for subject in subjects]
    assert len(named) == len(set(named))
    assert set(named) <= set(ct_hearts.samples.subjects)
    assert all(roles[name] for name in ("train", "validation", "test", "home"))


@pytest.mark.slow
def test_time_memory_and_disk_are_measured(estimated: CurveEstimate, package: Start) -> None:
    assert estimated.seconds > sum(one.seconds for one in estimated.points) > 0
    assert package.state is not None
    weights = sum(tensor.numel() * tensor.element_size() for tensor in package.state.values())
    assert estimated.run_bytes == 12 * weights
    assert estimated.memory_bytes > 2 * weights
    assert estimated.device == "cpu"


@pytest.mark.slow
def test_what_is_done_is_not_counted_again_and_nothing_is_kept(
    tiny_curve: MakeCurve, ct_hearts: Any, tmp_path: Path
) -> None:
    curve = tiny_curve(epochs=1, updates=1, draws=1, thickness=True)
    store = RunStore(root=tmp_path / "runs")
    before = estimate_curve(curve, ct_hearts.samples, ct_hearts, CPU, store)
    assert not list(tmp_path.iterdir())
    settings = DeskSettings(cache=tmp_path / "cache", unfinished=store.unfinished, compute=Compute(device="cpu"))
    run_curve(curve, ct_hearts.samples, ct_hearts, LocalExecutor(Desk(settings)), store)
    kept = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*.npy"))
    assert before.volume_bytes <= kept < 1.1 * before.volume_bytes, "as much as was said, and the heads of files"
    there = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    after = estimate_curve(curve, ct_hearts.samples, ct_hearts, CPU, store)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == there
    for one, other in zip(before.points, after.points, strict=True):
        assert (one.done, other.done, other.updates, other.seconds) == (0, one.trainings, 0, 0)
    assert (before.assessments, after.assessments, after.seconds) == (2 + 1, 0, 0)
    more = curve.model_copy(update={"draws": 2})
    assert estimate_curve(more, ct_hearts.samples, ct_hearts, CPU, store).assessments == 2 + 1, "of the second draw"


@pytest.mark.slow
@pytest.mark.parametrize(("dims", "shape"), [(2, [1, 16, 16]), (3, [16, 16, 16]), (4, [16, 16, 16])])
@pytest.mark.parametrize("centred", [True, False])
def test_shapes_are_those_that_are_rendered(
    tiny_curve: MakeCurve, ct_hearts: Any, tmp_path: Path, dims: int, shape: list[int], *, centred: bool
) -> None:
    recipe = tiny_curve(shape=shape, centred=centred).recipe
    data = MaskData(samples=ct_hearts.samples, read=ct_hearts, recipe=recipe, dims=dims, augment=False, seed=1)
    rendered = Rendered(data=data, cache=tmp_path)
    assert data.shape(0) == tuple(rendered.volumes(0)[0].shape)
    assert len(rendered.pieces(np.array([0]))) == np.prod(data.shape(0)[: 4 - dims])


@pytest.mark.slow
def test_what_cannot_be_run_is_refused(tiny_curve: MakeCurve, ct_hearts: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Expected 40 subjects to train on"):
        estimate_curve(tiny_curve(sizes=[40]), ct_hearts.samples, ct_hearts, CPU, RunStore(root=tmp_path))
