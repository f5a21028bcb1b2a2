from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgraft.core.errors import InputError, LabelError
from medgraft.core.task import MASK_CODES
from medgraft.labels import fill_contour, masks_from_contours, read_contour_file

POOL, WALL = MASK_CODES["pool"], MASK_CODES["myocardium"]


def circle(x: float, y: float, radius: float, n: int = 200) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])


def write(folder: Path, name: str, points: np.ndarray) -> None:
    np.savetxt(folder / name, points, fmt="%.3f", delimiter="\t")


@given(st.floats(25, 40), st.floats(25, 40), st.floats(4, 20))
def test_a_circle_is_filled_with_its_own_pixels(x: float, y: float, radius: float):
    """The oracle is the distance of each pixel's centre, and the area pi r^2 (Gauss's circle problem)."""
    filled = fill_contour(circle(x, y, radius, 2000), (64, 64))
    rows, columns = np.indices((64, 64))
    distance = np.hypot(columns - x, rows - y)
    assert filled[distance < radius - 0.01].all()
    assert not filled[distance > radius + 0.01].any()
    assert abs(filled.sum() - np.pi * radius**2) < 4 * np.sqrt(2 * np.pi * radius)


def test_x_is_the_column_and_y_the_row():
    filled = fill_contour(np.array([[4.6, 0.6], [7.4, 0.6], [7.4, 2.4], [4.6, 2.4]]), (10, 20))
    assert np.argwhere(filled).tolist() == [[1, 5], [1, 6], [1, 7], [2, 5], [2, 6], [2, 7]]


#: Places in sevenths of a pixel and a bit: no pixel's centre lies exactly on the contour, where either side is right.
off_grid = st.integers(-200, 400).map(lambda sevenths: sevenths / 7 + 0.0123)


@given(off_grid, off_grid, st.integers(1, 30))
def test_a_contour_may_reach_out_of_the_image(x: float, y: float, radius: int):
    large = fill_contour(circle(x + 70, y + 70, radius), (172, 172))
    assert (fill_contour(circle(x, y, radius), (32, 20)) == large[70:102, 70:90]).all()


def test_contours_become_pool_and_wall_at_their_instance(tmp_path: Path):
    write(tmp_path, "IM-0001-0004-icontour-auto.txt", circle(15.3, 16.2, 5))
    write(tmp_path, "IM-0001-0004-ocontour-auto.txt", circle(15.3, 16.2, 9))
    (tmp_path / "README.txt").write_text("not a contour")
    found = masks_from_contours(tmp_path, np.array([[1, 2, 3], [4, 5, 6]]), (32, 30))
    assert found.mask.shape == (2, 3, 32, 30)
    assert found.phases == (1,)
    assert found.notes == ()
    inner, outer = fill_contour(circle(15.3, 16.2, 5), (32, 30)), fill_contour(circle(15.3, 16.2, 9), (32, 30))
    assert ((found.mask[1, 0] == POOL) == inner).all()
    assert ((found.mask[1, 0] == WALL) == (outer & ~inner)).all()
    assert np.count_nonzero(found.mask) == outer.sum()


def test_what_is_odd_about_contours_is_noted_and_the_rest_is_used(tmp_path: Path):
    write(tmp_path, "IM-0001-0001-icontour-auto.txt", circle(15, 15, 5))
    write(tmp_path, "IM-0001-0001-ocontour-auto.txt", circle(18, 15, 5))
    write(tmp_path, "IM-0001-0002-ocontour-manual.txt", circle(15, 15, 5))
    (tmp_path / "IM-0001-0003-icontour-auto.txt").write_text("12.0 abc\n")
    write(tmp_path, "IM-0001-0099-icontour-auto.txt", circle(15, 15, 5))
    write(tmp_path, "IM-0001-0098-icontour-auto.txt", circle(15, 15, 5))
    found = masks_from_contours(tmp_path, np.array([[1, 2, 3]]), (30, 30))
    assert {(note.code, note.kind, note.count) for note in found.notes} == {
        ("inner-outside-outer", "noticed", 1),
        ("one-contour", "noticed", 1),
        ("bad-contour", "refused", 1),
        ("unknown-instance", "set aside", 2),
    }
    assert [set(np.unique(found.mask[0, z])) for z in range(3)] == [{0, POOL, WALL}, {0, WALL}, {0}]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 2\n3 4\n",
        "1 2\n3 nan\n5 6\n",
        "a b\nc d\n",
        "1\n2\n3\n4\n5\n6\n",
        "1 2 3 4\n5 6 7 8\n",
        "1 2\n3\n4 5\n",
        "\x00\xff",
    ],
)
def test_a_bad_contour_file_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "IM-0001-0001-icontour-auto.txt"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(LabelError, match="IM-0001-0001"):
        read_contour_file(path)


def test_a_class_whose_contours_lie_on_no_image_is_not_labelled(tmp_path: Path):
    """Else what nobody drew here would be background for certain."""
    write(tmp_path, "IM-0001-0001-icontour-auto.txt", circle(15, 15, 5))
    write(tmp_path, "IM-0001-0099-ocontour-auto.txt", circle(15, 15, 9))
    (tmp_path / "IM-0001-0002-ocontour-auto.txt").write_text("12.0 abc\n")
    assert masks_from_contours(tmp_path, np.array([[1, 2]]), (30, 30)).classes == ("pool",)


def test_a_folder_without_contours_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="icontour"):
        masks_from_contours(tmp_path, np.array([[1]]), (4, 4))


@pytest.mark.slow
def test_the_pigs_contours_bound_bright_blood_from_dark_wall(real_data: Path):
    import pydicom

    pig = real_data / "pig_cine"
    numbers = np.arange(1, 401).reshape(20, 20).T
    found = masks_from_contours(pig / "lvContours", numbers, (256, 256))
    assert (found.phases, found.classes) == (tuple(range(20)), ("pool", "myocardium"))
    for slice_ in range(9, 18):  # the mid and apical slices, where the automatic contours hold
        image = pydicom.dcmread(pig / f"E774S5-shortAxis/I{numbers[0, slice_]:04d}.dcm")
        assert image.InstanceNumber == numbers[0, slice_]
        pixels, mask = image.pixel_array, found.mask[0, slice_]
        assert pixels[mask == POOL].mean() > 2 * pixels[mask == WALL].mean()


def test_an_image_that_stands_in_for_a_missing_phase_is_drawn_there_too(tmp_path: Path):
    write(tmp_path, "IM-0001-0003-icontour-auto.txt", circle(15, 16, 5))
    found = masks_from_contours(tmp_path, np.array([[1, 2], [3, 4], [3, 5]]), (32, 30))
    assert found.phases == (1, 2)
    assert found.mask[1, 0].any()
    assert (found.mask[1] == found.mask[2]).all()


def test_a_number_that_several_slices_have_is_not_guessed_at(tmp_path: Path):
    write(tmp_path, "IM-0001-0001-icontour-auto.txt", circle(15, 16, 5))
    found = masks_from_contours(tmp_path, np.array([[1, 1], [2, 2]]), (32, 30))
    assert not found.mask.any()
    assert [(note.kind, note.code) for note in found.notes] == [("set aside", "ambiguous-instance")]
