"""What is seen inside a model: the maps of other verbs, computed once and kept."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from medgraft.core.errors import InputError, MedgraftError
from medgraft.exchange.package import read_package, write_package
from medgraft.explanation import gradcam
from medgraft.workspace import Project
from medgraft.workspace.kept.packages import package_folder
from medgraft.workspace.kept.study_results import model_tables, study_results
from medgraft.workspace.models import seeing as seeing_room
from medgraft.workspace.models.seeing import see_cams, see_map
from medgraft.workspace.models.sights import CamRequest, MapRequest, kept_cams, kept_map

pytestmark = pytest.mark.slow

MODEL = "mobilenetv1_025-random-depth-1"


@pytest.fixture
def stack(studied: Project) -> str:
    with studied.cohort() as cohort:
        return cohort.entries()[0].id


def request(stack: str, /, **changed: object) -> CamRequest:
    asked: dict[str, object] = {"study": "tiny", "model": MODEL, "stack": stack, "phase": 1, "code": "IN"}
    return CamRequest(**(asked | changed))  # type: ignore[arg-type]  # one value at a time is wrong on purpose


def test_maps_are_grad_cam_on_native_pixels(studied: Project, stack: str) -> None:
    see_cams(studied, request(stack))
    kept = kept_cams(studied, request(stack))
    package = read_package(package_folder(studied, "tiny", MODEL))
    with studied.cohort() as cohort:
        images = np.asarray(cohort.pixels(cohort.entry(stack))[1], np.float32)
    pictures = torch.cat([package.slice_recipe.render(image, package.size) for image in images])
    model = package.classifier()
    maps = torch.from_numpy(gradcam(model, pictures, torch.ones(len(images)), model.feature_map_module))
    expected = package.slice_recipe.restore(maps, images.shape[1:], package.size).numpy()
    assert kept is not None
    assert kept.shape == images.shape
    np.testing.assert_allclose(kept / 255, np.clip(expected, 0, 1), atol=0.51 / 255)


def test_classes_differ_and_what_is_kept_is_not_computed_again(
    studied: Project, stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [request(stack, code=code) for code in ("OAP", "OBS")]
    for one in requests:
        see_cams(studied, one)
    first, second = (kept_cams(studied, one) for one in requests)
    assert first is not None
    assert second is not None
    assert (first != second).any()
    monkeypatch.setattr(seeing_room, "gradcam", None)
    see_cams(studied, requests[0])


def test_a_model_that_took_anothers_place_is_looked_into(studied: Project, stack: str, tmp_path: Path) -> None:
    """Also by a process that has looked into the one before."""
    project = Project.open(Path(shutil.copytree(studied.root, tmp_path / "heart")))
    folder, asked = package_folder(project, "tiny", MODEL), request(stack, phase=0)
    before, _ = seeing_room._model(project, asked)
    write_package(replace(before, state={name: 2 * value for name, value in before.state.items()}), folder)
    package, _ = seeing_room._model(project, asked)
    assert package.weights_digest == read_package(folder).weights_digest != before.weights_digest


@pytest.mark.parametrize(
    "wrong", [{"code": "other"}, {"phase": 9}, {"phase": -1}, {"stack": "nowhere"}, {"model": "vgg"}, {"study": "../x"}]
)
def test_requests_that_mean_nothing_are_refused(studied: Project, stack: str, wrong: dict[str, object]) -> None:
    with pytest.raises(MedgraftError, match="Expected"):
        see_cams(studied, request(stack, **wrong))


def test_the_map_has_a_place_for_every_answer(studied: Project) -> None:
    asked = MapRequest(study="tiny", model=MODEL)
    assert kept_map(studied, asked) is None
    see_map(studied, asked)
    points = kept_map(studied, asked)
    results = study_results(studied, "tiny")
    n_rows = sum(len(rows) for _, rows in model_tables(results, results.model(MODEL)))
    assert points is not None
    assert points.shape == (n_rows, 2)
    assert np.isfinite(points).all()
    assert np.ptp(points, axis=0).min() > 0


def test_a_network_without_a_feature_map_says_so(studied: Project, stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medgraft.networks.classifier.Classifier.feature_map_module", "")
    with pytest.raises(InputError, match="Expected a network with a feature map"):
        see_cams(studied, request(stack, phase=0))
