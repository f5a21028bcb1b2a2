from dataclasses import replace

import numpy as np
import pytest

from medgraft.core.errors import InputError
from medgraft.core.task import SAX_RANGE, UnitKey, task_from_codes
from medgraft.samples import ClassCount, Sample, join

RANGE = ("OBS", "IN", "OAP")


def along(stack: str, phases: tuple[int, ...] = (0, 1)) -> dict[UnitKey, str]:
    return {UnitKey(stack, phase, index): code for phase in phases for index, code in enumerate(RANGE)}


def test_every_unit_is_a_sample_or_counted_as_dropped(make_entry):
    entries = [
        make_entry("a", 3, site="north", split="test"),
        make_entry("b", 4),
        make_entry("c", 3, phases={"ed": 1}),
    ]
    labels = along("a") | along("b", (0,)) | along("gone", (0,)) | along("c") | {UnitKey("a", 0, 9): "IN"}
    samples = join(entries, labels, SAX_RANGE, conflicts=[UnitKey("b", 0, 3)])
    assert samples.items[0] == Sample(
        unit=UnitKey("a", 0, 0),
        subject="subject of a",
        site="north",
        split="test",
        phase="ed",
        slice=0,
        n_slices=3,
        label=SAX_RANGE.index("OBS"),
        pixels_digest="pixels of a",
    )
    assert {dropped.reason: (dropped.count, dropped.example) for dropped in samples.dropped} == {
        "label of a phase other than ed, es": (3, "stack c, phase 0, slice 0"),
        "label of a stack that is not in the cohort": (3, "stack gone, phase 0, slice 0"),
        "label outside its stack": (1, "stack a, phase ed, slice 9"),
        "no label": (4, "stack b, phase es, slice 0"),
        "readers disagree": (1, "stack b, phase ed, slice 3"),
        "stack without a phase named es": (1, "stack c"),
    }
    assert len(samples) == 6 + 3 + 3


@pytest.mark.parametrize(("base_first", "places"), [(True, [0, 1, 2]), (None, [0, 1, 2]), (False, [2, 1, 0])])
def test_slices_are_counted_from_the_base(make_entry, base_first, places):
    samples = join([make_entry("a", 3, base_first=base_first)], along("a", (0,)), SAX_RANGE)
    assert [item.slice for item in samples.items] == places
    assert [item.unit.slice for item in samples.items] == [0, 1, 2]


def test_order_on_disk_changes_nothing(make_entry):
    entries = [make_entry(name, 3) for name in "cab"]
    labels = {unit: code for name in "bca" for unit, code in along(name).items()}
    there, back = join(entries, labels, SAX_RANGE), join(entries[::-1], dict(reversed(labels.items())), SAX_RANGE)
    assert there == back
    assert there.digest == back.digest
    assert list(there.subjects) == sorted(there.subjects)


@pytest.mark.parametrize(
    "change", [{"pixels_digest": "other"}, {"subject": "other"}, {"split": "test"}, {"phases": {"es": 0, "ed": 1}}]
)
def test_the_digest_tells_other_samples_apart(make_entry, change):
    entry, labels = make_entry("a", 3), along("a")
    assert join([entry], labels, SAX_RANGE).digest != join([replace(entry, **change)], labels, SAX_RANGE).digest


def test_a_task_without_phases_asks_about_all_of_them(make_entry):
    task = task_from_codes("view", list(RANGE))
    samples = join([make_entry("a", 3, phases={})], along("a"), task)
    assert [item.phase for item in samples.items] == ["0"] * 3 + ["1"] * 3


def test_the_same_pixels_under_two_subjects_are_a_leak(make_entry):
    entries = [make_entry(name, 3, pixels_digest="same") for name in "ab"]
    with pytest.raises(InputError, match="same pixels under subject of a and subject of b"):
        join(entries, along("a") | along("b"), SAX_RANGE)
    assert len(join(entries, along("a"), SAX_RANGE)) == 6, "no leak where only one of them is used"


def test_a_label_of_another_task_is_refused(make_entry):
    with pytest.raises(InputError, match="Available: OAP, IN, OBS"):
        join([make_entry("a", 3)], {UnitKey("a", 0, 0): "mid"}, SAX_RANGE)


def test_splits_part_the_samples(make_entry):
    splits = {"a": "test", "b": "train", "c": None}
    entries = [make_entry(name, 3, split=split) for name, split in splits.items()]
    samples = join(entries, along("a") | along("b") | along("c"), SAX_RANGE)
    held_out = np.array([item.split == "test" for item in samples.items])
    test, rest = samples.take(held_out), samples.without_split("test")
    assert set(test.subjects) == {"subject of a"}
    assert set(rest.subjects) == {"subject of b", "subject of c"}
    assert sorted(test.items + rest.items, key=lambda item: item.unit) == list(samples.items)
    assert ClassCount(split="test", code="IN", images=2, subjects=1) in samples.counts()
    assert sum(count.images for count in samples.counts()) == len(samples)
    assert [count.code for count in test.take(test.labels == 1).counts()] == ["OAP", "IN", "OBS"]


def test_take_understands_masks_and_positions(make_samples):
    samples = make_samples({"p": ["biiia"]})
    by_mask, by_position = samples.take(samples.labels == SAX_RANGE.index("IN")), samples.take(np.array([1, 2, 3]))
    assert by_mask == by_position
    assert by_mask.labels.tolist() == [1, 1, 1]
