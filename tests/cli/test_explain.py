"""What is said of maps: how alike they stay, by how much that differs, or that it cannot be told."""

import pytest

from medgraft.cli.explain import _show
from medgraft.explanation import Likeness
from medgraft.workspace.models.explaining import Explanation


@pytest.mark.parametrize(
    ("likeness", "said"),
    [
        (
            Likeness(median=0.05, low=-0.62, high=0.48, empty=0.2, shuffles=10),
            "0.05, -0.62 to 0.48 in 10 shuffles; 20% of the maps are empty\n(near 1, ",
        ),
        (
            Likeness(median=None, low=None, high=None, empty=0.68, shuffles=10),
            "cannot be told, for 68% of the maps are empty\n",
        ),
    ],
)
def test_likeness_is_said_with_its_range_or_not_at_all(
    capsys: pytest.CaptureFixture[str], likeness: Likeness, said: str
) -> None:
    _show(Explanation(model="hearts: best", sheet="best.png", cells=(), likeness=likeness))
    assert f"its weights shuffled: {said}" in capsys.readouterr().out
