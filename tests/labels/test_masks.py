from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CLASSES, MASK_CODES, SAX_LEVELS, SAX_RANGE, UnitKey
from medgraft.labels import MASK_RULES, LabelStore, count_by_rule, labels_from_mask

STRUCTURES = {".": None, "p": "pool", "m": "myocardium", "r": "rv"}


def mask_of(*phases: str) -> np.ndarray:
    """A mask from words: one letter per slice, base first."""
    mask = np.zeros((len(phases), len(phases[0]), 4, 4), np.uint8)
    for phase, word in enumerate(phases):
        for index, letter in enumerate(word):
            mask[phase, index, 1, 2] = MASK_CODES.get(STRUCTURES[letter] or "background")
    return mask


@pytest.mark.parametrize(
    ("rule", "word", "expected"),
    [
        ("pool", "r.ppmm.", "OBS OBS IN IN OAP OAP OAP"),
        ("any", "r.ppmm.", "OBS OBS IN IN IN IN OAP"),
        ("pool", "mpp", "OBS IN IN"),
        ("pool", "p.p", "IN IN IN"),
        ("thirds", ".pppppp.", "obs bs bs mid mid ap ap oap"),
        ("thirds", "pppp", "bs mid mid ap"),
        ("thirds", ".p.", "obs mid oap"),
    ],
)
def test_rules(rule: str, word: str, expected: str):
    assert labels_from_mask(mask_of(word), [0], rule).codes == {0: tuple(expected.split())}


def test_only_the_phases_that_carry_a_mask_get_labels():
    found = labels_from_mask(mask_of("p..", "...", ".p.", "mmm"), [0, 2, 3])
    assert found.codes == {0: ("IN", "OAP", "OAP"), 2: ("OBS", "IN", "OAP")}
    assert found.refused == {3: "no slice shows pool"}


def test_a_rule_that_looks_for_what_the_source_never_labels_is_refused():
    """Where nobody drew the myocardium, a slice without any is not known to be outside."""
    mask = np.zeros((2, 3, 4, 4), np.uint8)
    mask[:, 1] = MASK_CODES["pool"]
    assert labels_from_mask(mask, [0, 1], "any", classes=("pool",)).refused == {
        0: "the source does not label myocardium",
        1: "the source does not label myocardium",
    }
    assert set(labels_from_mask(mask, [0, 1], "pool", classes=("pool",)).codes) == {0, 1}


def test_a_hole_is_noted():
    assert labels_from_mask(mask_of("pp.p"), [0]).notes == (
        "phase 0, slice 2: no pool between slices that show it; labelled inside",
    )


@given(st.sampled_from(sorted(MASK_RULES)), st.text(alphabet=".pmr", min_size=1, max_size=16))
def test_codes_run_along_the_stack_in_order(rule: str, word: str):
    found = labels_from_mask(mask_of(word), [0], rule)
    order = MASK_RULES[rule].task.along_stack
    for codes in found.codes.values():
        places = [order.index(code) for code in codes]
        assert places == sorted(places)
        assert len(codes) == len(word)
    assert set(found.codes) ^ set(found.refused) == {0}


@given(st.text(alphabet=".pmr", min_size=1, max_size=16))
def test_seen_from_the_apex_the_range_is_the_same(word: str):
    forth = labels_from_mask(mask_of(word), [0]).codes.get(0, ())
    back = labels_from_mask(mask_of(word[::-1]), [0]).codes.get(0, ())
    mirror = {"OBS": "OAP", "IN": "IN", "OAP": "OBS"}
    assert forth == tuple(mirror[code] for code in back[::-1])


def test_counts_stand_side_by_side():
    counts = count_by_rule([(mask_of(".pm."), [0], MASK_CLASSES)], SAX_RANGE)
    assert counts == {"pool": {"OAP": 2, "IN": 1, "OBS": 1}, "any": {"OAP": 1, "IN": 2, "OBS": 1}}


def test_a_rule_counts_no_mask_without_a_class_that_it_looks_for():
    whole, inner = (mask_of(".pm."), [0], MASK_CLASSES), (mask_of("pp.."), [0], ["pool"])
    counts = count_by_rule([whole, inner], SAX_RANGE)
    assert counts == {"pool": {"OAP": 4, "IN": 3, "OBS": 1}, "any": {"OAP": 1, "IN": 2, "OBS": 1}}
    assert set(count_by_rule([inner], SAX_RANGE)) == {"pool"}


def test_labels_of_a_mask_go_into_the_store():
    events = labels_from_mask(mask_of(".p."), [0]).events("stack7")
    with LabelStore.open(":memory:") as store:
        store.record(events)
        assert store.readers("sax-range") == ("mask:pool",)
        assert store.table("sax-range")[UnitKey("stack7", 0, 1)] == "IN"


@pytest.mark.parametrize(
    ("mask", "phases", "rule", "message"),
    [
        (mask_of("p"), [0], "wish", "Available: pool, any, thirds"),
        (mask_of("p")[0], [0], "pool", "shape"),
        (mask_of("p"), [1], "pool", "phases within 0..0"),
    ],
)
def test_mistakes_are_explained(mask: np.ndarray, phases: list[int], rule: str, message: str):
    with pytest.raises(InputError, match=message):
        labels_from_mask(mask, phases, rule)


@pytest.mark.slow
def test_acdc_counts_as_published(real_data: Path):
    import nibabel

    house_codes = np.zeros(4, np.uint8)
    house_codes[[1, 2, 3]] = [MASK_CODES[name] for name in ("rv", "myocardium", "pool")]
    stacks = []
    for patient in sorted((real_data / "acdc").glob("patient*")):
        frames = [np.asarray(nibabel.load(path).dataobj, int) for path in sorted(patient.glob("*_gt.nii.gz"))]
        stacks.append((house_codes[np.stack([frame.T for frame in frames])], range(len(frames)), MASK_CLASSES))
    assert len(stacks) == 60
    assert count_by_rule(stacks, SAX_RANGE) == {
        "pool": {"OBS": 25, "IN": 1072, "OAP": 39},
        "any": {"OBS": 25, "IN": 1084, "OAP": 27},
    }
    levels = count_by_rule(stacks, SAX_LEVELS)["thirds"]
    assert levels["bs"] + levels["mid"] + levels["ap"] == 1072
    assert not [note for mask, phases, _ in stacks for note in labels_from_mask(mask, phases).notes]
