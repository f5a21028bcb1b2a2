"""Surfaces of the wall against those of spheres."""

import numpy as np
import pytest
from benchmarks.shells import sphere

from medgraft.core.errors import InputError
from medgraft.measurement import WallSurface, wall_surface, wall_thickness

UNIT = (1.0, 1.0, 1.0)
RADII = {"endocardium": 10, "epicardium": 20}


def sphere_surface(name: str, last_slice: int | None = None) -> WallSurface:
    """Of a shell around (0.2, 0.3, 0.4) voxels off the middle of the grid, cut off at a slice."""
    mask = sphere(10, 20).mask[:last_slice]
    return wall_surface(mask, UNIT, wall_thickness(mask, UNIT), name)


def edges_of(surface: WallSurface) -> tuple[np.ndarray, np.ndarray]:
    """Edges (E, 2) and how many triangles share each."""
    pairs = np.concatenate([surface.triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    return np.unique(np.sort(pairs, axis=1), axis=0, return_counts=True)


@pytest.mark.parametrize("name", RADII)
def test_the_surface_of_a_sphere_is_closed_and_lies_on_it(name: str) -> None:
    surface, radius = sphere_surface(name), RADII[name]
    edges, shared = edges_of(surface)
    assert (shared == 2).all()
    assert len(surface.vertices) - len(edges) + len(surface.triangles) == 2  # Euler's characteristic
    centre = np.array([23 + 0.4, 23 + 0.3, 23 + 0.2])  # x, y, z
    assert np.abs(np.linalg.norm(surface.vertices - centre, axis=1) - radius).mean() < 0.1
    assert surface.thickness == pytest.approx(10, abs=0.6)


@pytest.mark.parametrize("name", RADII)
def test_its_area_and_volume_are_the_spheres_and_it_faces_outwards(name: str) -> None:
    surface, radius = sphere_surface(name), RADII[name]
    corners = surface.vertices[surface.triangles].astype(float)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.linalg.norm(normals, axis=1).sum() / 2 == pytest.approx(4 * np.pi * radius**2, rel=0.01)
    # By the divergence theorem; negative if triangles faced inwards.
    assert (corners[:, 0] * normals).sum() / 6 == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.01)


@pytest.mark.parametrize("name", RADII)
def test_a_cut_wall_leaves_a_surface_with_one_open_edge(name: str) -> None:
    surface = sphere_surface(name, last_slice=23)
    edges, shared = edges_of(surface)
    rim = np.unique(edges[shared == 1])
    assert len(rim) > 30
    assert np.ptp(surface.vertices[rim, 2]) < 1.5
    assert np.isfinite(surface.thickness).all()


def test_what_cannot_be_drawn_is_said() -> None:
    mask = sphere(4, 8).mask
    with pytest.raises(InputError, match="Available: endocardium, epicardium"):
        wall_surface(mask, UNIT, wall_thickness(mask, UNIT), "pericardium")
    with pytest.raises(InputError, match="thickness of the mask's shape"):
        wall_surface(mask, UNIT, np.zeros((2, 2, 2)))
    with pytest.raises(InputError, match="a mask with a wall"):
        wall_surface(0 * mask, UNIT, np.zeros(mask.shape))
