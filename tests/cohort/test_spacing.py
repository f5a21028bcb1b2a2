"""A spacing that a user says: places follow, what the source says is never lost, and the log tells."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medgraft.cohort import Cohort, ImportOptions, entry_of, import_source
from medgraft.cohort.spacing import at_spacing
from medgraft.core.errors import InputError, NotFoundError
from medgraft.core.geometry import normal_of, positions_along
from medgraft.core.seeds import rng
from medgraft.core.stack import FoundStack, Stack

STEPS = st.tuples(*[st.floats(0.01, 50)] * 3)


def slices(numbers: list[float]) -> np.ndarray:
    """Slices of a picture table, at their numbers."""
    affines = np.tile(np.eye(4), (len(numbers), 1, 1))
    affines[:, 2, 3] = numbers
    return affines


def pictures(root: Path, numbers: tuple[int, ...] = (1, 2, 3)) -> Path:
    """One patient's slices as pictures, with a table."""
    root.mkdir()
    lines = ["path,subject,series,slice"]
    for number in numbers:
        values = rng("spacing", number).integers(0, 255, (9, 8), np.uint8)
        Image.fromarray(values).save(root / f"{number}.png")
        lines.append(f"{number}.png,P1,sax,{number}")
    (root / "index.csv").write_text("\n".join(lines) + "\n")
    return root


@given(STEPS, STEPS, st.floats(-1.5, 1.5))
def test_distances_become_the_given_ones_and_directions_stay(said, spacing, turn):
    """On tilted slices of a known spacing; what is given twice is as if given once, and the source's own restores."""
    about = np.array([[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0], [0, 0, 1.0]])
    affines = np.tile(np.eye(4), (4, 1, 1))
    affines[:, :3, :3] = about @ np.diag([said[2], said[1], 1.0])
    affines[:, :3, 3] = 7.0 + np.arange(4)[:, None] * said[0] * normal_of(affines[0])
    changed = at_spacing(affines, spacing, said)
    np.testing.assert_allclose(np.linalg.norm(changed[:, :3, 0], axis=1), spacing[2])
    np.testing.assert_allclose(np.linalg.norm(changed[:, :3, 1], axis=1), spacing[1])
    np.testing.assert_allclose(np.abs(np.diff(positions_along(changed, normal_of(changed[0])))), spacing[0])
    np.testing.assert_allclose(normal_of(changed[0]), normal_of(affines[0]), atol=1e-9)
    np.testing.assert_allclose(changed[0, :3, 3], affines[0, :3, 3])
    np.testing.assert_allclose(at_spacing(changed, said, spacing), affines, atol=1e-6)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([5.0], [5.0]),
        ([1.0, 2.0, 4.0], [1.0, 9.0, 25.0]),
        ([10.0, 30.0, 20.0], [10.0, 26.0, 18.0]),
        ([3.0] * 3, [3, 11, 19]),
    ],
    ids=["one slice", "a gap", "steps of ten", "no places at all"],
)
def test_slices_that_know_numbers_alone_get_places(numbers, expected):
    places = at_spacing(slices(numbers), (8.0, 1.5, 1.5), None)[:, 2, 3]
    np.testing.assert_allclose(places, expected)


def test_a_given_spacing_is_kept_and_the_sources_own_word_undoes_it(tmp_path, found):
    with Cohort.open(tmp_path) as cohort:
        entry = cohort.add(found(mask=True))
        changed = cohort.set_spacing(entry.id, (4.0, 1.5, 0.75))
        assert (changed.id, changed.mask_digest) == (entry.id, entry.mask_digest)
        assert changed.even_spacing == (4.0, 1.5, 0.75)
    with Cohort.open(tmp_path) as cohort:
        assert cohort.entry(entry.id) == changed
        assert cohort.take(found(mask=True)) == (changed, False)  # importing again undoes nothing
        assert cohort.set_spacing(entry.id, entry.spacing) == entry


def test_where_the_patients_axes_run_is_never_made_up(cohort):
    stack = Stack(pixels=np.ones((1, 3, 4, 4), np.uint8), affines=slices([1, 2, 3]), spacing=None)
    entry = cohort.add(FoundStack(stack=stack, subject="A", series_key="a"))
    changed = cohort.set_spacing(entry.id, (8.0, 1.5, 1.5))
    assert (entry.directions_known, changed.directions_known) == (False, False)
    assert (
        replace(changed, spacing=None, affines=entry.affines)
        == entry
        == entry_of(replace(FoundStack(stack=stack, subject="A", series_key="a")))
    )


@pytest.mark.parametrize("spacing", [(0, 1, 1), (8, -1, 1), (8, 1, math.nan), (8, 1, math.inf), (8, 1, 1000), (8, 1)])
def test_a_spacing_that_nothing_can_have_is_refused(cohort, found, spacing):
    entry = cohort.add(found())
    with pytest.raises(InputError, match="three numbers in mm"):
        cohort.set_spacing(entry.id, spacing)
    with pytest.raises(InputError, match="three numbers in mm"):
        ImportOptions(spacing=spacing)
    assert cohort.entries() == (entry,)
    with pytest.raises(NotFoundError, match="id of an imported stack"):
        cohort.set_spacing("0" * 16, (8.0, 1.0, 1.0))


def test_an_import_says_the_spacing_of_pictures_at_once_or_later(tmp_path):
    source, options = pictures(tmp_path / "pictures"), ImportOptions(spacing=(8.0, 1.5, 1.5))
    with Cohort.open(tmp_path / "once") as once, Cohort.open(tmp_path / "later") as later:
        (entry,) = import_source(source, once, options=options).added
        (bare,) = import_source(source, later).added
        assert (bare.spacing, bare.id) == (None, entry.id)
        assert import_source(source, later, options=options).known == once.entries() == later.entries() == (entry,)
        assert entry.even_spacing == (8.0, 1.5, 1.5)
        assert [(note.kind, note.code) for note in later.notes()] == [("repaired", "spacing-given")]
        again = import_source(source, later, options=options)
        assert (again.known, again.notes) == ((entry,), ())


def test_an_import_leaves_a_spacing_that_is_known(tmp_path, cohort):
    source = pictures(tmp_path / "pictures")
    import_source(source, cohort, options=ImportOptions(spacing=(8.0, 1.5, 1.5)))
    report = import_source(source, cohort, options=ImportOptions(spacing=(9.0, 1.5, 1.5)))
    assert [entry.spacing for entry in report.known] == [(8.0, 1.5, 1.5)]
    assert [(note.kind, note.code) for note in report.notes] == [("noticed", "spacing-kept")]


def test_stopped_between_a_spacing_and_its_note_neither_is_there_and_the_next_import_has_both(
    tmp_path, cohort, monkeypatch
):
    source, options = pictures(tmp_path / "pictures"), ImportOptions(spacing=(8.0, 1.5, 1.5))
    with monkeypatch.context() as patch:
        patch.setattr(Cohort, "update_import", _stop)
        with pytest.raises(KeyboardInterrupt):
            import_source(source, cohort, options=options)
    assert ([entry.spacing for entry in cohort.entries()], cohort.notes()) == ([None], ())
    import_source(source, cohort, options=options)
    assert [entry.spacing for entry in cohort.entries()] == [options.spacing]
    assert [note.code for note in cohort.notes()] == ["spacing-given"]


def _stop(*_):
    raise KeyboardInterrupt
