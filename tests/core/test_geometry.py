"""Geometry against the equations of the DICOM standard."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from medgraft.core.errors import InputError
from medgraft.core.geometry import (
    equally_far_apart,
    even_spacing,
    normal_of,
    orientation_letters,
    points_to_apex,
    positions_along,
    slice_affine,
)
from medgraft.core.seeds import rng

Floats = NDArray[np.float64]


def turned(seed: int) -> Floats:
    return Rotation.random(rng=rng(seed, "turn")).as_matrix()


@given(st.integers(0, 1000), st.integers(0, 300), st.integers(0, 300))
def test_affine_is_equation_c_7_6_2_1_1(seed: int, column: int, row: int) -> None:
    axes, spacing = turned(seed), (0.8, 1.3)
    position = np.array([10.0, -20, 30])
    affine = slice_affine(tuple(position), tuple(axes[0]), tuple(axes[1]), spacing)
    # PixelSpacing is (between rows, between columns); the first direction runs along a row, so by columns.
    expected = position + axes[0] * spacing[1] * column + axes[1] * spacing[0] * row
    np.testing.assert_allclose(affine @ [column, row, 0, 1], [*expected, 1], atol=1e-9)
    np.testing.assert_allclose(normal_of(affine), np.cross(axes[0], axes[1]), atol=1e-12)


@given(st.integers(0, 1000), st.floats(0.5, 12))
def test_slices_lie_where_they_were_put_along_the_normal(seed: int, distance: float) -> None:
    axes = turned(seed)
    normal = np.cross(axes[0], axes[1])
    affines = np.stack(
        [
            slice_affine(tuple(axes[0] * 3 + normal * distance * z), tuple(axes[0]), tuple(axes[1]), (1, 1))
            for z in range(5)
        ]
    )
    np.testing.assert_allclose(np.diff(positions_along(affines, normal_of(affines[0]))), distance)


@pytest.mark.parametrize(
    ("row", "column"),
    [((1, 0, 0), (1, 0, 0)), ((2, 0, 0), (0, 1, 0)), ((0, 0, 0), (0, 1, 0)), ((np.nan, 0, 0), (0, 1, 0))],
)
def test_directions_that_are_none_are_explained(row: tuple[float, ...], column: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="ImageOrientationPatient"):
        slice_affine((0, 0, 0), row, column, (1, 1))


@pytest.mark.parametrize(
    ("row", "column", "letters"),
    [
        ((1, 0, 0), (0, 1, 0), ("L", "P")),  # axial
        ((1, 0, 0), (0, 0, -1), ("L", "I")),  # coronal
        ((0, 1, 0), (0, 0, -1), ("P", "I")),  # sagittal
        ((np.sqrt(0.5), np.sqrt(0.5), 0), (0, 0, -1), ("LP", "I")),  # oblique
    ],
)
def test_letters_at_the_edges(row: tuple[float, ...], column: tuple[float, ...], letters: tuple[str, str]) -> None:
    assert orientation_letters(slice_affine((0, 0, 0), row, column, (1, 1))) == letters


def test_the_apex_is_left_anterior_and_below() -> None:
    assert points_to_apex(np.array([1, -1, -1]))
    assert not points_to_apex(np.array([-1, 1, 1]))


@pytest.mark.parametrize(
    ("heights", "even"),
    [
        ((0, 8, 16), True),
        ((16, 8, 0), True),
        ((0, 8.1, 16), True),
        ((3,), True),
        ((0, 8, 24), False),
        ((0, 10, 20), False),
        ((0, 8, 0), False),
        ((0, 0, 0), False),
    ],
)
def test_slices_follow_each_other_equally_far_apart_or_do_not(heights: tuple[float, ...], even: bool) -> None:
    affines = np.tile(np.eye(4), (len(heights), 1, 1))
    affines[:, 2, 3] = heights
    assert equally_far_apart(affines, 8.0) == even
    assert even_spacing(affines, (8.0, 2.0, 1.5)) == ((8.0, 2.0, 1.5) if even else None)
    assert even_spacing(affines, None) is None
