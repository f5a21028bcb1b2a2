"""Curve files: what is left out is the paper's, what is wrong is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from medgraft.core.errors import StudyFileError
from medgraft.recipe import HuWindow, PercentileWindow, VolumeRecipe
from medgraft.study import read_study_file
from medgraft.study.curve import CurveFile, parse_curve, read_curve_file

MINIMAL: dict[str, Any] = {"network": "unet3d", "shape": [32, 32, 32], "package": "home.medgraft"}


def test_what_is_left_out_is_the_papers() -> None:
    curve = parse_curve(MINIMAL)
    assert curve.sizes == (5, 10, 15, 20, 25, 30)
    assert (curve.epochs, curve.decay.factor) == (500, 0.9)
    assert set(curve.arms) == {"scratch", "fine-tuned"}
    assert len({arm.rates for arm in curve.arms.values()}) == 1, "equal rates for every start"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"package": None}, "an arm starts from the package"),
        ({"sizes": [10, 5]}, "sizes must grow"),
        ({"sizes": ["all", 5]}, "sizes must grow"),
        ({"arms": {"x": {"start": "imagenet"}}}, "expected random, normal or package"),
        ({"window": {"low": 5, "high": 1}}, "Expected a window"),
        ({"window": {"of": "percentile"}}, "Expected a window of percentiles 0 to 100"),
        ({"validation": {"split": "test"}}, "different splits"),
        ({"shape": [32, 32]}, "shape"),
        ({"shape": [0, 32, 32]}, "Expected three lengths"),
        ({"spacing": float("inf")}, "Expected a spacing of 0.01 to 200 mm, got inf"),
        ({"arms": {"x\n": {}}}, "an arm's name becomes a folder"),
        ({"arms": {"x": {}, "X": {}}}, "more than capital letters"),
        ({"spacing": 0}, "spacing"),
        ({"phases": 0}, "phases"),
        ({"networks": ["vgg16"]}, r"did you mean network\?(\n.*)*Keys: name, task, network"),
        ({"size": [5, 10]}, r"size: no such key; did you mean sizes\?"),
        ({"arms": {"x": {"rate": 0.1}}}, r"rate: no such key; did you mean rates\?"),
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(StudyFileError, match=said):
        parse_curve({**MINIMAL, **wrong})


def test_phases_are_asked_for_and_change_nothing_where_they_are_not() -> None:
    assert parse_curve({**MINIMAL, "phases": 16}).recipe.sides(4) == (16, 32, 32, 32)
    assert parse_curve(MINIMAL).recipe == VolumeRecipe(shape=(32, 32, 32))


def test_windows_are_those_of_ct_and_mr(tiny_curve: Callable[..., CurveFile]) -> None:
    assert tiny_curve(window={"low": -100, "high": 500}).recipe.window == HuWindow(low=-100, high=500)
    mr = tiny_curve(window={"low": 1, "high": 99, "of": "percentile"})
    assert mr.recipe.window == PercentileWindow(low=1, high=99)


def test_a_file_for_another_command_says_which(tmp_path: Path) -> None:
    for name, data in {"curve": MINIMAL, "study": {"networks": ["vgg16"]}}.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(StudyFileError, match=r"study\.yaml has the key networks. Do: medgraft study run reads such"):
        read_curve_file(tmp_path / "study.yaml")
    with pytest.raises(StudyFileError, match=r"curve\.yaml has the key shape. Do: medgraft study curve reads such"):
        read_study_file(tmp_path / "curve.yaml")
