"""Predictions: what is written is what is read, and stacks are whole."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medgraft.core.errors import InputError
from medgraft.core.predictions import Predictions
from medgraft.core.seeds import rng

NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=6) | st.just("=1+1")
TEXT, WHOLE = ("subject", "site", "stack", "phase"), ("slice", "n_slices", "fold", "y_true")


@st.composite
def tables(draw: st.DrawFn, min_rows: int = 0) -> Predictions:
    n, n_classes = draw(st.integers(min_rows, 8)), draw(st.integers(1, 3))
    # Stacks and phases come from few names, so that rows share them.
    names = dict.fromkeys(TEXT, NAMES) | {"stack": st.sampled_from(["", "a"]), "phase": st.sampled_from(["ed", "es"])}
    text = {name: np.array(draw(st.lists(names[name], min_size=n, max_size=n)), np.str_) for name in TEXT}
    whole = {name: np.array(draw(st.lists(st.integers(-1, 40), min_size=n, max_size=n)), np.int64) for name in WHOLE}
    scores = rng(draw(st.integers(0, 99))).dirichlet(np.ones(n_classes), n).reshape(n, n_classes)
    return Predictions(**text, **whole, y_score=scores, classes=tuple("abc"[:n_classes]))


@given(tables())
@settings(max_examples=60, deadline=None)
def test_written_then_read_is_equal(tmp_path_factory: pytest.TempPathFactory, table: Predictions) -> None:
    folder = tmp_path_factory.mktemp("round")
    table.write_csv(folder / "one.csv")
    back = Predictions.read_csv(folder / "one.csv")
    assert back.classes == table.classes
    for name in (*TEXT, *WHOLE):
        np.testing.assert_array_equal(getattr(back, name), getattr(table, name))
    np.testing.assert_allclose(back.y_score, table.y_score, rtol=1e-8)
    back.write_csv(folder / "two.csv")
    assert (folder / "two.csv").read_bytes() == (folder / "one.csv").read_bytes()


@given(tables(min_rows=1))
@settings(max_examples=60, deadline=None)
def test_stacks_part_the_rows_by_stack_and_phase_in_slice_order(table: Predictions) -> None:
    parts = table.stacks()
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(table)))
    keys = [{(table.stack[i], table.phase[i]) for i in part} for part in parts]
    assert all(len(key) == 1 for key in keys)
    assert len(set().union(*keys)) == len(parts)
    assert all((np.diff(table.slice[part]) >= 0).all() for part in parts)


@given(tables(min_rows=1))
@settings(max_examples=30, deadline=None)
def test_rows_by_mask_and_by_position_are_the_same(table: Predictions) -> None:
    mask = table.slice % 2 == 0
    by_mask, by_place = table.rows(mask), table.rows(np.flatnonzero(mask))
    np.testing.assert_array_equal(by_mask.y_score, by_place.y_score)
    np.testing.assert_array_equal(by_mask.y_pred, table.y_pred[mask])
    assert len(by_mask) == mask.sum()


@given(tables(min_rows=1))
@settings(max_examples=30, deadline=None)
def test_parts_joined_are_the_whole(table: Predictions) -> None:
    rows = np.arange(len(table))
    back = Predictions.joined([table.rows(rows[:1]), table.rows(rows[1:])])
    assert back.classes == table.classes
    for name in (*TEXT, *WHOLE, "y_score"):
        np.testing.assert_array_equal(getattr(back, name), getattr(table, name))


HEADER = "subject,site,stack,phase,slice,n_slices,fold,y_true,score_a,score_b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "subject,site\n",
        f"{HEADER}\np,,s,ed,0,1,0,0,0.5\n",
        f"{HEADER}\np,,s,ed,0,1,0,0,0.5,0.5\np\n",
        f"{HEADER}\np,,s,ed,0,1,0,0,0.5,0.5\np,,s,ed,1,1,0,0,0.5,0.5,0.5\n",
        f"{HEADER}\np,,s,ed,0,1,0,0,0.5,0.5,0.5\n",
        f"{HEADER}\np,,s,ed,zero,1,0,0,0.5,0.5\n",
        f"{HEADER}\np,,s,ed,0,1,0,0,half,0.5\n",
    ],
    ids=["empty", "columns", "short line", "ragged", "one longer", "longer", "whole number", "score"],
)
def test_a_damaged_file_is_explained(text: str, tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=r"predictions\.csv"):
        Predictions.read_csv(path)


def test_columns_that_do_not_fit_are_explained() -> None:
    columns = {name: np.array(["x"]) for name in TEXT} | {name: np.zeros(1, np.int64) for name in WHOLE}
    with pytest.raises(InputError, match="score columns"):
        Predictions(**columns, y_score=np.ones((1, 2)), classes=("a",))
    with pytest.raises(InputError, match="one length"):
        Predictions(**{**columns, "fold": np.zeros(2, np.int64)}, y_score=np.ones((1, 1)), classes=("a",))
