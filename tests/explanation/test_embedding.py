"""The map repeats, keeps groups together, and says what it needs."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.explanation import embed


def groups(per_group: int = 20) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    group = np.repeat(np.arange(3), per_group)
    centres = 10 * rng(1, "centres").normal(size=(3, 16))
    return centres[group] + rng(1, "noise").normal(size=(len(group), 16)), group


def test_groups_stay_together_and_seeds_repeat() -> None:
    features, group = groups()
    points = embed(features, seed=4)
    assert points.shape == (len(group), 2)
    neighbours = KNeighborsClassifier(3).fit(points, group)
    assert neighbours.score(points, group) == 1
    np.testing.assert_array_equal(points, embed(features, seed=4))


@pytest.mark.parametrize("power", [-600, -100, 50, 600])
def test_the_map_does_not_depend_on_the_size_of_features(power: int) -> None:
    """Networks with random weights answer with next to nothing, or next to infinity."""
    features = groups()[0]
    np.testing.assert_array_equal(embed(2.0**power * features, seed=4), embed(features, seed=4))


def test_what_all_features_share_hides_no_group() -> None:
    features, group = groups()
    points = embed(1e8 + features, seed=4)
    assert KNeighborsClassifier(3).fit(points, group).score(points, group) == 1


@pytest.mark.parametrize("count", [5, 6, 11])
def test_few_images_lower_the_perplexity_instead_of_failing(count: int) -> None:
    assert np.isfinite(embed(groups()[0][:count], perplexity=30, seed=0)).all()


@pytest.mark.parametrize(
    ("features", "perplexity", "message"),
    [
        (np.zeros((4, 8)), 30, "at least 5 images"),
        (np.zeros((9, 1)), 30, "2 features"),
        (np.ones((9, 8)), 30, "differ between images"),
        (np.full((9, 8), np.nan), 30, "finite"),
        (np.eye(9), 1, "perplexity above 1"),
    ],
)
def test_what_cannot_be_mapped_is_explained(features: NDArray[np.float64], perplexity: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        embed(features, perplexity=perplexity, seed=0)
