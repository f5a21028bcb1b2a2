"""Nested training sets: each holds the one before, so that a curve over sizes adds subjects and never swaps them."""

from collections.abc import Iterable, Sequence

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng


def nested_draw(subjects: Iterable[str], sizes: Sequence[int], *key: object) -> tuple[tuple[str, ...], ...]:
    """One training set per size, drawn without replacement; another key is another draw.

    Args:
        subjects: who may be drawn; order and repetition change nothing.
        sizes: ascending, each at least 1 and at most the number of subjects.
        key: what the draw comes from, for example a study's seed and the number of the draw.

    Returns:
        Subjects of each set, sorted.

    Raises:
        InputError: sizes that do not ascend, or more than there are subjects.

    >>> small, large = nested_draw("abcdef", (2, 4), 7)
    >>> set(small) < set(large)
    True
    """
    names = sorted(set(subjects))
    if list(sizes) != sorted(set(sizes)) or not all(1 <= size <= len(names) for size in sizes):
        raise InputError(f"Expected ascending sizes within 1..{len(names)} subjects, got {list(sizes)}.")
    order = [names[place] for place in rng(*key, "nested draw").permutation(len(names))]
    return tuple(tuple(sorted(order[:size])) for size in sizes)
