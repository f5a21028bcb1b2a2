"""Truth laws of the CT phantom: closed forms against voxel sums and against independent integration."""

import functools

import numpy as np
import pytest
from scipy import integrate

from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CODES
from medgraft.phantoms import CT_SITES, SITE_ONE, SITE_TWO, CtHeart, ct_heart
from medgraft.phantoms.annotation import Annotation, annotate, annotated_ml
from medgraft.phantoms.coverage import cover
from medgraft.phantoms.ct_sites import labelled_phases
from medgraft.phantoms.heart import contraction_at, contraction_curve
from medgraft.phantoms.heart_frame import HeartFrame
from medgraft.phantoms.left_ventricle import LeftVentricle, VentricleState, spheroidal

POOL, MYOCARDIUM = MASK_CODES["pool"], MASK_CODES["myocardium"]
PATIENTS = [(site, subject) for site in CT_SITES for subject in (1, 2, 3)]
EVERY_RULE = [
    Annotation(papillary=papillary, mitral_shift_mm=shift, outflow=outflow)
    for papillary in ("pool", "myocardium")
    for shift in (0.0, 4.0)
    for outflow in ("mitral plane", "aortic valve")
]
VENTRICLE = LeftVentricle(
    cavity_ml=140,
    elongation=2.0,
    wall=9,
    ejection=0.6,
    shortening=0.15,
    papillary_ml=2.0,
    papillary_angles=(-0.8, 1.5),
)

every_patient = pytest.mark.parametrize(("site", "subject"), PATIENTS)
at_both_ends = pytest.mark.parametrize("contraction", [0.0, 1.0])


@functools.cache
def patient(site: str, subject: int) -> CtHeart:
    return ct_heart(subject=subject, site=site, n_phases=5)


def voxel_ml(heart: CtHeart, code: int) -> np.ndarray:
    return (heart.stack.mask == code).sum(axis=(1, 2, 3)) * np.prod(heart.stack.spacing) / 1000


def integrated_ml(state: VentricleState, rule: Annotation, code: int) -> float:
    """The volume of a class counted on a lattice, finest along w: it knows nothing of closed forms."""
    # Every cut of every rule lies half-way between two points of the lattice.
    across, along = np.arange(-38, 38, 0.9), np.arange(state.base - 20.2, state.apex + 2, 0.4)
    u, v, w = np.meshgrid(across, across, along, indexing="ij", sparse=True)
    return float((annotate(state, rule, u, v, w) == code).sum()) * 0.9 * 0.9 * 0.4 / 1000


@every_patient
def test_volumes_by_voxel_sum_are_the_exact_ones_within_two_percent(site: str, subject: int) -> None:
    heart = patient(site, subject)
    np.testing.assert_allclose(voxel_ml(heart, POOL), heart.cavity_ml, rtol=0.02)
    np.testing.assert_allclose(voxel_ml(heart, MYOCARDIUM), heart.myocardium_ml, rtol=0.02)
    cavity = voxel_ml(heart, POOL)
    assert 1 - cavity[heart.stack.phases["es"]] / cavity[0] == pytest.approx(heart.ejection_fraction, abs=0.02)


@pytest.mark.parametrize("rule", EVERY_RULE, ids=str)
@at_both_ends
def test_the_volume_under_every_rule_is_that_of_what_is_drawn(rule: Annotation, contraction: float) -> None:
    state = VENTRICLE.at(contraction)
    cavity, muscle = annotated_ml(state, rule)
    assert integrated_ml(state, rule, POOL) == pytest.approx(cavity, rel=4e-3)
    assert integrated_ml(state, rule, MYOCARDIUM) == pytest.approx(muscle, rel=4e-3)


@every_patient
def test_muscle_is_conserved_over_the_cycle_and_the_wall_thickens_as_the_cavity_shrinks(
    site: str, subject: int
) -> None:
    heart = patient(site, subject)
    np.testing.assert_allclose(heart.muscle_ml, heart.muscle_ml[0], rtol=1e-6)
    order = np.argsort(heart.cavity_ml)
    medians = np.array([heart.thickness(phase).median for phase in order])
    assert (np.diff(medians) < 0).all()


