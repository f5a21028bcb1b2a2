"""Labels by hand: two keystrokes say what all slices of a stack are, whichever end the base is at."""

from pathlib import Path

import pytest

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError, LabelError, NotFoundError
from medgraft.core.task import SAX_RANGE, UnitKey
from medgraft.workspace import (
    Project,
    accept_proposal,
    add_reader,
    ask_opinion,
    base_to_apex,
    close_reading,
    codes_between,
    finish_stack,
    import_images,
    import_labels,
    label_boundaries,
    label_from_masks,
    label_range,
    label_slice,
    labels_seen_by,
    open_reading,
    reader_progress,
    reopen_stack,
    undo_labels,
)

ANA = {"reader": "ana", "phase": 0}


@pytest.fixture
def entry(project: Project) -> StackEntry:
    with project.cohort() as cohort:
        return cohort.entries()[0]


def flipped(project: Project, entry: StackEntry, base_first: bool | None) -> StackEntry:
    with project.cohort() as cohort:
        return cohort.set_base_first(entry.id, base_first)


@pytest.mark.parametrize("base_first", [True, False])
def test_two_keystrokes_label_the_stack_as_the_mask_does(
    project: Project, entry: StackEntry, *, base_first: bool
) -> None:
    entry = flipped(project, entry, base_first)
    label_from_masks(project)
    with project.labels() as store:
        by_mask = {event.unit: event.value for event in store.current("sax-range", "mask:pool", entry.id)}
    truth = [by_mask[UnitKey(entry.id, 0, index)] for index in range(entry.shape[1])]
    inside = [index for index, code in enumerate(truth) if code == "IN"]
    for first, last in ((inside[0], inside[-1]), (inside[-1], inside[0])):
        done = label_range(project, stack=entry.id, first=first, last=last, **ANA)
        assert list(done.codes) == truth
        assert done.events == entry.shape[1]
    along = [truth[index] for index in base_to_apex(entry)]
    assert along == sorted(along, key=SAX_RANGE.along_stack.index), "OBS, then IN, then OAP"


def test_five_levels_are_given_by_their_changes(project: Project, entry: StackEntry) -> None:
    done = label_boundaries(project, stack=entry.id, changes=(1, 3, 3, entry.shape[1]), **ANA)
    assert done.task == "sax-levels"
    assert done.codes == ("obs", "bs", "bs", *["ap"] * (entry.shape[1] - 3))


def test_a_stack_whose_base_is_unknown_teaches(project: Project, entry: StackEntry) -> None:
    flipped(project, entry, None)
    with pytest.raises(InputError, match=f"medgraft correct --stack {entry.id} --base first"):
        label_range(project, stack=entry.id, first=1, last=4, **ANA)
    assert label_slice(project, stack=entry.id, slice=2, code="IN", **ANA).codes[2] == "IN"


def test_an_act_is_undone_as_a_whole_and_a_retry_adds_nothing(project: Project, entry: StackEntry) -> None:
    label_slice(project, stack=entry.id, slice=2, code="OBS", act="key-1", **ANA)
    one = label_range(project, stack=entry.id, first=1, last=4, act="key-2", **ANA)
    assert label_range(project, stack=entry.id, first=1, last=4, act="key-2", **ANA) == one
    with project.labels() as store:
        assert len(store.history()) == 1 + entry.shape[1]
    undone = undo_labels(project, reader="ana")
    assert undone is not None
    assert (undone.events, [code for code in undone.codes if code]) == (entry.shape[1], ["OBS"])
    again = undo_labels(project, reader="ana")
    assert again is not None
    assert set(again.codes) == {None}
    assert undo_labels(project, reader="ana") is None


def test_a_key_does_not_undo_a_sheet(project: Project, entry: StackEntry) -> None:
    sheet = project.root / "labels.csv"
    sheet.write_text(f"stack,phase,slice,task,label\n{entry.id},0,0,sax-range,IN\n")
    import_labels(project, sheet, reader="ana")
    assert undo_labels(project, reader="ana") is None
    assert len(labels_seen_by(project, "ana")) == 1


