"""A noun agrees with its number."""

from medgraft.core.counted import counted


def test_only_one_is_one() -> None:
    assert [counted(n, "draw") for n in (0, 1, 2)] == ["0 draws", "1 draw", "2 draws"]