@at_both_ends
def test_thickness_is_the_length_of_the_path_of_steepest_descent(contraction: float) -> None:
    """Oracle: follow the gradient of p from epicardium to endocardium by Runge and Kutta in plain coordinates."""
    state = VENTRICLE.at(contraction)

    def p_of(place: np.ndarray) -> float:
        return float(spheroidal(place[:1], np.zeros(1), place[1:], state.focus)[0][0])

    def direction(_length: float, place: np.ndarray) -> np.ndarray:
        steps = 1e-4 * np.eye(2)
        slope = np.array([p_of(place + step) - p_of(place - step) for step in steps])
        return -slope / np.linalg.norm(slope)

    def arrived(_length: float, place: np.ndarray) -> float:
        return p_of(place) - state.inner

    arrived.terminal = True
    for q in (-0.4, 0.0, 0.5, 0.95):
        outer = state.focus * np.array([np.sqrt((state.outer**2 - 1) * (1 - q**2)), state.outer * q])
        path = integrate.solve_ivp(direction, (0, 40), outer, events=arrived, rtol=1e-8, max_step=0.5)
        assert state.thickness(np.array([q]))[0] == pytest.approx(path.t_events[0][0], abs=1e-3)


@at_both_ends
def test_p_solves_laplaces_equation_through_a_function_of_itself(contraction: float) -> None:
    """acoth p is harmonic outside the focal segment: the potential whose streamlines the thickness follows."""
    state = VENTRICLE.at(contraction)

    def potential(u: float, v: float, w: float) -> float:
        return float(np.arctanh(1 / spheroidal(np.array([u]), np.array([v]), np.array([w]), state.focus)[0][0]))

    at, step = np.array([state.base_radius, 3.0, 5.0]), 0.05
    around = [potential(*(at + sign * step * axis)) for axis in np.eye(3) for sign in (-1, 1)]
    curvature = (np.array(around).reshape(3, 2).sum(axis=1) - 2 * potential(*at)) / step**2
    assert abs(curvature.sum()) < 1e-3 * np.abs(curvature).max()


@every_patient
def test_the_map_of_thickness_has_the_stated_quantiles(site: str, subject: int) -> None:
    heart = patient(site, subject)
    for phase in heart.stack.phases.values():
        values = heart.thickness_map(phase)
        wall = values[np.isfinite(values)]
        told = heart.thickness(phase)
        assert np.quantile(wall, [0.5, 0.95, 1.0]) == pytest.approx([told.median, told.p95, told.maximum], abs=0.05)


@every_patient
def test_the_image_shows_blood_brighter_than_muscle_brighter_than_lung(site: str, subject: int) -> None:
    heart = patient(site, subject)
    pixels, mask = heart.stack.pixels, heart.stack.mask
    style = CT_SITES[site]
    blood, muscle = np.median(pixels[mask == POOL]), np.median(pixels[mask == MYOCARDIUM])
    assert style.blood[0] - 20 < blood < style.blood[1] + 20
    assert style.muscle[0] - 15 < muscle < style.muscle[1] + 30
    assert np.percentile(pixels, 2) < -600
    assert pixels.dtype == np.int16


def test_equal_keys_give_equal_bytes_and_other_keys_other_hearts() -> None:
    first, again = (ct_heart(subject=4, site="two", size=20, n_phases=3) for _ in range(2))
    assert first.stack.pixels.tobytes() == again.stack.pixels.tobytes()
    assert first.stack.mask.tobytes() == again.stack.mask.tobytes()
    changes = ({"subject": 5}, {"site": "one"}, {"seed": 8})
    others = [ct_heart(**{"subject": 4, "site": "two", "size": 20, "n_phases": 3} | change) for change in changes]
    assert len({heart.cavity_ml[0] for heart in (first, *others)}) == 4


def test_the_heart_of_a_subject_does_not_depend_on_grid_or_number_of_phases() -> None:
    coarse, fine = ct_heart(subject=1, size=16, n_phases=3), ct_heart(subject=1, size=(40, 24, 20), n_phases=6)
    assert coarse.cavity_ml[0] == fine.cavity_ml[0]
    np.testing.assert_allclose(coarse.stack.affines[0, :3, 3], fine.stack.affines[0, :3, 3], atol=5)


def test_a_spacing_that_is_given_is_used_and_volumes_follow() -> None:
    heart = ct_heart(subject=2, size=(30, 80, 80), n_phases=2, spacing=(4.5, 1.7, 1.7))
    assert heart.stack.spacing == (4.5, 1.7, 1.7)
    np.testing.assert_allclose(voxel_ml(heart, POOL), heart.cavity_ml, rtol=0.02)


