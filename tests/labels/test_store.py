"""Laws of the label store, the same for SQLite and PostgreSQL."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy
from hypothesis import given, settings
from hypothesis import strategies as st

from medgraft.core.errors import LabelError, ProjectError
from medgraft.core.task import SAX_LEVELS, SAX_RANGE, UnitKey, task_from_codes
from medgraft.labels import LabelEvent, LabelStore

UNIT = UnitKey("stack", 0, 3)


def said(value: str | None, *, reader: str = "ana", unit: UnitKey = UNIT, task: str = "sax-range") -> LabelEvent:
    return LabelEvent(reader=reader, unit=unit, task=task, value=value, source="app")


@pytest.fixture
def store(database_url: str):
    with LabelStore.open(database_url) as store:
        yield store


def test_written_then_read_is_equal_after_opening_again(database_url: str):
    given_events = [said("IN"), said("OBS", unit=UnitKey("stack", 1, 0))]
    with LabelStore.open(database_url) as store:
        stored = store.record(given_events)
    with LabelStore.open(database_url) as again:
        assert again.history() == stored
        assert [replace(event, id=0, at="") for event in again.history()] == given_events
        assert again.history(UNIT) == stored[:1]
        assert again.history(UNIT)[0].at.endswith("+00:00")


def test_the_latest_word_counts_and_nothing_is_overwritten(store: LabelStore):
    for value in ("IN", "OBS", None, "OAP"):
        store.record([said(value)])
    assert store.table("sax-range", "ana") == {UNIT: "OAP"}
    assert [event.value for event in store.history(UNIT)] == ["IN", "OBS", None, "OAP"]


def test_a_withdrawn_label_is_no_label(store: LabelStore):
    store.record([said("IN")])
    store.record([said(None)])
    assert store.table("sax-range") == {}
    assert store.readers("sax-range") == ()


def test_readers_who_disagree_are_kept_apart(store: LabelStore):
    agreed, disputed, single = (UnitKey("stack", 0, index) for index in range(3))
    store.record([said("IN", unit=agreed), said("IN", unit=agreed, reader="bo")])
    store.record([said("IN", unit=disputed), said("OBS", unit=disputed, reader="bo"), said("OAP", unit=single)])
    assert store.readers("sax-range") == ("ana", "bo")
    assert store.table("sax-range") == {agreed: "IN", single: "OAP"}
    assert store.table("sax-range", "bo") == {agreed: "IN", disputed: "OBS"}
    assert store.conflicts("sax-range") == {disputed: {"ana": "IN", "bo": "OBS"}}


def test_tasks_do_not_mix(store: LabelStore):
    store.record([said("IN"), said("mid", task="sax-levels")])
    assert store.table("sax-range") == {UNIT: "IN"}
    assert store.table("sax-levels") == {UNIT: "mid"}


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (said("APEX"), "Available: OAP, IN, OBS"),
        (said("IN", task="nonsense"), "Available: sax-levels, sax-range"),
        (said("IN", reader=" "), "Expected a reader's name"),
        (said("IN", unit=UnitKey("stack", 0, -1)), "from 0 upwards"),
    ],
)
def test_one_bad_event_stores_none(store: LabelStore, bad: LabelEvent, message: str):
    with pytest.raises(LabelError, match=message):
        store.record([said("IN"), bad])
    assert store.history() == ()


def test_a_retried_act_is_stored_once(store: LabelStore):
    first = store.record([said("IN")], act="key-17")
    assert store.record([said("IN")], act="key-17") == first
    assert store.history() == first


def test_an_act_id_cannot_be_used_for_other_labels(store: LabelStore):
    store.record([said("IN")], act="key-17")
    with pytest.raises(LabelError, match="Do use a new id"):
        store.record([said("OBS")], act="key-17")
    assert store.table("sax-range") == {UNIT: "IN"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE label_event SET value = 'OBS'",
        "DELETE FROM label_event",
        "UPDATE label_act SET digest = ''",
        "DELETE FROM label_act",
        "UPDATE label_task SET definition = ''",
        "DELETE FROM label_task",
    ],
)
def test_the_database_itself_refuses_to_change_history(store: LabelStore, statement: str):
    store.save_task(task_from_codes("tumour", ["benign", "malignant"]))
    stored = store.record([said("IN")])
    with (
        pytest.raises(sqlalchemy.exc.DatabaseError, match="only ever added"),
        store.engine.begin() as connection,
    ):
        connection.execute(sqlalchemy.text(statement))
    assert store.history() == stored


def test_undo_takes_back_whole_acts_and_restores_what_stood_before(store: LabelStore):
    other = UnitKey("stack", 0, 4)
    store.record([said("IN")])
    store.record([said("OBS"), said("OBS", unit=other)])
    store.record([said("OAP", reader="bo")])
    assert {event.unit: event.value for event in store.undo("ana", "sax-range")} == {UNIT: "IN", other: None}
    assert store.table("sax-range", "ana") == {UNIT: "IN"}
    store.undo("ana", "sax-range")
    assert store.undo("ana", "sax-range") == ()
    assert store.table("sax-range") == {UNIT: "OAP"}
    assert len(store.history()) == 7


words = st.tuples(st.sampled_from(["ana", "bo"]), st.integers(0, 2), st.sampled_from(["IN", "OBS", None]))
steps = st.lists(
    st.one_of(st.lists(words, min_size=1, max_size=4), st.sampled_from(["undo ana", "undo bo"])), max_size=12
)


@settings(max_examples=40)
@given(steps)
def test_store_behaves_like_a_dictionary_with_an_undo_stack(script):
    """The oracle keeps, for each reader, every state it was in."""
    past: dict[str, list[dict[UnitKey, str | None]]] = {"ana": [{}], "bo": [{}]}
    with LabelStore.open(":memory:") as store:
        for step in script:
            if isinstance(step, str):
                reader = step.removeprefix("undo ")
                store.undo(reader, "sax-range")
                past[reader] = past[reader][:-1] or [{}]
                continue
            store.record([said(value, reader=reader, unit=UnitKey("s", 0, index)) for reader, index, value in step])
            for reader in {reader for reader, _, _ in step}:
                new = {UnitKey("s", 0, index): value for who, index, value in step if who == reader}
                past[reader].append(past[reader][-1] | new)
        for reader, states in past.items():
            expected = {unit: value for unit, value in states[-1].items() if value is not None}
            assert store.table("sax-range", reader) == expected


def test_custom_tasks_are_kept_and_checked(database_url: str):
    tumour = task_from_codes("tumour", ["benign", "malignant"])
    with LabelStore.open(database_url) as store:
        store.save_task(tumour)
        store.save_task(tumour)
    with LabelStore.open(database_url) as again:
        assert again.task("tumour") == tumour
        assert again.task("sax-levels") == SAX_LEVELS
        again.record([said("malignant", task="tumour")])
        with pytest.raises(LabelError, match="choose another name"):
            again.save_task(task_from_codes("tumour", ["yes", "no"]))
        with pytest.raises(LabelError, match="choose another name"):
            again.save_task(replace(SAX_LEVELS, name=SAX_RANGE.name))
        assert again.task("tumour") == tumour


def test_a_database_that_is_none_is_refused_in_one_sentence(tmp_path: Path):
    with pytest.raises(ProjectError, match="Expected a database"):
        LabelStore.open(tmp_path / "missing" / "project.db")
    (tmp_path / "text.db").write_text("this is no database, although it is long enough to be taken for one" * 20)
    with pytest.raises(ProjectError, match="Expected a database"):
        LabelStore.open(tmp_path / "text.db")


WRITER = """
import sys
from medgraft.core.task import UnitKey
from medgraft.labels import LabelEvent, LabelStore
url, reader, start, stop = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with LabelStore.open(url) as store:
    for i in range(start, stop):
        units = [UnitKey(f"act{i}", 0, index) for index in range(3)]
        events = [LabelEvent(reader=reader, unit=u, task="sax-range", value="IN", source="app") for u in units]
        store.record(events, act=f"{reader}-{i}")
        print(i, flush=True)
