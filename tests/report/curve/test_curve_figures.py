"""Figures of a learning curve show the numbers they were given."""

import base64
import dataclasses

import numpy as np
import pytest
from matplotlib.patches import Wedge

from medgraft.measurement import AHA_SEGMENTS
from medgraft.report import BullsEye, CurveContent, ModelKey, Plane, Surface
from medgraft.report.curve.learning_curves import learning_curves
from medgraft.report.curve.mask_overlays import mask_overlays
from medgraft.report.curve.mask_trainings import mask_trainings
from medgraft.report.curve.meshes import meshes
from medgraft.report.curve.tables import curve_tables
from medgraft.report.curve.wall_agreement import wall_agreement
from medgraft.report.figures import bulls_eyes, surface_views
from medgraft.report.figures.bulls_eye import RINGS
from medgraft.report.figures.surface_views import centred, reach, thickness_scale


@pytest.mark.parametrize("on", ["test", "home"])
def test_learning_curves_are_means_with_their_intervals(curve: CurveContent, on: str) -> None:
    group = "test" if on == "test" else "home"
    axes = learning_curves(curve, group).axes[0]
    assert len({container.lines[0].get_color() for container in axes.containers}) == len(curve.arms)
    for container, arm in zip(axes.containers, curve.arms, strict=True):
        found = [curve.figure(ModelKey(arm=arm, size=size), group, "mean Dice") for size in curve.sizes]
        values = [item.value for item in found if item]
        means = np.asarray(container.lines[0].get_ydata(), float)
        np.testing.assert_allclose(means, [value.value for value in values])
        ends = np.array([segment[:, 1] for segment in container.lines[2][0].get_segments()])
        np.testing.assert_allclose(ends, [(value.low, value.high) for value in values])


def test_every_draw_is_a_dot_and_every_line_has_its_name(curve: CurveContent) -> None:
    axes = learning_curves(curve).axes[0]
    dots = sum(len(line.get_ydata()) for line in axes.lines if line.get_markersize() == 3)
    assert dots == sum(
        len(f.draws) for f in curve.figures if f.on == "test" and f.figure == "mean Dice" and f.model.size
    )
    labels = [text for text in axes.texts if text.get_fontweight() == "bold"]
    assert sorted(text.get_text().split(" 0.")[0] for text in labels) == sorted([*curve.arms, "as it is"])
    heights = sorted(text.xy[1] for text in labels)  # type: ignore[attr-defined]  # they are annotations
    low, high = axes.get_ylim()
    assert min(np.diff(heights)) > 0.05 * (high - low)


def test_names_of_equal_curves_do_not_touch(curve: CurveContent) -> None:
    same = curve.figures[0].value
    equal = dataclasses.replace(curve, figures=tuple(dataclasses.replace(f, value=same) for f in curve.figures))
    axes = learning_curves(equal).axes[0]
    heights = sorted(text.xy[1] for text in axes.texts if text.get_fontweight() == "bold")  # type: ignore[attr-defined]  # annotations
    low, high = axes.get_ylim()
    assert min(np.diff(heights)) > 0.05 * (high - low)


def test_bland_altman_lines_are_bias_and_limits(curve: CurveContent) -> None:
    scatter, plot = wall_agreement(curve, "median").axes[:2]
    wall = next(w for w in curve.walls if w.figure == "median")
    level = [line.get_ydata()[0] for line in plot.lines[:3]]
    assert level == [wall.bias.value, wall.lower.value, wall.upper.value]
    np.testing.assert_allclose(plot.lines[-1].get_ydata(), wall.seen - wall.reference)
    np.testing.assert_allclose(scatter.lines[-1].get_xdata(), wall.reference)
    assert f"{wall.pearson.value:.2f}" in scatter.texts[0].get_text()