def test_the_two_sites_differ_as_their_table_says() -> None:
    one, two = ([patient(site, subject) for subject in (1, 2, 3)] for site in ("one", "two"))

    def mean(figure, hearts: list[CtHeart]) -> float:
        return float(np.mean([figure(heart) for heart in hearts]))

    def contrast(heart: CtHeart) -> float:
        mask, pixels = heart.stack.mask, heart.stack.pixels
        return float(np.median(pixels[mask == POOL]) - np.median(pixels[mask == MYOCARDIUM]))

    def unrest(heart: CtHeart) -> float:
        mask, pixels = heart.stack.mask[0], heart.stack.pixels[0]
        inside = pixels[mask == POOL]
        return float(np.subtract(*np.percentile(inside, [75, 25])))

    assert mean(contrast, one) > mean(contrast, two) + 40
    assert mean(unrest, two) > 1.15 * mean(unrest, one)
    assert mean(lambda heart: heart.thickness(0).median, two) > mean(lambda heart: heart.thickness(0).median, one) + 1
    assert mean(lambda heart: heart.ejection_fraction, two) < mean(lambda heart: heart.ejection_fraction, one)
    assert one[0].stack.spacing != two[0].stack.spacing
    assert SITE_ONE.annotation != SITE_TWO.annotation


def test_the_same_images_drawn_at_both_sites_differ_as_their_rules_do() -> None:
    ours = patient("two", 1)
    theirs = ours.drawn_by(SITE_ONE.annotation)
    assert theirs.stack.pixels is ours.stack.pixels
    np.testing.assert_allclose(voxel_ml(theirs, POOL), theirs.cavity_ml, rtol=0.02)
    changed = theirs.stack.mask != ours.stack.mask
    papillary = changed & (theirs.stack.mask == POOL) & (ours.stack.mask == MYOCARDIUM)
    outflow = changed & (theirs.stack.mask == 0) & (ours.stack.mask == POOL)
    cut = changed & (theirs.stack.mask > 0) & (ours.stack.mask == 0)
    for part in (papillary, outflow, cut):
        assert part.any(axis=(1, 2, 3)).all()
    np.testing.assert_array_equal(papillary | outflow | cut, changed)
    np.testing.assert_array_equal(theirs.drawn_by(SITE_TWO.annotation).stack.mask, ours.stack.mask)


def test_motion_within_the_window_blurs_the_edges_of_the_wall() -> None:
    frame = HeartFrame(apex=np.array([0.0, 0.0, 45.0]), axes=np.eye(3), size=35)
    places = np.arange(-60, 60, 3.0, dtype=np.float32)
    point = (places[None, None, :], places[None, :, None], places[:, None, None])

    def n_mixed(contractions: tuple[float, ...]) -> int:
        part = cover(frame, [VENTRICLE.at(value) for value in contractions], point, np.full(3, 3.0))
        return int(((part.muscle > 0) & (part.muscle < 1)).sum())

    assert n_mixed((0.3, 0.43, 0.57, 0.7)) > 1.1 * n_mixed((0.5, 0.5, 0.5, 0.5))


def test_phases_between_whole_ones_lie_between_them() -> None:
    contraction, systole = contraction_curve(8)
    np.testing.assert_array_equal(contraction, contraction_at(np.arange(8), 8))
    assert contraction[systole - 1] < contraction_at(np.array([systole - 0.5]), 8)[0] < contraction[systole]


@pytest.mark.parametrize(
    ("which", "phases"), [("all", tuple(range(6))), ("every other", (0, 2, 3, 4)), ("ed-es", (0, 3))]
)
def test_labelled_phases_hold_end_diastole_and_end_systole(which: str, phases: tuple[int, ...]) -> None:
    assert labelled_phases(which, 6, 3) == phases


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"site": "three"}, "one, two"),
        ({"size": 8}, "at least 16"),
        ({"n_phases": 1}, "n_phases"),
        ({"spacing": (1.0, 0.0, 1.0)}, "above 0"),
    ],
)
def test_a_heart_that_cannot_be_made_is_explained(change: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        ct_heart(**{"subject": 1} | change)
