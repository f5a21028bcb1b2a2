"""Planes through a heart, as readers are used to see them."""

import numpy as np

from medgraft.core.seeds import rng
from medgraft.workspace.curves.planes import planes_of
from medgraft.workspace.stacks.volumes import StackVolume


def volume(*turned: bool) -> StackVolume:
    return StackVolume(
        names=("axial", "coronal", "sagittal"),
        ends=None,
        positions=None,
        turned=(turned[0], turned[1], turned[2]),
        masks={},
    )


def heart() -> np.ndarray:
    z, y, x = np.indices((20, 24, 28))
    return (np.abs(z - 9) + np.abs(y - 11) + np.abs(x - 13) < 6).astype(np.uint8)


def test_planes_cross_in_the_middle_of_the_heart() -> None:
    image = rng("planes").normal(size=(20, 24, 28))
    planes = planes_of(volume(False, False, False), (3.0, 1.0, 1.5), image, heart(), {"model": heart()})
    assert [plane.title for plane in planes] == ["axial", "coronal", "sagittal"]
    assert [plane.aspect for plane in planes] == [1 / 1.5, 3 / 1.5, 3.0]
    for plane, whole in zip(planes, (image[9], image[:, 11], image[:, :, 13]), strict=True):
        rows, columns = plane.image.shape
        windows = np.lib.stride_tricks.sliding_window_view(whole, (rows, columns))
        assert (windows == plane.image).all(axis=(2, 3)).sum() == 1
        assert plane.reference.sum() == heart()[9].sum()
        np.testing.assert_array_equal(plane.seen["model"], plane.reference)


def test_a_heart_imaged_with_a_tilted_gantry_stands_straight() -> None:
    cuts = [index // 5 for index in range(20)]
    whole, drawn = rng("planes").normal(size=(20, 24, 31)), np.pad(heart(), ((0, 0), (0, 0), (0, 3)))
    image, mask = (np.stack([part[:, by : by + 28] for part, by in zip(v, cuts, strict=True)]) for v in (whole, drawn))
    aside = np.array([(0.0, by) for by in cuts])
    straight = planes_of(volume(False, False, False), (3.0, 1.0, 1.5), whole, drawn, {"model": drawn})
    tilted = planes_of(volume(False, False, False), (3.0, 1.0, 1.5), image, mask, {"model": mask}, aside=aside)
    for one, other in zip(straight, tilted, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.reference, other.reference)
        np.testing.assert_array_equal(one.seen["model"], other.seen["model"])


def test_planes_are_turned_as_readers_are_used_to() -> None:
    image = rng("planes").normal(size=(20, 24, 28))
    plain = planes_of(volume(False, False, False), (1.0, 1.0, 1.0), image, heart(), {})
    turned = planes_of(volume(True, False, True), (1.0, 1.0, 1.0), image, heart(), {})
    np.testing.assert_array_equal(turned[0].image, plain[0].image[:, ::-1])
    np.testing.assert_array_equal(turned[1].image, plain[1].image[::-1, ::-1])
    np.testing.assert_array_equal(turned[2].image, plain[2].image[::-1])


def test_without_spacing_three_slices_are_shown() -> None:
    image = np.zeros((20, 24, 28))
    planes = planes_of(volume(False, False, False), None, image, heart(), {})
    assert [plane.title for plane in planes] == ["slice 7 of 20", "slice 10 of 20", "slice 13 of 20"]
    assert {plane.aspect for plane in planes} == {1.0}
    nothing = planes_of(volume(False, False, False), None, image, np.zeros_like(heart()), {})
    assert nothing[0].image.shape == (24, 28)