def test_segments_lie_where_the_american_heart_association_puts_them() -> None:
    """Names say where a segment is: anterior up, inferior down, septal to the left, lateral to the right."""
    up = {"anterior": 1, "inferior": -1}
    for ring in RINGS[:3]:
        for place in range(ring.n_segments):
            name = AHA_SEGMENTS[ring.first + place].split()[1]
            angle = np.radians(ring.centre + 360 / ring.n_segments * place)
            if name in up:
                assert np.sin(angle) == pytest.approx(up[name])
            assert (np.cos(angle) < -0.5) == name.endswith("septal") or name == "septal"
            assert (np.cos(angle) > 0.5) == name.endswith("lateral")


def test_every_segment_carries_its_number_and_a_missing_one_says_so(curve: CurveContent) -> None:
    figure = bulls_eyes(curve.bulls_eyes)
    for axes, (source, values) in zip(figure.axes, curve.bulls_eyes[0].by_source.items(), strict=False):
        assert source in axes.get_title()
        assert sum(isinstance(patch, Wedge) for patch in axes.patches) == 17
        expected = [f"{value:.1f}" if np.isfinite(value) else "?" for value in values]
        assert [text.get_text() for text in axes.texts] == [*expected, "anterior", "septum", "inferior", "lateral"]


def test_overlays_have_a_row_per_model_and_borders_of_every_class(curve: CurveContent) -> None:
    overlay = curve.overlays[0]
    axes = mask_overlays(overlay).axes
    assert len(axes) == len(curve.shown) * len(overlay.planes)
    titles = [one.get_title(loc="left") for one in axes if one.get_title(loc="left")]
    assert titles == [f"{title}: Dice {dice:.2f}" for title, dice in overlay.dice.items()]
    assert all(len(one.collections) == 4 for one in axes)


def test_an_answer_without_a_heart_is_drawn(curve: CurveContent) -> None:
    overlay = curve.overlays[0]
    planes = tuple(
        dataclasses.replace(plane, seen={name: np.zeros_like(mask) for name, mask in plane.seen.items()})
        for plane in overlay.planes
    )
    axes = mask_overlays(dataclasses.replace(overlay, planes=planes)).axes
    assert all(len(one.collections) == 2 for one in axes)


def test_a_stack_of_one_slice_is_drawn_and_borders_close_at_the_edge_of_a_picture(curve: CurveContent) -> None:
    heart = np.zeros((1, 9), np.uint8)
    heart[:, 5:] = 1
    plane = Plane(
        title="coronal", image=np.ones((1, 9)), reference=heart, seen=dict.fromkeys(curve.overlays[0].dice, heart),
        aspect=8.0,
    )  # fmt: skip
    for axes in mask_overlays(dataclasses.replace(curve.overlays[0], planes=(plane,))).axes:
        assert (axes.get_xlim(), axes.get_ylim()) == ((-0.5, 8.5), (0.5, -0.5))
        for border in axes.collections:
            (path,) = border.get_paths()
            corners = path.vertices
            assert (corners[0] == corners[-1]).all()
            assert [corners.min(axis=0).tolist(), corners.max(axis=0).tolist()] == [[4.5, -0.5], [8.5, 0.5]]


def test_trainings_have_a_panel_per_size_and_a_line_per_draw(curve: CurveContent) -> None:
    axes = [one for one in mask_trainings(curve).axes if one.get_visible()]
    assert [one.get_title(loc="left") for one in axes] == ["5 subjects", "10 subjects", "30 subjects"]
    for one, size in zip(axes, curve.sizes, strict=True):
        own = [item for item in curve.trainings if item.model.size == size]
        assert [len(line.get_ydata()) for line in one.lines] == [n for item in own for n in (1 + len(item.dice), 1)]


def test_a_training_that_diverged_is_drawn(curve: CurveContent) -> None:
    lost = dataclasses.replace(curve.trainings[0], epoch=0, dice=(None,))
    (axes,) = mask_trainings(dataclasses.replace(curve, trainings=(lost,))).axes
    assert all(np.isnan(np.asarray(line.get_ydata(), float)).all() for line in axes.lines)


