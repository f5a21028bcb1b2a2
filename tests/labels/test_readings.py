"""Laws of blinded rounds: nobody sees another's labels before all are done, and what was said by then stays said."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy
from hypothesis import given, settings
from hypothesis import strategies as st

from medgraft.core.errors import LabelError
from medgraft.core.task import UnitKey
from medgraft.labels import (
    Accounts,
    LabelEvent,
    LabelStore,
    OpinionAsked,
    Reading,
    Readings,
    opinions_asked,
    record_opinion,
)

TASK = "sax-range"
READERS = ("ana", "bo")
STACKS = ("s1", "s2")


@pytest.fixture
def store(database_url: str) -> Iterator[LabelStore]:
    with LabelStore.open(database_url) as store:
        yield store


@pytest.fixture
def rounds(store: LabelStore) -> Readings:
    return Readings(store=store)


def said(reader: str, stack: str, value: str | None = "IN", source: str = "app") -> LabelEvent:
    return LabelEvent(reader=reader, unit=UnitKey(stack, 0, 3), task=TASK, value=value, source=source)


def start(rounds: Readings, name: str = "first", **changes: object) -> Reading:
    return rounds.open(name, **{"task": TASK, "stacks": STACKS, "readers": READERS, "by": "cy", **changes})  # type: ignore[arg-type]  # changes may be mistakes


def finish_all(rounds: Readings, name: str = "first") -> None:
    for reader in READERS:
        for stack in STACKS:
            rounds.finish(name, reader, stack)


def seen(rounds: Readings, viewer: str) -> set[tuple[str, str]]:
    return {(event.reader, event.unit.stack) for event in rounds.visible(TASK, viewer)}


def test_a_round_is_kept_as_it_was_opened(rounds: Readings) -> None:
    opened = start(rounds)
    assert rounds.named("first") == opened
    assert rounds.all() == (opened,)
    assert (opened.stacks, opened.readers, opened.opened_by, opened.state) == (STACKS, READERS, "cy", "blinded")


def test_nobody_sees_anothers_labels_until_all_are_done(rounds: Readings) -> None:
    rounds.store.record([said(reader, stack) for reader in (*READERS, "mask:pool") for stack in (*STACKS, "other")])
    everything = seen(rounds, "ana")
    assert len(everything) == 9
    start(rounds)
    outside = {(reader, "other") for reader in (*READERS, "mask:pool")}
    assert seen(rounds, "ana") == outside | {("ana", stack) for stack in STACKS}
    assert seen(rounds, "cy") == outside | {("mask:pool", stack) for stack in STACKS}
    finish_all(rounds)
    assert rounds.named("first").state == "unblinded"
    assert seen(rounds, "ana") == seen(rounds, "cy") == everything


def test_closing_shows_what_is_there(rounds: Readings) -> None:
    start(rounds)
    rounds.store.record([said("ana", "s1"), said("bo", "s1")])
    rounds.finish("first", "ana", "s1")
    closed = rounds.close("first", "cy")
    assert (closed.state, closed.closed and closed.closed.reader) == ("closed", "cy")
    assert rounds.close("first", "di") == closed
    assert seen(rounds, "ana") == {("ana", "s1"), ("bo", "s1")}
    assert rounds.labels(closed) == {"ana": {UnitKey("s1", 0, 3): "IN"}, "bo": {}}


def test_labels_of_a_round_are_those_said_when_done(rounds: Readings) -> None:
    start(rounds)
    rounds.store.record([said(reader, stack) for reader in READERS for stack in STACKS])
    rounds.finish("first", "ana", "s1")
    rounds.store.record([said("ana", "s1", "OBS")])  # past the guards, as a sheet would
    finish_all(rounds)
    rounds.store.record([said("bo", "s2", None)])
    same = {UnitKey(stack, 0, 3): "IN" for stack in STACKS}
    assert rounds.labels(rounds.named("first")) == {"ana": same, "bo": same}


def test_a_reopened_stack_is_said_anew(rounds: Readings) -> None:
    start(rounds)
    rounds.store.record([said(reader, stack) for reader in READERS for stack in STACKS])
    rounds.finish("first", "ana", "s1")
    with pytest.raises(LabelError, match="Do: reopen the stack"):
        rounds.check_free((said("ana", "s1"),))
    rounds.check_free((said("ana", "s2"), said("bo", "s1")))
    rounds.reopen("first", "ana", "s1")
    rounds.check_free((said("ana", "s1"),))
    rounds.store.record([said("ana", "s1", "OBS")])
    finish_all(rounds)
    assert rounds.labels(rounds.named("first"))["ana"][UnitKey("s1", 0, 3)] == "OBS"


def test_once_unblinded_nothing_is_taken_back(rounds: Readings) -> None:
    start(rounds)
    finish_all(rounds)
    with pytest.raises(LabelError, match="Do: adjudicate"):
        rounds.reopen("first", "ana", "s1")
    with pytest.raises(LabelError, match="Do: adjudicate the stack, or close the round"):
        rounds.check_free((said("ana", "s1"),))
    rounds.close("first")
    rounds.check_free((said("ana", "s1"),))
    with pytest.raises(LabelError, match="closed at"):
        rounds.reopen("first", "ana", "s1")


def test_doing_it_again_changes_nothing(rounds: Readings) -> None:
    start(rounds)
    once = rounds.finish("first", "ana", "s1")
    assert rounds.finish("first", "ana", "s1") == once
    assert rounds.reopen("first", "bo", "s1") == once


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "first"}, "Do choose another name"),
        ({"name": " "}, "Expected a name"),
        ({"readers": ("ana",)}, "at least two different readers"),
        ({"readers": ("ana", "ana")}, "at least two different readers"),
        ({"stacks": ()}, "at least one"),
        ({"stacks": ("x", "x")}, "1 different"),
        ({"task": "colour"}, "Available: sax-levels"),
        ({"stacks": ("s2", "x")}, "in no other round"),
    ],
)
def test_a_round_that_cannot_be_is_not_opened(rounds: Readings, changes: dict[str, object], message: str) -> None:
    start(rounds)
    fitting: dict[str, object] = {"name": "second", "stacks": ("x",)}
    with pytest.raises(LabelError, match=message):
        start(rounds, **{**fitting, **changes})
    assert len(rounds.all()) == 1
    rounds.close("first")
    start(rounds, "second")


def test_who_and_what_is_not_in_the_round_is_refused(rounds: Readings) -> None:
    start(rounds)
    for name, reader, stack in (("none", "ana", "s1"), ("first", "cy", "s1"), ("first", "ana", "s9")):
        with pytest.raises(LabelError, match="Expected a"):
            rounds.finish(name, reader, stack)
    with pytest.raises(LabelError, match="ana has 2 stacks left, bo has 2 stacks left"):
        rounds.labels(rounds.named("first"))


def test_acts_at_once_are_all_kept(database_url: str) -> None:
    stacks = tuple(f"s{number}" for number in range(6))

    def read(reader: str) -> None:
        with LabelStore.open(database_url) as store:
            for stack in stacks:
                Readings(store=store).finish("first", reader, stack)

    with LabelStore.open(database_url) as store:
        start(Readings(store=store), stacks=stacks, readers=("ana", "bo", "cy"))
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(read, ("ana", "bo", "cy")))
        reading = Readings(store=store).named("first")
    assert reading.state == "unblinded"
    assert [event.number for event in reading.events] == list(range(1, 19))


acts = st.tuples(st.sampled_from(["label", "finish", "reopen"]), st.sampled_from(READERS), st.sampled_from(STACKS))


@settings(max_examples=30, deadline=None)
@given(st.lists(acts, max_size=14))
def test_in_whatever_order_a_label_is_never_seen_too_early(script: list[tuple[str, str, str]]) -> None:
    done: set[tuple[str, str]] = set()
    with LabelStore.open(":memory:") as store:
        rounds = Readings(store=store)
        start(rounds)
        for act, reader, stack in script:
            unblinded = len(done) == 4
            if act == "label":
                store.record([said(reader, stack)])
            elif act == "finish":
                rounds.finish("first", reader, stack)
                done.add((reader, stack))
            elif not unblinded:
                rounds.reopen("first", reader, stack)
                done.discard((reader, stack))
            for viewer in READERS:
                shown = {event for event in rounds.visible(TASK, viewer) if event.reader != viewer}
                others = {event for event in store.current(TASK) if event.reader != viewer}
                assert shown == (others if len(done) == 4 else set())
            assert (rounds.named("first").state == "unblinded") == (len(done) == 4)


def test_the_latest_decision_counts_whatever_readers_say(store: LabelStore) -> None:
    store.record([said("ana", "s1", "IN"), said("bo", "s1", "OBS"), said("ana", "s2"), said("bo", "s2")])
    unit, agreed = UnitKey("s1", 0, 3), UnitKey("s2", 0, 3)
    assert set(store.conflicts(TASK)) == {unit}
    store.record([said("adjudication:cy", "s1", "OAP", "adjudication")])
    store.record([said("adjudication:di", "s1", "OBS", "adjudication")])
    assert store.table(TASK) == {unit: "OBS", agreed: "IN"}
    assert store.conflicts(TASK) == {}
    assert store.table(TASK, "ana") == {unit: "IN", agreed: "IN"}
    store.record([said("bo", "s1", "IN")])
    assert store.table(TASK)[unit] == "OBS"
    store.undo("adjudication:di", TASK)
    assert store.table(TASK)[unit] == "OAP"
    store.undo("adjudication:cy", TASK)
    assert store.table(TASK)[unit] == "IN"


def test_what_undo_would_take_back_can_be_looked_at(store: LabelStore) -> None:
    assert store.latest_act("ana", TASK) == ()
    store.record([said("ana", "s1")])
    second = store.record([said("ana", "s2")])
    assert store.latest_act("ana", TASK) == second
    assert {event.unit for event in store.undo("ana", TASK)} == {event.unit for event in second}
    assert store.latest_act("ana", TASK)[0].unit.stack == "s1"


def test_labels_can_be_asked_by_stack(store: LabelStore) -> None:
    store.record([said(reader, stack) for reader in READERS for stack in STACKS])
    for reader in (None, *READERS):
        expected = tuple(event for event in store.current(TASK, reader) if event.unit.stack == "s1")
        assert store.current(TASK, reader, "s1") == expected
        assert expected


def test_the_quick_answers_are_those_of_the_events(store: LabelStore, rounds: Readings) -> None:
    store.record([said("ana", stack) for stack in STACKS])
    assert [event.unit.stack for event in rounds.visible(TASK, "bo", "s2")] == ["s2"]
    store.record([said("ana", "s1", None), said("bo", "s1")])
    store.undo("bo", TASK)
    for reader in READERS:
        assert store.labelled(TASK, reader) == {event.unit for event in store.current(TASK, reader)}
        assert store.labelled(TASK, reader, "s1") == set()
        events = store.history(task=TASK, reader=reader)
        assert [(act.stack, act.source, act.at) for act in store.acts(TASK, reader)] == [
            (event.unit.stack, event.source, event.at) for event in events
        ], "one slice per stack here, so one event per act and stack"


def test_asking_for_an_opinion_is_kept(store: LabelStore) -> None:
    asked = [
        record_opinion(store, OpinionAsked(reader=reader, task=TASK, stack="s1", phase=1, model="study/tiny"))
        for reader in READERS
    ]
    assert opinions_asked(store, TASK) == tuple(asked)
    assert opinions_asked(store, TASK, "bo") == (asked[1],)
    assert opinions_asked(store, "sax-levels") == ()
    assert asked[0].at.endswith("+00:00")
    with pytest.raises(LabelError, match="known task"):
        record_opinion(store, OpinionAsked(reader="ana", task="colour", stack="s1", phase=1, model="m"))


@pytest.mark.parametrize("table", ["label_account", "label_reading", "label_reading_event", "label_opinion"])
def test_the_database_itself_refuses_to_forget(store: LabelStore, rounds: Readings, table: str) -> None:
    Accounts(engine=store.engine).add("ana")
    start(rounds)
    rounds.finish("first", "ana", "s1")
    record_opinion(store, OpinionAsked(reader="ana", task=TASK, stack="s1", phase=0, model="m"))
    with pytest.raises(sqlalchemy.exc.DatabaseError, match="only ever added"), store.engine.begin() as connection:
        connection.execute(sqlalchemy.text(f"DELETE FROM {table}"))


def test_a_store_from_before_rounds_gains_their_tables(database_url: str) -> None:
    with LabelStore.open(database_url) as store:
        store.record([said("ana", "s1")])
        with store.engine.begin() as connection:
            for table in ("label_reading_event", "label_reading", "label_account", "label_opinion"):
                connection.execute(sqlalchemy.text(f"DROP TABLE {table}"))
    with LabelStore.open(database_url) as store:
        start(Readings(store=store))
        assert len(store.history()) == 1


def test_a_round_goes_on_without_a_stack_that_was_removed(store: LabelStore, rounds: Readings) -> None:
    """And what is said of it when it comes again is bound by nothing that was said or done before."""
    start(rounds)
    for reader in READERS:
        store.record([said(reader, stack) for stack in STACKS])
        rounds.finish("first", reader, "s1")
    rounds.finish("first", "ana", "s2")
    store.remove_stacks(["s1"])
    left = rounds.named("first")
    assert (left.stacks, left.state, set(left.done)) == (("s2",), "blinded", {("ana", "s2")})
    assert rounds.finish("first", "bo", "s2").state == "unblinded"
    assert {unit.stack for labels in rounds.labels(rounds.named("first")).values() for unit in labels} == {"s2"}
    with pytest.raises(LabelError, match="Expected a stack of round"):
        rounds.finish("first", "bo", "s1")
    rounds.check_free((said("ana", "s1"),))
    rounds.open("again", task=TASK, stacks=("s1",), readers=READERS)
    assert rounds.named("again").stacks == ("s1",)
