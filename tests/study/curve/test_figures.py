"""Figures of a subject: what a model misses or invents counts the worst, and is named."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from medgraft.core.task import LV_WALL
from medgraft.evaluation import worst_distance
from medgraft.measurement import wall_thickness
from medgraft.networks import spec
from medgraft.networks.segmenter import Segmenter, build_segmenter
from medgraft.samples import MaskedSamples
from medgraft.study.curve import CurveFile, MaskData, Start
from medgraft.study.curve import figures as curve_figures
from medgraft.study.curve.figures import SubjectFigures, subject_figures
from medgraft.study.curve.mask_trial import Assessment


@pytest.mark.parametrize(("column", "missed"), [(0, {"pool", "myocardium"}), (1, {"myocardium"}), (2, {"pool"})])
def test_what_a_model_misses_is_named_and_counts_the_diagonal(
    tiny_curve: Callable[..., CurveFile], ct_hearts: Any, column: int, missed: set[str]
) -> None:
    data = MaskData(
        samples=ct_hearts.samples, read=ct_hearts, recipe=tiny_curve().recipe, dims=3, augment=False, seed=7
    )
    found = subject_figures(sees_only(column), data, 4, torch.device("cpu"), in_mm=True, walls={})
    item = data.samples.items[4]
    worst = worst_distance(ct_hearts.pixels(item.stack).shape[1:], item.spacing)
    for figures in found:
        assert set(figures.unmatched) == missed
        assert {code for code, dice in figures.dice.items() if dice == 0} == missed
        assert {code for code, distance in figures.hausdorff95.items() if distance == worst} == missed
        assert figures.mean_dice == pytest.approx(np.mean(list(figures.dice.values())))
        assert figures.thickness is None
        assert figures.true_thickness


def test_volumes_and_walls_do_not_depend_on_the_order_of_a_tasks_classes(
    tiny_curve: Callable[..., CurveFile], ct_hearts: Any
) -> None:
    def of(order: tuple[int, ...]) -> list[SubjectFigures]:
        task = replace(LV_WALL, classes=tuple(LV_WALL.classes[index] for index in order))
        samples = replace(ct_hearts.samples, task=task)
        data = MaskData(samples=samples, read=ct_hearts, recipe=tiny_curve().recipe, dims=3, augment=False, seed=7)
        model = build_segmenter("unet3d", n_classes=3).eval()
        return subject_figures(model, data, 4, torch.device("cpu"), in_mm=True, walls={})

    for one, other in zip(of((0, 1, 2)), of((0, 2, 1)), strict=True):
        assert one.true_volume == other.true_volume
        assert one.true_thickness == other.true_thickness


def test_the_reference_is_measured_once_for_all_models(
    tiny_curve: Callable[..., CurveFile], ct_hearts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[bytes] = []

    def counted(codes: Any, spacing: Any, aside: Any) -> Any:
        measured.append(codes.tobytes())
        return wall_thickness(codes, spacing, aside=aside)

    monkeypatch.setattr(curve_figures, "wall_thickness", counted)
    data = MaskData(
        samples=ct_hearts.samples, read=ct_hearts, recipe=tiny_curve().recipe, dims=3, augment=False, seed=7
    )
    walls: dict[str, curve_figures.Wall] = {}
    first, second = (
        subject_figures(sees_only(column), data, 4, torch.device("cpu"), in_mm=True, walls=walls) for column in (0, 1)
    )
    assert len(measured) == len(set(measured)) == len(walls) == 4, "of the reference two phases; of each model one mask"
    assert [figures.true_thickness for figures in first] == [figures.true_thickness for figures in second]


def test_slices_of_a_tilted_gantry_are_measured_where_they_are(
    tiny_curve: Callable[..., CurveFile], ct_hearts: Any
) -> None:
    """The same heart once as it stands, and once with each slice cut a little further to the side."""
    entry = ct_hearts.entries[4]

    def seen(cut: list[int]) -> list[SubjectFigures]:
        lying = replace(entry, affines=affines_of(entry.spacing, cut))
        mask = cut_aside(ct_hearts.masks[entry.id], cut)
        pixels = np.array([-200, 600, 200], np.int16)[np.roll(mask, 1, axis=2)]  # a model is a row off
        hearts = replace(ct_hearts, entries=(lying,), images={entry.id: pixels}, masks={entry.id: mask})
        recipe = tiny_curve(spacing=None).recipe
        data = MaskData(samples=hearts.samples, read=hearts, recipe=recipe, dims=3, augment=False, seed=7)
        return subject_figures(ByBrightness(), data, 0, torch.device("cpu"), in_mm=True, walls={})

    straight, tilted = (seen([index // step for index in range(entry.shape[1])]) for step in (99, 2))
    for one, other in zip(straight, tilted, strict=True):
        assert one.thickness
        assert min(one.hausdorff95.values()) > 0
        assert one == other


def test_where_slices_lie_renames_what_is_measured_and_nothing_that_is_learned(
    tiny_curve: Callable[..., CurveFile], ct_hearts: Any
) -> None:
    def made(samples: MaskedSamples) -> MaskData:
        return MaskData(samples=samples, read=ct_hearts, recipe=tiny_curve().recipe, dims=3, augment=False, seed=7)

    def assessed(data: MaskData, place: int) -> str:
        start, groups = Start(origin="random", digest=""), {"test": np.array([place])}
        return Assessment(
            network=spec("unet3d"), start=start, data=data, arm="scratch", groups=groups, thickness=True
        ).identity

    samples = ct_hearts.samples
    straight, tilted = made(samples), made(replace(samples, aside={samples.items[4].stack: ((0.0, 0.0), (0.0, 2.0))}))
    assert straight.digest == tilted.digest
    assert assessed(straight, 4) != assessed(tilted, 4)
    assert assessed(straight, 5) == assessed(tilted, 5)


def cut_aside(volume: Any, cut: list[int]) -> Any:
    """(T, Z, Y, X + most) with slices cut so many columns further to the left."""
    slices = [np.pad(volume[:, z], ((0, 0), (0, 0), (by, max(cut) - by))) for z, by in enumerate(cut)]
    return np.stack(slices, axis=1)


def affines_of(spacing: Any, cut: list[int]) -> tuple[tuple[float, ...], ...]:
    """Where such slices lie."""
    z, y, x = spacing
    return tuple((x, 0, 0, -by * x, 0, y, 0, 0, 0, 0, 1, place * z, 0, 0, 0, 1) for place, by in enumerate(cut))


class ByBrightness(torch.nn.Module):
    """Blood is brighter than muscle, muscle than the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.steep = torch.nn.Parameter(torch.tensor(100.0))

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        """Logits (N, 3, Z, Y, X)."""
        wall, pool = volumes - 0.25, 2 * (volumes - 0.5)
        return self.steep * torch.cat([0 * volumes, pool, wall], dim=1)


def sees_only(column: int) -> Segmenter:
    """A model that sees one class everywhere."""
    model = build_segmenter("unet3d", n_classes=3)
    for parameter in model.parameters():
        parameter.data.zero_()
    (bias,) = [parameter for name, parameter in model.head.named_parameters() if name.endswith("bias")]
    bias.data[column] = 10
    return model.eval()