def test_an_accepted_proposal_is_kept_as_one(project: Project, entry: StackEntry) -> None:
    codes = codes_between(entry, SAX_RANGE, (1, entry.shape[1] - 1))
    asked = ask_opinion(project, stack=entry.id, model="tiny/densenet121", **ANA)
    done = accept_proposal(project, stack=entry.id, codes=codes, model="tiny/densenet121", **ANA)
    assert done.codes == codes
    assert (asked.stack, asked.model) == (entry.id, "tiny/densenet121")
    with project.labels() as store:
        assert {(event.source, event.detail) for event in store.history()} == {("model-accepted", "tiny/densenet121")}
    assert reader_progress(project, "ana").asked == 1


@pytest.mark.parametrize(
    ("verb", "given", "message"),
    [
        (label_range, {"first": 1, "last": 99}, "Expected slices"),
        (label_range, {"first": 1, "last": 2, "phase": 9}, "Expected a phase"),
        (label_range, {"first": 1, "last": 2, "task": "sax-levels"}, "Do: label boundaries"),
        (label_range, {"first": 1, "last": 2, "task": "colour"}, "Available"),
        (label_range, {"first": 1, "last": 2, "stack": "none"}, "imported stack"),
        (label_boundaries, {"changes": (3, 2, 4, 5)}, "4 rising changes"),
        (label_boundaries, {"changes": (1, 2)}, "obs . bs . mid . ap . oap"),
        (label_slice, {"slice": 1, "code": "APEX"}, "Available: OAP, IN, OBS"),
        (accept_proposal, {"codes": ("IN",), "model": "m"}, "codes of all"),
        (ask_opinion, {"model": "m", "phase": -1}, "Expected a phase"),
    ],
)
def test_mistakes_teach_and_store_nothing(project: Project, entry: StackEntry, verb, given, message) -> None:  # type: ignore[no-untyped-def]  # parametrized
    with pytest.raises((InputError, LabelError, NotFoundError), match=message):
        verb(project, **{**ANA, "stack": entry.id, **given})
    with project.labels() as store:
        assert store.history() == ()


def test_what_is_done_in_a_round_is_neither_labelled_nor_undone(project: Project, entry: StackEntry) -> None:
    for name in ("ana", "bo"):
        add_reader(project, name)
    open_reading(project, "first", readers=["ana", "bo"], stacks=[entry.id])
    for phase in (0, 1):
        label_range(project, reader="ana", stack=entry.id, phase=phase, first=1, last=4)
    finish_stack(project, reading="first", reader="ana", stack=entry.id)
    for verb in (
        lambda: label_slice(project, stack=entry.id, slice=0, code="IN", **ANA),
        lambda: undo_labels(project, reader="ana"),
    ):
        with pytest.raises(LabelError, match="Do: reopen the stack"):
            verb()
    label_slice(project, reader="bo", stack=entry.id, phase=0, slice=0, code="IN")
    reopen_stack(project, reading="first", reader="ana", stack=entry.id)
    assert undo_labels(project, reader="ana") is not None
    close_reading(project, "first")
    assert {event.reader for event in labels_seen_by(project, "ana")} == {"ana", "bo"}


@pytest.mark.slow
def test_two_keystrokes_suffice_for_every_real_heart(real_data: Path, tmp_path: Path) -> None:
    """The labels of every mask follow from its first and last slice inside."""
    acdc = Project.create(tmp_path / "acdc")
    import_images(acdc, real_data / "acdc")
    label_from_masks(acdc)
    with acdc.cohort() as cohort, acdc.labels() as store:
        entries, truth = cohort.entries(), store.table("sax-range")
    phases = [(entry, phase) for entry in entries for phase in entry.mask_phases]
    assert len(phases) == 120
    for entry, phase in phases:
        codes = tuple(truth[UnitKey(entry.id, phase, index)] for index in range(entry.shape[1]))
        along = [codes[index] for index in base_to_apex(entry)]
        first = along.index("IN")
        assert codes_between(entry, SAX_RANGE, (first, first + along.count("IN"))) == codes
