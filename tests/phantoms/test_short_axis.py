"""Truth laws of the short-axis phantom, over all sites and several subjects."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, ndimage

from medgraft.core.errors import InputError
from medgraft.core.geometry import normal_of, points_to_apex, positions_along
from medgraft.core.seeds import rng
from medgraft.core.task import MASK_CODES, SAX_LEVELS, SAX_RANGE
from medgraft.phantoms import SITES, PhantomHeart, short_axis_heart
from medgraft.phantoms.heart import SMALLEST_POOL_MM, contraction_curve
from medgraft.phantoms.population import draw_heart

POOL, MYOCARDIUM = MASK_CODES["pool"], MASK_CODES["myocardium"]
PATIENTS = [(site, subject) for site in SITES for subject in range(3)]


@functools.cache
def patient(site: str, subject: int) -> PhantomHeart:
    return short_axis_heart(subject=subject, site=site, size=72, n_phases=3)


@functools.cache
def finely_cut(subject: int) -> PhantomHeart:
    return short_axis_heart(subject=subject, size=96, n_phases=2, n_slices=60)


every_patient = pytest.mark.parametrize(("site", "subject"), PATIENTS)


@every_patient
def test_classes_from_masks_by_the_rule_pool_are_the_classes_of_the_geometry(site: str, subject: int) -> None:
    heart = patient(site, subject)
    assert heart.stack.mask is not None
    for mask, classes in zip(heart.stack.mask, heart.slice_classes, strict=True):
        pool = (mask == POOL).any(axis=(1, 2))
        first = int(pool.argmax())
        by_rule = ["IN" if pool[z] else "OBS" if z < first else "OAP" for z in range(len(pool))]
        assert list(classes) == by_rule


@every_patient
@pytest.mark.parametrize("task", [SAX_RANGE, SAX_LEVELS], ids=lambda task: task.name)
def test_classes_never_step_back_from_base_to_apex(site: str, subject: int, task) -> None:
    heart = patient(site, subject)
    truth = heart.slice_classes if task is SAX_RANGE else heart.levels
    ranks = np.vectorize(task.along_stack.index)(truth)
    assert (np.diff(ranks, axis=1) >= 0).all()


@every_patient
def test_levels_refine_classes(site: str, subject: int) -> None:
    heart = patient(site, subject)
    coarse = {"obs": "OBS", "bs": "IN", "mid": "IN", "ap": "IN", "oap": "OAP"}
    assert (np.vectorize(coarse.get)(heart.levels) == heart.slice_classes).all()
    assert {"bs", "mid", "ap"} <= set(heart.levels.flat)


@every_patient
def test_slices_run_from_base_to_apex_at_their_spacing(site: str, subject: int) -> None:
    stack = patient(site, subject).stack
    apexwards = -normal_of(stack.affines[0])
    steps = np.diff(positions_along(stack.affines, apexwards))
    assert stack.base_first
    assert points_to_apex(apexwards)
    assert stack.spacing is not None
    np.testing.assert_allclose(steps, stack.spacing[0])
    np.testing.assert_allclose(np.linalg.norm(stack.affines[:, :3, :2], axis=1), stack.spacing[1])


@every_patient
def test_muscle_is_dark_and_surrounds_the_bright_pool_in_the_middle(site: str, subject: int) -> None:
    heart = patient(site, subject)
    for phase, z in zip(*np.nonzero(heart.levels == "mid"), strict=True):
        mask, pixels = heart.stack.mask[phase, z], heart.stack.pixels[phase, z]
        around = ndimage.binary_dilation(mask == POOL) & (mask != POOL)
        assert (mask[around] == MYOCARDIUM).all()
        assert np.median(pixels[mask == POOL]) > 1.5 * np.median(pixels[mask == MYOCARDIUM])


@every_patient
def test_voxel_volume_is_within_half_a_slice_at_each_end(site: str, subject: int) -> None:
    heart = patient(site, subject)
    voxel = np.prod(heart.stack.spacing) / 1000
    sections = (heart.stack.mask == POOL).sum(axis=(2, 3)) * voxel
    np.testing.assert_array_less(np.abs(sections.sum(axis=1) - heart.volumes_ml), 0.6 * sections.max(axis=1))


@every_patient
def test_end_diastole_is_largest_and_end_systole_smallest(site: str, subject: int) -> None:
    heart = patient(site, subject)
    assert heart.stack.phases["ed"] == int(heart.volumes_ml.argmax()) == 0
    assert heart.stack.phases["es"] == int(heart.volumes_ml.argmin())
    assert 0.1 < heart.ejection_fraction < 0.8


@pytest.mark.parametrize("subject", range(3))
def test_fine_masks_measure_the_exact_volumes(subject: int) -> None:
    heart = finely_cut(subject)
    voxel = np.prod(heart.stack.spacing) / 1000
    measured = (heart.stack.mask == POOL).sum(axis=(1, 2, 3)) * voxel
    np.testing.assert_allclose(measured, heart.volumes_ml, rtol=0.03)
    assert abs(1 - measured[1] / measured[0] - heart.ejection_fraction) < 0.02


@pytest.mark.parametrize("subject", range(3))
def test_muscle_keeps_its_volume(subject: int) -> None:
    heart = finely_cut(subject)
    below_base = heart.slice_classes != "OBS"
    muscle = ((heart.stack.mask == MYOCARDIUM).sum(axis=(2, 3)) * below_base).sum(axis=1)
    assert abs(muscle[1] / muscle[0] - 1) < 0.12


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), contraction=st.floats(0, 1))
def test_volume_agrees_with_adaptive_quadrature_in_the_plane(seed: int, contraction: float) -> None:
    state = draw_heart(rng(seed)).at(contraction)
    heart = state.heart

    def area(w: float) -> float:
        angle = np.linspace(0, 2 * np.pi, 721)[:-1]
        mean = float(state.cavity_radius(np.array(w)))
        radius = 1 + heart.oval * np.cos(2 * (angle - heart.oval_angle)) + heart.lobe * np.cos(3 * angle)
        return float(np.mean((mean * radius) ** 2) * np.pi)

    volume, _ = integrate.quad(area, state.base, state.cavity_end, limit=200)
    assert state.pool_volume_ml() == pytest.approx(volume / 1000, rel=1e-4)
    assert float(state.cavity_radius(np.array(state.cavity_end))) == pytest.approx(SMALLEST_POOL_MM)
    assert state.outer_radius > state.radius


def test_mitral_plane_descends_so_that_basal_slices_leave_the_range_at_end_systole() -> None:
    hearts = [patient(*key) for key in PATIENTS]
    above = [(heart.slice_classes == "OBS").sum(axis=1) for heart in hearts]
    assert all(es >= ed for ed, es, _ in above)
    assert any(es > ed for ed, es, _ in above)


def test_place_in_the_stack_alone_does_not_tell_the_class() -> None:
    ends = {(heart.slice_classes[0, 0], heart.slice_classes[0, -1]) for heart in (patient(*key) for key in PATIENTS)}
    second = {heart.slice_classes[0, 1] for heart in (patient(*key) for key in PATIENTS)}
    assert len(ends) > 1
    assert second == {"OBS", "IN"}


def test_same_key_gives_the_same_bytes_and_another_key_other_bytes() -> None:
    again = short_axis_heart(subject=0, site="a", size=72, n_phases=3)
    first = patient("a", 0)
    assert again.stack.pixels.tobytes() == first.stack.pixels.tobytes()
    assert again.stack.mask.tobytes() == first.stack.mask.tobytes()
    others = [patient("a", 1), patient("b", 0), short_axis_heart(subject=0, seed=8, size=72, n_phases=3)]
    for other in others:
        assert other.volumes_ml[0] != first.volumes_ml[0]
        assert other.stack.pixels.tobytes() != first.stack.pixels.tobytes()


@pytest.mark.parametrize("size", [32, 48])
def test_coarse_grids_keep_every_pool(size: int) -> None:
    heart = short_axis_heart(subject=2, size=size, n_phases=2, n_slices=24)
    assert ((heart.stack.mask == POOL).any(axis=(2, 3)) == (heart.slice_classes == "IN")).all()


@pytest.mark.parametrize("n_phases", [2, 3, 10, 30])
def test_contraction_starts_at_rest_and_peaks_once(n_phases: int) -> None:
    curve, systole = contraction_curve(n_phases)
    assert curve[0] == 0
    assert curve[systole] == curve.max() == 1
    assert (np.diff(curve[: systole + 1]) > 0).all()
    assert (np.diff(curve[systole:]) <= 0).all()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"site": "z"}, "Available: a, b"), ({"size": 8}, "size"), ({"n_phases": 1}, "n_phases"), ({"n_slices": 1}, "n_")],
)
def test_wrong_arguments_are_refused_with_what_to_do(wrong: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        short_axis_heart(subject=1, **wrong)