"""


def start_writer(url: str, reader: str, start: int, stop: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, url, reader, str(start), str(stop)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("acknowledged", [1, 20])
def test_what_was_acknowledged_survives_sigkill_and_a_retry_adds_nothing_twice(database_url: str, acknowledged: int):
    with start_writer(database_url, "ana", 0, 100_000) as writer:
        last = [int(writer.stdout.readline()) for _ in range(acknowledged)][-1]
        writer.send_signal(signal.SIGKILL)
        last = max([last, *(int(line) for line in writer.stdout.read().split())])
    with LabelStore.open(database_url) as store:
        acts = {event.unit.stack for event in store.history()}
        assert acts >= {f"act{i}" for i in range(last + 1)}
        assert len(store.history()) == 3 * len(acts), "an act is there as a whole or not at all"
        for i in range(last + 5):
            events = [said("IN", unit=UnitKey(f"act{i}", 0, index)) for index in range(3)]
            store.record(events, act=f"ana-{i}")
        units = [event.unit for event in store.history()]
        assert len(units) == len(set(units)) == 3 * (last + 5)


@pytest.mark.slow
def test_two_processes_may_create_and_write_at_once(database_url: str):
    with start_writer(database_url, "ana", 0, 40) as one, start_writer(database_url, "bo", 0, 40) as two:
        assert (one.wait(), two.wait()) == (0, 0)
    with LabelStore.open(database_url) as store:
        assert len(store.history()) == 2 * 40 * 3
        assert len(store.table("sax-range")) == 40 * 3
        assert store.conflicts("sax-range") == {}


def test_nothing_is_given_out_of_a_stack_that_was_removed_and_undo_does_not_bring_it_back(store):
    """Later events count: the stack may come again."""
    gone, stays = UnitKey("gone", 0, 0), UnitKey("stays", 0, 0)

    def say(unit: UnitKey, value: str) -> None:
        store.record([LabelEvent(reader="ana", unit=unit, task="sax-range", value=value, source="app")])

    for unit, value in ((stays, "IN"), (gone, "IN"), (gone, "OBS")):
        say(unit, value)
    store.remove_stacks(["gone", "never labelled"])
    store.remove_stacks([])
    assert set(store.removed_at()) == {"gone", "never labelled"}
    assert store.table("sax-range") == {stays: "IN"}
    assert store.labelled("sax-range", "ana") == {stays}
    assert {event.unit for event in store.history()} == {stays}
    assert {act.stack for act in store.acts("sax-range", "ana")} == {"stays"}
    assert {event.unit for event in store.undo("ana", "sax-range")} == {stays}
    assert store.undo("ana", "sax-range") == ()
    say(gone, "OAP")
    assert store.table("sax-range") == {gone: "OAP"}
    assert store.undo("ana", "sax-range")[0].value is None
