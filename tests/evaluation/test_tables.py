"""The result table on disk holds the numbers of the library, in the same bytes every time."""

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np

from medgraft.core.predictions import Predictions
from medgraft.evaluation import (
    Candidate,
    ResultRow,
    bootstrap,
    metrics_for,
    result_table,
    write_table_csv,
    write_table_json,
)

from .conftest import MakeTable


def rows_for(table: Predictions) -> tuple[ResultRow, ...]:
    known = dataclasses.replace(table, y_true=np.where(table.slice == 0, -1, table.y_true))
    candidates = [
        Candidate(model="one", decision="argmax", arm=known),
        Candidate(model="one", decision="stack", arm=[known, known], y_pred=[known.y_pred * 0] * 2),
        Candidate(model="rare", decision="argmax", arm=known.rows(known.y_true != 0)),
    ]
    return result_table(candidates, n=50, seed=3)


def test_rows_are_the_bootstrap_of_each_candidate(make_table: MakeTable) -> None:
    table = make_table(seed=1)
    one, stack, rare = rows_for(table)
    known = table.rows(table.slice > 0)
    assert one.figures == bootstrap(known, n=50, seed=3)
    assert stack.figures == bootstrap(known, y_pred=known.y_pred * 0, n=50, seed=3)
    assert (one.n_subjects, one.n_rows, one.n_seeds, stack.n_seeds) == (12, len(known), 1, 2)
    assert np.isnan(rare.figures["f1_OAP"].value)


def test_csv_and_json_hold_the_same_numbers(make_table: MakeTable, tmp_path: Path) -> None:
    rows = rows_for(make_table(seed=2))
    write_table_csv(rows, tmp_path / "table.csv")
    write_table_json(rows, tmp_path / "table.json")
    lines = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
    plain = json.loads((tmp_path / "table.json").read_text())
    for row, line, entry in zip(rows, lines, plain, strict=True):
        assert (line["model"], int(line["n_rows"])) == (entry["model"], entry["n_rows"]) == (row.model, row.n_rows)
        for name, interval in row.figures.items():
            cells = [line[name], line[f"{name}_low"], line[f"{name}_high"]]
            shown = [entry["figures"][name][part] for part in ("value", "low", "high")]
            assert [None if cell == "" else float(cell) for cell in cells] == shown
            truth = [interval.value, interval.low, interval.high]
            np.testing.assert_allclose([np.nan if cell is None else cell for cell in shown], truth, rtol=1e-8)


def test_columns_and_bytes_are_stable(make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table(seed=3)
    for name in ("a", "b"):
        write_table_csv(rows_for(table), tmp_path / f"{name}.csv")
        write_table_json(rows_for(table), tmp_path / f"{name}.json")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    header = (tmp_path / "a.csv").read_text().splitlines()[0].split(",")
    assert header[:5] == ["model", "decision", "n_subjects", "n_rows", "n_seeds"]
    assert header[5::3] == list(metrics_for(table.classes))
