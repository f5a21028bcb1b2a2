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
from medgraft.networks.segmenter import Segmenter, build_segmenter
from medgraft.study.curve import CurveFile, MaskData
from medgraft.study.curve import figures as curve_figures
from medgraft.study.curve.figures import SubjectFigures, subject_figures


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

    def counted(codes: Any, spacing: Any) -> Any:
        measured.append(codes.tobytes())
        return wall_thickness(codes, spacing)

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


def sees_only(column: int) -> Segmenter:
    """A model that sees one class everywhere."""
    model = build_segmenter("unet3d", n_classes=3)
    for parameter in model.parameters():
        parameter.data.zero_()
    (bias,) = [parameter for name, parameter in model.head.named_parameters() if name.endswith("bias")]
    bias.data[column] = 10
    return model.eval()
