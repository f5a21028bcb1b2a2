"""The index and the pixels beside it: written then read is equal, and mistakes are told."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from medgraft.cohort import Cohort, FoundLabel, LabelledStack, entry_of
from medgraft.cohort.found import stored_form
from medgraft.core.digest import array_digest
from medgraft.core.errors import InputError, NotFoundError, ProjectError
from medgraft.core.stack import FoundStack, Stack

PIXELS = st.sampled_from(["<i2", "<u2", ">i2", "u1", "<f4"]).flatmap(
    lambda dtype: arrays(
        dtype, array_shapes(min_dims=4, max_dims=4, max_side=4), elements={"allow_nan": False} if "f" in dtype else None
    )
)


def test_written_then_read_is_equal_after_reopening(tmp_path, found):
    one = found(1, mask=True, site="north", split="test", modality="MR", label=None)
    uids = tuple(tuple(f"1.2.{t}.{z}" for z in range(3)) for t in range(2))
    one = replace(
        one, stack=replace(one.stack, times=np.array([0.0, 33.5]), instance_uids=uids, facts={"group": "DCM"})
    )
    with Cohort.open(tmp_path) as cohort:
        entry = cohort.add(one)
    with Cohort.open(tmp_path) as cohort:
        assert cohort.entries() == (entry,)
        assert cohort.entry(entry.id) == entry == entry_of(one)
        np.testing.assert_array_equal(cohort.pixels(entry), one.stack.pixels)
        np.testing.assert_array_equal(cohort.mask(entry), one.stack.mask)
        np.testing.assert_array_equal(np.reshape(entry.affines, (-1, 4, 4)), one.stack.affines)
        assert (entry.times, entry.instance_uids, entry.site) == ((0.0, 33.5), uids, "north")


@settings(max_examples=12)
@given(PIXELS)
def test_any_pixels_survive_and_byte_order_changes_nothing(tmp_path_factory, pixels: NDArray[np.generic]):
    stack = Stack(pixels=pixels, affines=np.tile(np.eye(4), (pixels.shape[1], 1, 1)), spacing=None)
    one = FoundStack(stack=stack, subject="A", series_key="s")
    swapped = replace(one, stack=replace(stack, pixels=pixels.astype(pixels.dtype.newbyteorder(">"))))
    with Cohort.open(tmp_path_factory.mktemp("p")) as cohort:
        entry = cohort.add(one)
        assert cohort.add(swapped) == entry
        assert len(cohort) == 1
        np.testing.assert_array_equal(cohort.pixels(entry), pixels)


def test_pixels_are_mapped_and_cannot_be_written(cohort, found):
    entry = cohort.add(found(mask=True))
    assert isinstance(cohort.pixels(entry), np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        cohort.pixels(entry)[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        cohort.mask(entry)[0] = 0


@pytest.mark.parametrize(
    "change",
    [
        lambda one: replace(one, subject="B"),
        lambda one: replace(one, stack=replace(one.stack, pixels=one.stack.pixels + 1)),
        lambda one: replace(one, stack=replace(one.stack, spacing=(9.0, 1.5, 1.5))),
        lambda one: replace(one, stack=replace(one.stack, affines=one.stack.affines + 1)),
    ],
    ids=["subject", "pixels", "spacing", "place"],
)
def test_the_id_follows_from_subject_pixels_and_geometry(found, change):
    assert entry_of(change(found())).id != entry_of(found()).id


@pytest.mark.parametrize("field", ["source", "series_key", "series", "study", "split", "site"])
def test_the_id_does_not_follow_from_names_in_the_source(found, field):
    assert entry_of(replace(found(), **{field: "another"})).id == entry_of(found()).id


def test_what_is_known_is_stored_once_and_gains_what_it_lacked(cohort, found):
    bare = found(1, mask=True)
    mask = bare.stack.mask
    without = replace(bare, stack=replace(bare.stack, mask=None, mask_phases=(), phases={}))
    first, new = cohort.take(without)
    assert new
    assert cohort.mask(first) is None
    second, new = cohort.take(bare)
    assert not new
    assert (second.id, second.phases, second.mask_phases) == (first.id, {"ed": 0}, (0,))
    np.testing.assert_array_equal(cohort.mask(second), mask)
    assert len(cohort) == 1


def test_classes_that_a_source_never_labels_are_remembered(tmp_path, found):
    whole = found(1, mask=True)
    partial = replace(whole, stack=replace(whole.stack, mask_classes=("pool",)))
    with Cohort.open(tmp_path) as cohort:
        assert cohort.add(partial).mask_classes == ("pool",)
        entry = cohort.add(found(2))
        assert cohort.set_mask(entry.id, np.ones(entry.shape, np.uint8), [0], ("pool",)).mask_classes == ("pool",)
    with Cohort.open(tmp_path) as cohort:
        assert {entry.mask_classes for entry in cohort.entries()} == {("pool",)}


def test_the_digest_kept_is_that_of_the_mask_as_it_is_stored(tmp_path, found):
    with Cohort.open(tmp_path) as cohort:
        drawn, bare = cohort.add(found(1, mask=True)), cohort.add(found(2))
        assert (drawn.mask_digest, bare.mask_digest) == (array_digest(cohort.mask(drawn)), "")
        later = cohort.set_mask(bare.id, np.ones(bare.shape, np.int64), [0])
        redrawn = cohort.set_mask(drawn.id, np.ones(drawn.shape, np.uint8)[..., ::-1], [0])
        assert redrawn.mask_digest != drawn.mask_digest
    with Cohort.open(tmp_path) as cohort:
        for entry in (later, redrawn):
            assert cohort.entry(entry.id).mask_digest == array_digest(cohort.mask(entry))


def test_a_project_from_before_digests_of_masks_opens_without_them(tmp_path, found):
    with Cohort.open(tmp_path) as cohort:
        entry = cohort.add(found(1, mask=True))
    with closing(sqlite3.connect(tmp_path / "project.db")) as database:
        database.execute("ALTER TABLE cohort_stacks DROP COLUMN mask_digest")
    with Cohort.open(tmp_path) as cohort:
        assert cohort.entry(entry.id) == replace(entry, mask_digest="")


def test_a_project_from_before_partial_labels_opens_and_labels_all_classes(tmp_path, found):
    with Cohort.open(tmp_path) as cohort:
        entry = cohort.add(found(1, mask=True))
    with closing(sqlite3.connect(tmp_path / "project.db")) as database:
        database.execute("ALTER TABLE cohort_stacks DROP COLUMN mask_classes")
    with Cohort.open(tmp_path) as cohort:
        assert cohort.entry(entry.id) == entry
        assert cohort.set_mask(entry.id, np.ones(entry.shape, np.uint8), [0], ("pool",)).mask_classes == ("pool",)


@settings(max_examples=5)
@given(st.permutations([("B", "x", 1), ("A", "z", 2), ("A", "y", 3), ("A", "y", 4), ("C", "", 5)]))
def test_entries_come_in_one_order(tmp_path_factory, found, order):
    with Cohort.open(tmp_path_factory.mktemp("p")) as cohort:
        for subject, series, key in order:
            cohort.add(found(key, subject, series=series))
        entries = cohort.entries()
        assert [(e.subject, e.series) for e in entries] == [("A", "y"), ("A", "y"), ("A", "z"), ("B", "x"), ("C", "")]
        assert entries[0].id < entries[1].id
        assert cohort.subjects() == ("A", "B", "C")
        assert cohort.subject_of_stacks({"A", "C"}) == {e.id: e.subject for e in entries if e.subject != "B"}


def test_phases_mask_base_split_and_site_can_be_set(tmp_path, found):
    with Cohort.open(tmp_path) as cohort:
        entry = cohort.add(found(1))
        cohort.add(found(2))
        mask = np.full(entry.shape, 2, np.uint8)
        assert cohort.set_phases(entry.id, {"ed": 1, "es": 0}).phases == {"ed": 1, "es": 0}
        assert cohort.set_mask(entry.id, mask, [1]).mask_phases == (1,)
        assert cohort.set_base_first(entry.id, base_first=False).base_first is False
        cohort.set_split("A", "test")
        cohort.set_site("A", "north")
    with Cohort.open(tmp_path) as cohort:
        entry = cohort.entry(entry.id)
        assert (entry.phase_name(0), entry.base_first) == ("es", False)
        assert {(e.split, e.site) for e in cohort.entries()} == {("test", "north")}
        np.testing.assert_array_equal(cohort.mask(entry), mask)


def test_labels_that_came_with_images_are_kept_once(cohort, found):
    one = found(1)
    labelled = LabelledStack(stack=one.stack, subject="A", series_key="1", labels={(0, 2): "OAP", (0, 0): "IN"})
    entry = cohort.add(labelled)
    cohort.add(labelled)
    assert cohort.found_labels() == (
        FoundLabel(stack=entry.id, phase=0, slice=0, code="IN"),
        FoundLabel(stack=entry.id, phase=0, slice=2, code="OAP"),
    )


@pytest.mark.parametrize(
    ("mistake", "text"),
    [
        (lambda cohort, key: cohort.entry("0" * 16), "id of an imported stack"),
        (lambda cohort, key: cohort.set_phases(key, {"ed": 2}), r"0\.\.1"),
        (lambda cohort, key: cohort.set_phases(key, {"ed": -1}), r"0\.\.1"),
        (lambda cohort, key: cohort.set_mask(key, np.zeros((1, 1, 1, 1), np.uint8), [0]), "mask of shape"),
        (lambda cohort, key: cohort.set_mask(key, np.zeros((2, 3, 8, 9), np.uint8), [2]), "phases on it"),
        (lambda cohort, key: cohort.set_base_first("nobody", base_first=True), "id of an imported stack"),
        (lambda cohort, key: cohort.set_split("nobody", "test"), "Available: A"),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(cohort, found, mistake, text):
    entry = cohort.add(found())
    with pytest.raises((InputError, NotFoundError), match=text):
        mistake(cohort, entry.id)
    assert cohort.entries() == (entry,)


def test_a_stack_without_subject_is_refused(cohort, found):
    with pytest.raises(InputError, match="Expected a subject"):
        cohort.add(found(subject=" "))
    assert len(cohort) == 0


def test_lost_or_cut_pixels_are_told(cohort, found):
    entry = cohort.add(found())
    path = cohort.root / "images" / f"{entry.id}.npy"
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ProjectError, match="Copy the project folder as a whole"):
        cohort.pixels(entry)
    path.unlink()
    with pytest.raises(ProjectError, match="import the source again"):
        cohort.pixels(entry)


@pytest.mark.parametrize("folder", ["images", "masks"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-7])])
def test_importing_again_mends_lost_or_cut_arrays(cohort, found, folder, damage):
    one = found(mask=True)
    entry = cohort.add(one)
    damage(cohort.root / folder / f"{entry.id}.npy")
    assert cohort.take(one) == (entry, False)
    np.testing.assert_array_equal(cohort.pixels(entry), one.stack.pixels)
    np.testing.assert_array_equal(cohort.mask(entry), one.stack.mask)


def test_importing_again_keeps_a_mask_that_was_corrected(cohort, found):
    entry = cohort.add(found(mask=True))
    corrected = np.full(entry.shape, 1, np.uint8)
    cohort.set_mask(entry.id, corrected, [0, 1])
    again, _ = cohort.take(found(mask=True))
    assert again.mask_phases == (0, 1)
    np.testing.assert_array_equal(cohort.mask(again), corrected)


def test_a_damaged_database_and_a_file_in_place_of_the_folder_are_told(tmp_path: Path):
    (tmp_path / "project.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(ProjectError, match="restore a copy"):
        Cohort.open(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ProjectError, match="Expected a folder"):
        Cohort.open(tmp_path / "file")


def test_stored_form_keeps_the_values(found):
    one = found()
    np.testing.assert_array_equal(stored_form(one).stack.pixels, one.stack.pixels)
