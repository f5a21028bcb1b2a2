"""Random numbers from keys, never from global state.

A key is any tuple of plain values, for example `(study_seed, "rotation", image, draw)`: the same key gives the same
numbers whatever ran before, in whatever process.
"""

import numpy as np

from medgraft.core.digest import digest


def seed_of(*key: object) -> int:
    """A 63-bit seed from a key.

    >>> seed_of(7, "fold", 1) == seed_of(7, "fold", 1)
    True
    >>> seed_of(7, "fold", 1) == seed_of(7, "fold", 2)
    False
    """
    return int(digest(list(key))[:16], 16) >> 1


def rng(*key: object) -> np.random.Generator:
    """A numpy generator from a key.

    >>> float(rng(7, "draw").uniform()) == float(rng(7, "draw").uniform())
    True
    """
    return np.random.Generator(np.random.Philox(seed_of(*key)))