def test_a_package_that_no_epoch_bettered_is_epoch_0(curve: CurveContent) -> None:
    kept = dataclasses.replace(curve.trainings[0], before=0.9, epoch=0, dice=(0.7, 0.8))
    content = dataclasses.replace(curve, trainings=(kept,))
    (axes,) = mask_trainings(content).axes
    line, mark = ([(float(x), float(y)) for x, y in one.get_xydata()] for one in axes.lines)
    assert (line, mark) == ([(0, 0.9), (1, 0.7), (2, 0.8)], [(0, 0.9)])
    (table,) = (table for table in curve_tables(content) if table.name == "choices")
    assert table.rows[0][-2:] == (0, 0.9)


def test_what_is_nearer_to_the_viewer_is_drawn_later() -> None:
    corners = np.array([[-1, -1, 0], [1, -1, 0], [0, 1, 0]], np.float32)
    near_first = np.concatenate([corners + np.array([0, 0, 9], np.float32), corners])
    surface = Surface(
        subject="s", phase="ed", source="reference", vertices=near_first,
        triangles=np.array([[0, 1, 2], [3, 4, 5]], np.uint32), thickness=np.repeat([9, 1], 3).astype(np.float32),
    )  # fmt: skip
    front, _, back, _ = (axes.collections[0].get_facecolors() for axes in surface_views([surface]).axes[:4])
    # Viridis ends in yellow: thick has more red than thin.
    assert front[1, 0] > front[0, 0]
    assert back[1, 0] < back[0, 0]


def test_a_wall_without_an_outer_surface_is_an_empty_picture(curve: CurveContent) -> None:
    """As of a model that sees heart wherever it looks."""
    nothing = dataclasses.replace(
        curve.surfaces[0], vertices=np.zeros((0, 3), np.float32), triangles=np.zeros((0, 3), np.uint32),
        thickness=np.zeros(0, np.float32),
    )  # fmt: skip
    drawn = surface_views([curve.surfaces[0], nothing]).axes[:8]
    assert [len(axes.collections[0].get_paths()) for axes in drawn[4:]] == [0] * 4
    assert [axes.get_xlim() for axes in drawn[:4]] == [axes.get_xlim() for axes in drawn[4:]]
    assert [mesh.triangles for mesh in meshes([curve.surfaces[0], nothing]).surfaces][1] == ""


def test_meshes_hold_the_surface_to_a_thousandth_of_a_millimetre(curve: CurveContent) -> None:
    whole = meshes(curve.surfaces)
    scale = thickness_scale(curve.surfaces)
    for mesh, surface in zip(whole.surfaces, curve.surfaces, strict=True):
        places = decoded(mesh.vertices, "<u2").reshape(-1, 3) / 65535 - 0.5
        side = 2 * max(reach(other) for other in curve.surfaces)
        np.testing.assert_allclose(places * side, centred(surface), atol=2e-3)
        assert np.linalg.norm(places, axis=1).max() <= 0.5 + 1e-4
        np.testing.assert_array_equal(decoded(mesh.triangles, "<u4").reshape(-1, 3), surface.triangles)
        levels = decoded(mesh.levels, "u1").astype(float)
        known = np.isfinite(surface.thickness)
        assert ((levels == 255) == ~known).all()
        thickness = whole.low + levels[known] / 254 * (whole.high - whole.low)
        np.testing.assert_allclose(
            thickness, surface.thickness[known].clip(scale.vmin, scale.vmax), atol=(whole.high - whole.low) / 254
        )
    assert len(decoded(whole.colours, "u1")) == 3 * 255


def decoded(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def test_a_wall_that_is_nowhere_has_a_bulls_eye_without_numbers() -> None:
    nowhere = BullsEye(subject="one", phase="ed", by_source={"reference": np.full(17, np.nan)})
    axes = bulls_eyes([nowhere]).axes[0]
    assert [text.get_text() for text in axes.texts].count("?") == 17
