"""The fingerprint says what stacks are like, as numpy finds it, and nothing of who they are."""

import numpy as np
import pytest

from medgraft.core.cohort import StackEntry
from medgraft.exchange import fingerprint, stack_values
from medgraft.exchange.fingerprint import INTENSITIES

SHAPE = (2, 3, 8, 10)


def entry(number: int, spacing: float | None, **facts: str) -> StackEntry:
    return StackEntry(
        id=f"{number:016x}",
        subject=f"subject {number // 2}",
        modality="CT",
        shape=SHAPE,
        spacing=None if spacing is None else (8.0, spacing, spacing),
        affines=(),
        phases={"ed": 0} if number else {},
        pixels_digest="",
        facts=facts,
    )


ENTRIES = (entry(0, 0.5, Manufacturer="GE"), entry(1, 0.75), entry(2, None, Manufacturer="GE"))
PIXELS = {item.id: np.arange(np.prod(SHAPE)).reshape(SHAPE) * (i + 1) for i, item in enumerate(ENTRIES)}


def test_ranges_and_counts_are_those_of_the_stacks() -> None:
    found = fingerprint(ENTRIES, lambda item: PIXELS[item.id])
    ranges = {one.name: (one.low, one.median, one.high) for one in found.ranges}
    assert (found.stacks, found.subjects) == (3, 2)
    assert ranges["pixel"] == (0.5, 0.625, 0.75)
    assert ranges["field of view"] == (5.0, 6.25, 7.5)
    assert ranges["phases"] == (2, 2, 2)
    assert found.vendors == {"": 1, "GE": 2}
    assert found.named_phases == {"ed": 2}
    middles = [float(np.percentile(PIXELS[item.id], 50)) for item in ENTRIES]
    assert ranges["middle (50 %)"] == pytest.approx((min(middles), np.median(middles), max(middles)))


def test_intensities_are_left_out_without_pixels() -> None:
    with_pixels = {one.name for one in fingerprint(ENTRIES, lambda item: PIXELS[item.id]).ranges}
    assert {one.name for one in fingerprint(ENTRIES).ranges} < with_pixels


def test_a_large_stack_is_looked_at_in_part() -> None:
    pixels = np.random.default_rng(0).normal(size=(1, 20, 400, 400)).astype(np.float32)
    values = stack_values(ENTRIES[0], pixels)
    assert values["dark (1 %)"] == pytest.approx(np.percentile(pixels, 1), abs=0.02)


def test_voxels_that_are_no_number_have_no_part_in_it() -> None:
    holed = np.where(np.arange(480).reshape(SHAPE) < 240, np.nan, np.arange(480.0).reshape(SHAPE))
    assert stack_values(ENTRIES[0], holed)["middle (50 %)"] == 359.5
    found = fingerprint(ENTRIES[:1], lambda _: np.full(SHAPE, np.nan))
    assert {one.low for one in found.ranges if one.name in INTENSITIES} == {None}


def test_a_part_of_a_large_stack_is_spread_over_all_of_its_columns() -> None:
    pixels = np.zeros((4, 8, 512, 512), np.int16)
    pixels[..., 256:] = 1000
    assert stack_values(ENTRIES[0], pixels)["bright (99 %)"] == 1000


def test_no_subject_and_no_stack_can_be_seen() -> None:
    text = str(fingerprint(ENTRIES))
    assert not any(item.subject in text or item.id in text for item in ENTRIES)


def test_no_stacks_have_no_ranges() -> None:
    assert all(one.low is None for one in fingerprint(()).ranges)
