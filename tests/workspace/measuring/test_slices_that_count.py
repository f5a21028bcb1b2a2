"""Which slices count, by what a judge says of them and what a mask shows on them."""

import numpy as np
import pytest

from medgraft.workspace.measuring.slices_that_count import with_muscle_beside

#: What a slice shows, in `core.task.MASK_CODES`: blood within a wall, wall alone, blood alone, or nothing.
SHOWN = {"O": (1, 2), "o": (2, 2), "b": (1, 1), " ": (0, 0)}


@pytest.mark.parametrize(
    ("shown", "inside", "counted"),
    [
        ("oOOOo", " III ", "IIIII"),  # the crescent and the cap
        ("ooOOoo", "  II  ", "IIIIII"),
        ("OOOOO", " III ", " III "),  # a ventricle drawn beyond its ends
        ("OOOoo", "II   ", "II   "),  # and what is drawn beyond that
        ("OOO o", "III  ", "III  "),  # a wall that does not go on
        ("OOObo", "III  ", "III  "),
        ("OOoOO", "II II", "IIIII"),  # judged wrongly between others
        ("ooooo", "     ", "     "),  # no ventricle at all
    ],
)
def test_slices_that_are_in_count_and_muscle_that_goes_on_beyond_them(shown: str, inside: str, counted: str) -> None:
    mask = np.array([[SHOWN[one]] for one in shown], np.uint8)
    found = with_muscle_beside(np.array([one == "I" for one in inside]), mask)
    assert "".join("I" if one else " " for one in found) == counted
