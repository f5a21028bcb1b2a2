import csv
from pathlib import Path

import pytest

from medgraft.core.errors import LabelError
from medgraft.core.task import UnitKey
from medgraft.labels import LabelEvent, LabelStore, export_csv, import_csv

SUBJECTS = {"a1": "Änne, no. 1", "b2": "=subject-2"}
EVENTS = [
    LabelEvent(reader=reader, unit=UnitKey(stack, 0, index), task="sax-range", value=value, source="app")
    for reader, stack, index, value in [
        ("ana", "a1", 0, "OBS"),
        ("ana", "a1", 1, "IN"),
        ("bo", "a1", 1, "OAP"),
        ("bo", "b2", 7, "OAP"),
    ]
]
HEADER = "stack,phase,slice,task,label,reader\n"


@pytest.fixture
def store():
    with LabelStore.open(":memory:") as store:
        yield store


def state(store: LabelStore) -> list[tuple[object, ...]]:
    return [(e.reader, e.unit, e.task, e.value, e.at, e.source) for e in store.current("sax-range")]


def test_written_then_read_is_equal(store: LabelStore, tmp_path: Path):
    store.record(EVENTS)
    assert export_csv(store, tmp_path / "labels.csv", SUBJECTS, ["sax-range"]) == 4
    with LabelStore.open(":memory:") as other:
        assert len(import_csv(other, tmp_path / "labels.csv", subjects=SUBJECTS).added) == 4
        assert state(other) == state(store)
        export_csv(other, tmp_path / "again.csv", SUBJECTS, ["sax-range"])
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "labels.csv").read_bytes()


def test_the_sheet_has_the_columns_that_are_documented(store: LabelStore, tmp_path: Path):
    store.record(EVENTS[:1])
    export_csv(store, tmp_path / "labels.csv", SUBJECTS, ["sax-range"])
    with (tmp_path / "labels.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert list(row) == ["subject", "stack", "phase", "slice", "task", "label", "reader", "at", "source"]
    assert (row["subject"], row["stack"], row["slice"], row["label"]) == ("Änne, no. 1", "a1", "0", "OBS")


def test_importing_again_adds_nothing(store: LabelStore, tmp_path: Path):
    store.record(EVENTS)
    export_csv(store, tmp_path / "labels.csv", SUBJECTS, ["sax-range"])
    report = import_csv(store, tmp_path / "labels.csv")
    assert (report.added, report.unchanged) == ((), 4)
    assert len(store.history()) == 4


def test_a_sheet_without_readers_gets_the_one_named_and_survives_a_spreadsheet(store: LabelStore, tmp_path: Path):
    (tmp_path / "labels.csv").write_text("\ufeffstack,phase,slice,task,label\r\na1, 0 ,2,sax-range,IN\r\n")
    (event,) = import_csv(store, tmp_path / "labels.csv", reader="cy").added
    assert (event.reader, event.unit, event.value, event.source) == ("cy", UnitKey("a1", 0, 2), "IN", "csv")
    assert event.detail == "labels.csv line 2"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2026-11-21T10:30:00+01:00", "2026-11-21T09:30:00.000+00:00"),
        ("2026-11-21 09:30", "2026-11-21T09:30:00.000+00:00"),
    ],
)
def test_times_are_kept_in_utc(store: LabelStore, tmp_path: Path, text: str, kept: str):
    (tmp_path / "labels.csv").write_text(f"at,{HEADER}{text},a1,0,0,sax-range,IN,ana\n")
    assert [event.at for event in import_csv(store, tmp_path / "labels.csv").added] == [kept]


def test_every_bad_row_is_counted_and_nothing_is_stored(store: LabelStore, tmp_path: Path):
    bad = ["a1,0,1,sax-range,APEX,ana", "a1,x,1,sax-range,IN,ana", "a1,0,-1,sax-range,IN,ana", "a1,0,1,wish,IN,ana"]
    bad += ["a1,0,1,sax-range,IN,", "zz,0,1,sax-range,IN,ana", "a1,0"]
    (tmp_path / "labels.csv").write_text(HEADER + "a1,0,0,sax-range,IN,ana\n" + "\n".join(bad) + "\n")
    with pytest.raises(LabelError) as caught:
        import_csv(store, tmp_path / "labels.csv", subjects=SUBJECTS)
    text = str(caught.value)
    assert text.startswith("7 bad rows in labels.csv; nothing was stored.")
    assert [f"line {line}:" in text for line in range(2, 10)] == [False, *[True] * 5, False, False]
    assert "and 2 more" in text
    assert store.history() == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stack,phase,slice,label\n", "missing task"),
        ("", "missing stack"),
        ("St\udce4ck,phase", "in UTF-8"),
        (HEADER + "a1,0,99999999999999999999,sax-range,IN,ana\n", "Expected a whole number"),
        (HEADER + "a1,0,0,sax-range,IN,ana\na1,0,0,sax-range,OBS,ana\n", "labels.csv line 3: ana says OBS here and IN"),
        ("subject,stack,phase,slice,task,label,reader\nother,a1,0,0,sax-range,IN,ana\n", "Expected subject Änne"),
        ("at,stack,phase,slice,task,label,reader\nnoon,a1,0,0,sax-range,IN,ana\n", "Expected a time"),
    ],
)
def test_a_sheet_that_cannot_be_used_is_explained(store: LabelStore, tmp_path: Path, text: str, message: str):
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(LabelError, match=message):
        import_csv(store, tmp_path / "labels.csv", subjects=SUBJECTS)
    assert store.history() == ()
