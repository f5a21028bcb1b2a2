"""A killed run goes on, a failure stops nothing, and the joined list has the promised form."""

import json
from pathlib import Path

import pytest
from benchmarks.pieces import ON_REQUEST, PIECES, chosen
from benchmarks.place import Place
from benchmarks.result import Measured, less_is_better, more_is_better, not_run
from benchmarks.runner import AGAIN, DONE, Runner, keep, publish

LINES = Measured(results=(less_is_better("fit", 2.0, 8.0, "s", "a|b"), not_run("GPU", "min", "no GPU")))


class Bench:
    """Pieces that take no time; `codes` says how each ends, 'killed' as Ctrl-C does."""

    def __init__(self, root: Path, **codes: int) -> None:
        self.place = Place(root=root)
        self.codes = codes
        self.measured: list[str] = []

    def run(self, *pieces: str, fingerprint: str = "code", **options: object) -> int:
        def measure(piece: str) -> int:
            self.measured.append(piece)
            code = self.codes.get(piece, DONE)
            if code < 0:
                raise KeyboardInterrupt
            return keep(self.place, piece, fingerprint, LINES) if code == DONE else code

        runner = Runner(kept=self.place.kept, fingerprint=fingerprint, measure=measure, say=lambda line: None)
        return runner.run(pieces, **options)


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path):
    bench = Bench(tmp_path, two=-1)
    with pytest.raises(KeyboardInterrupt):
        bench.run("one", "two", "three")
    bench.codes.clear()
    assert bench.run("one", "two", "three") == DONE
    assert bench.measured == ["one", "two", "two", "three"]


def test_pieces_are_measured_again_when_asked_or_with_other_code(tmp_path: Path):
    bench = Bench(tmp_path)
    bench.run("one", "sum")
    bench.run("one", "sum", again=True)
    bench.run("one", "sum", fingerprint="other code")
    bench.run("one", "sum", fingerprint="other code", always=frozenset({"sum"}))
    assert bench.measured == ["one", "sum"] * 3 + ["sum"]


@pytest.mark.parametrize(
    ("codes", "worst"), [({"one": 3}, 3), ({"one": AGAIN}, AGAIN), ({"one": AGAIN, "two": 3}, 3), ({}, DONE)]
)
def test_a_failure_stops_nothing_and_is_told(tmp_path: Path, codes: dict[str, int], worst: int):
    bench = Bench(tmp_path, **codes)
    assert bench.run("one", "two", "three") == worst
    assert bench.measured == ["one", "two", "three"]


def test_a_piece_that_is_to_be_called_again_is_not_kept(tmp_path: Path):
    place = Place(root=tmp_path)
    assert keep(place, "gpu", "code", Measured(results=(), again="half done")) == AGAIN
    assert not place.kept.has("gpu", "code")


def test_the_joined_list_and_the_table(tmp_path: Path):
    bench = Bench(tmp_path)
    bench.run("one")
    bench.run("two", fingerprint="older code")
    publish(bench.place, ["one", "two", "never measured"], "code", "a machine")
    lines = json.loads((tmp_path / "bench.json").read_text())
    assert [set(line) for line in lines] == [{"name", "ours", "peer", "ratio", "unit", "note"}] * 4
    assert lines[0] == {"name": "fit", "ours": 2.0, "peer": 8.0, "ratio": 4.0, "unit": "s", "note": "a|b"}
    assert [line["ratio"] for line in lines] == [4.0, None] * 2
    assert [line["note"].startswith("MEASURED WITH OTHER CODE") for line in lines] == [False, False, True, True]
    rows = [row for row in (tmp_path / "bench.md").read_text().splitlines() if row.startswith("|")]
    assert {row.count("|") for row in rows} == {7}
    assert len(rows) == 2 + 4


def test_more_is_better_where_more_is_better():
    assert more_is_better("share", 3.0, 2.0, "GFLOP/s", "").ratio == 1.5


def test_pieces_are_chosen_by_name_or_by_how_they_begin():
    assert chosen([]) == [piece for piece in PIECES if piece not in ON_REQUEST]
    assert chosen(sorted(ON_REQUEST)) == [piece for piece in PIECES if piece in ON_REQUEST]
    assert chosen(["depth1-vgg16", "gpu"]) == ["depth1-vgg16", "gpu"]
    assert len(chosen(["depth1"])) == 9 + 1
    assert chosen(["unknown"]) == []
