"""A round from sign-in to adjudication, and what it says about its readers."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from medgraft.core.errors import InputError, LabelError, NotFoundError
from medgraft.core.predictions import Predictions
from medgraft.core.stack import FoundStack
from medgraft.core.task import SAX_RANGE, UnitKey
from medgraft.phantoms import PhantomHeart
from medgraft.workspace import (
    Project,
    add_reader,
    adjudicate,
    adjudicator,
    close_reading,
    correct_stack,
    disagreements,
    finish_labelled,
    finish_stack,
    label_range,
    label_slice,
    label_status,
    labels_seen_by,
    list_readers,
    list_readings,
    open_reading,
    reading_status,
    renew_reader,
    sign_in,
    undo_labels,
    withdraw_reader,
    worklist,
)
from medgraft.workspace.reading.agreement import reading_agreement
from medgraft.workspace.reading.points import boundary_points

FEW = {"n": 50}


@pytest.fixture
def stacks(project: Project) -> list[str]:
    """Three stacks of 9, 10 and 9 slices at ED and ES, and four readers."""
    for name, role in (("ana", "reader"), ("bo", "reader"), ("cy", "reader"), ("di", "adjudicator")):
        add_reader(project, name, role=role)  # type: ignore[arg-type]  # the roles above
    with project.cohort() as cohort:
        return [entry.id for entry in cohort.entries()]


def read(project: Project, reader: str, stacks: Sequence[str], first: int = 1, last: int = 5) -> None:
    for stack in stacks:
        for phase in (0, 1):
            label_range(project, reader=reader, stack=stack, phase=phase, first=first, last=last)
        finish_stack(project, reading="first", reader=reader, stack=stack)


def test_readers_come_and_go(project: Project, stacks: list[str]) -> None:
    token = renew_reader(project, "ana").token
    assert sign_in(project, "ana", token) == list_readers(project)[0]
    withdraw_reader(project, "ana")
    assert sign_in(project, "ana", token) is None
    with pytest.raises(LabelError, match="medgraft readers add"):
        open_reading(project, "first", readers=["ana", "bo"])


def test_a_round_goes_from_blinded_to_decided(project: Project, stacks: list[str]) -> None:
    open_reading(project, "first", readers=["ana", "bo"], by="di")
    read(project, "ana", stacks)
    for verb in (reading_agreement, disagreements):
        with pytest.raises(LabelError, match="blinded: bo has 3 stacks left"):
            verb(project, "first")
    with pytest.raises(LabelError, match="blinded"):
        adjudicate(project, reading="first", by="di", stack=stacks[0], phase=0, codes=["IN"] * 9)
    assert {event.reader for event in labels_seen_by(project, "bo")} == set()
    read(project, "bo", stacks[:2])
    read(project, "bo", stacks[2:], last=6)
    assert reading_status(project, "first").state == "unblinded"
    assert {event.reader for event in labels_seen_by(project, "bo")} == {"ana", "bo"}

    found = disagreements(project, "first")
    assert [(d.stack, d.phase_name, d.differing, d.decision) for d in found] == [
        (stacks[2], "ed", (6,), None),
        (stacks[2], "es", (6,), None),
    ]
    assert found[0].changes == {"ana": (1, 6), "bo": (1, 7)}
    assert label_status(project).conflicts == 2
    decided = adjudicate(
        project, reading="first", by="di", stack=stacks[2], phase=0, codes=found[0].said["bo"], act="key-1"
    )
    assert (decided.reader, decided.codes) == (adjudicator("di"), found[0].said["bo"])
    with project.labels() as store:
        assert store.table("sax-range")[UnitKey(stacks[2], 0, 6)] == "IN"
        (last,) = store.history(UnitKey(stacks[2], 0, 6))[-1:]
    assert (last.source, last.detail) == ("adjudication", "round first")
    after, other = disagreements(project, "first")
    assert after.decision is not None
    assert (after.decision.by, after.decision.codes, other.decision) == ("di", decided.codes, None)
    assert label_status(project).conflicts == 1
    assert undo_labels(project, reader=adjudicator("di")) is not None
    assert label_status(project).conflicts == 2


def test_agreement_is_that_of_the_labels_when_done(project: Project, stacks: list[str]) -> None:
    open_reading(project, "first", readers=["ana", "bo", "cy"])
    read(project, "ana", stacks)
    read(project, "bo", stacks, last=6)
    read(project, "cy", stacks)
    found = reading_agreement(project, "first", **FEW)
    n = 2 * (9 + 10 + 9)
    assert (found.subjects, found.stacks, found.units, found.left_out) == (3, 3, n, ())
    assert [pair.readers for pair in found.pairs] == [("ana", "bo"), ("ana", "cy"), ("bo", "cy")]
    assert found.fleiss is not None
    ana_bo, ana_cy, _ = found.pairs
    with project.labels() as store:
        a, b = (list(store.table("sax-range", reader).values()) for reader in ("ana", "bo"))
    assert ana_bo.kappa.value == pytest.approx(cohen_kappa_score(a, b))
    along = list(SAX_RANGE.along_stack)
    assert ana_bo.linear is not None
    assert ana_bo.linear.value == pytest.approx(cohen_kappa_score(a, b, labels=along, weights="linear"))
    assert ana_cy.agreement.value == ana_cy.kappa.value == 1
    base, apex = ana_bo.boundaries
    assert (base.boundary, base.slices.mean.value) == ("OBS|IN", 0)
    assert (apex.boundary, apex.slices.mean.value, apex.slices.absolute.value) == ("IN|OAP", -1, 1)
    with project.cohort() as cohort:
        spacings = [entry.spacing[0] for entry in cohort.entries() if entry.spacing]
    assert apex.mm is not None
    assert apex.mm.absolute.value == pytest.approx(np.mean(spacings))
    close_reading(project, "first")
    label_range(project, reader="bo", stack=stacks[0], phase=0, first=3, last=4)
    assert reading_agreement(project, "first", **FEW) == found


def test_across_slices_that_are_not_equally_far_apart_boundaries_have_no_distance_in_mm(
    tmp_path: Path, hearts: tuple[PhantomHeart, ...]
) -> None:
    """Of a stack that lacks a slice a boundary moved by one slice is moved by nobody knows how many mm."""
    project = Project.create(tmp_path / "gap")
    add_reader(project, "ana")
    add_reader(project, "bo")
    with project.cohort() as cohort:
        for number, heart in enumerate(hearts):
            affines = heart.stack.affines.copy()
            affines[-1, :3, 3] += (number == 0) * (affines[-1, :3, 3] - affines[-2, :3, 3])
            cohort.add(FoundStack(stack=replace(heart.stack, affines=affines), subject=heart.subject, series_key="sax"))
        entries = cohort.entries()
    open_reading(project, "first", readers=["ana", "bo"])
    ids = [entry.id for entry in entries]
    read(project, "ana", ids)
    read(project, "bo", ids, last=6)
    (pair,) = reading_agreement(project, "first", **FEW).pairs
    even = [entry.even_spacing[0] for entry in entries if entry.even_spacing]
    assert len(even) == 2
    assert pair.boundaries[1].mm is not None
    assert pair.boundaries[1].mm.absolute.value == pytest.approx(np.mean(even))
    assert sum(point.between is None for point in boundary_points(project, "first")) == 2


def test_a_round_closed_early_speaks_of_what_was_read(project: Project, stacks: list[str]) -> None:
    open_reading(project, "first", readers=["ana", "bo"], stacks=stacks[::-1])
    read(project, "ana", stacks)
    close_reading(project, "first", by="di")
    with pytest.raises(LabelError, match="two readers were done with"):
        reading_agreement(project, "first")
    assert disagreements(project, "first") == ()
    open_reading(project, "second", readers=["ana", "bo"], stacks=stacks)
    for reader in ("ana", "bo"):
        for phase in (0, 1):
            label_range(project, reader=reader, stack=stacks[1], phase=phase, first=2, last=5)
    assert finish_labelled(project, reading="second", reader="ana").readers[0].done == 3
    assert finish_labelled(project, reading="second", reader="bo").readers[1].done == 1
    close_reading(project, "second")
    found = reading_agreement(project, "second", **FEW)
    assert (found.stacks, found.left_out, found.fleiss) == (1, (stacks[0], stacks[2]), None)
    assert np.isnan(found.pairs[0].kappa.low), "one patient has no interval"
    assert [status.name for status in list_readings(project)] == ["first", "second"]


def test_done_needs_all_labels(project: Project, stacks: list[str]) -> None:
    open_reading(project, "first", readers=["ana", "bo"])
    label_range(project, reader="ana", stack=stacks[0], phase=0, first=1, last=5)
    with pytest.raises(LabelError, match="none of 9: es slice 0"):
        finish_stack(project, reading="first", reader="ana", stack=stacks[0])
    with pytest.raises(NotFoundError, match="imported stack"):
        finish_stack(project, reading="first", reader="ana", stack="none")
    label_range(project, reader="ana", stack=stacks[0], phase=1, first=1, last=5)
    step = finish_stack(project, reading="first", reader="ana", stack=stacks[0])
    assert (step.state, step.done, step.stacks) == ("blinded", 1, 3)


def test_only_those_who_may_decide(project: Project, stacks: list[str]) -> None:
    open_reading(project, "first", readers=["ana", "bo"])
    close_reading(project, "first")
    codes = ["IN"] * 9
    place = {"reading": "first", "stack": stacks[0], "phase": 0, "codes": codes}
    with pytest.raises(LabelError, match="'ana', reader"):
        adjudicate(project, by="ana", **place)
    withdraw_reader(project, "di")
    with pytest.raises(LabelError, match="'di', withdrawn"):
        adjudicate(project, by="di", **place)
    renew_reader(project, "di")
    with pytest.raises(InputError, match="Expected 9 codes"):
        adjudicate(project, by="di", **{**place, "codes": codes[1:]})
    assert adjudicate(project, by="di", **place).events == 9


def test_stacks_that_cannot_be_read_are_told_at_the_start(project: Project, stacks: list[str]) -> None:
    with pytest.raises(InputError, match="imported stack"):
        open_reading(project, "first", readers=["ana", "bo"], stacks=["none"])
    correct_stack(project, stacks[0], phases={"rest": 0})
    with pytest.raises(InputError, match="--phase ed=0"):
        open_reading(project, "first", readers=["ana", "bo"], stacks=stacks)
    assert open_reading(project, "first", readers=["ana", "bo"]).stacks == 2
    with project.cohort() as cohort:
        cohort.set_base_first(stacks[1], None)
    with pytest.raises(InputError, match="--base first"):
        open_reading(project, "second", readers=["ana", "bo"], task="sax-levels")


def opinion(stacks: Sequence[str], sure: Sequence[float]) -> Predictions:
    """A model that is as sure of IN as told, one row per stack."""
    n = len(stacks)
    text = {name: np.full(n, "x") for name in ("subject", "site", "phase")}
    numbers = {name: np.zeros(n, np.int64) for name in ("slice", "n_slices", "fold", "y_true")}
    rest = [(1 - share) / 2 for share in sure]
    scores = np.stack([rest, sure, rest], axis=1)
    return Predictions(**text, **numbers, stack=np.array(stacks), y_score=scores, classes=SAX_RANGE.codes)


def test_work_comes_in_the_order_asked_for(project: Project, stacks: list[str]) -> None:
    for phase in (0, 1):
        label_range(project, reader="ana", stack=stacks[0], phase=phase, first=1, last=5)
    label_slice(project, reader="ana", stack=stacks[1], phase=0, slice=0, code="IN")
    a, b, c = stacks
    predictions = opinion([a, c], [0.4, 0.9])
    assert [item.stack for item in worklist(project, "ana")] == [a, b, c]
    assert [item.stack for item in worklist(project, "ana", order="unlabelled")] == [b, c, a]
    uncertain = worklist(project, "ana", order="uncertain", predictions=predictions)
    assert [item.stack for item in uncertain] == [c, b, a], "labelled last, not asked about after asked about"
    assert [(item.labelled, item.units) for item in uncertain] == [(0, 18), (1, 20), (18, 18)]
    by_bo = worklist(project, "bo", order="uncertain", predictions=predictions)
    assert [item.stack for item in by_bo] == [a, c, b]
    assert [item.uncertainty is None for item in by_bo] == [False, False, True]
    with pytest.raises(InputError, match="Do: run a study"):
        worklist(project, "ana", order="uncertain")
    with pytest.raises(InputError, match="Available: listed, unlabelled, uncertain"):
        worklist(project, "ana", order="random")  # type: ignore[arg-type]  # a mistake


def test_a_round_has_its_own_worklist(project: Project, stacks: list[str]) -> None:
    open_reading(project, "first", readers=["ana", "bo"], stacks=[stacks[2], stacks[0]])
    read(project, "ana", [stacks[0]])
    items = worklist(project, "ana", reading="first")
    assert [(item.stack, item.done) for item in items] == [(stacks[2], False), (stacks[0], True)]
    with pytest.raises(LabelError, match="Available: ana, bo"):
        worklist(project, "cy", reading="first")
    ana, bo = reading_status(project, "first").readers
    assert (ana.labelled, ana.done, ana.finished, bo.labelled) == (1, 1, False, 0)
    assert ana.last_at is not None
