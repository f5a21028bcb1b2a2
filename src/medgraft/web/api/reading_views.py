"""Rounds of reading over the wire."""

from typing import Annotated

from pydantic import Field

from medgraft.web.api.models import ActId, Answer, Body, ClassView, Index, Name, StackView


class ReaderView(Answer):
    """Where a reader of a round is. seconds_per_stack: the median; last_at: of the latest label, UTC."""

    reader: str
    stacks: int
    labelled: int
    done: int
    finished: bool
    asked: int
    seconds_per_stack: float | None
    last_at: str | None


class RoundView(Answer):
    """A round of blinded reading. mine: whether the one who asks reads in it."""

    name: str
    task: str
    state: str
    stacks: int
    mine: bool
    readers: tuple[ReaderView, ...]
    opened_at: str
    opened_by: str
    closed_at: str | None


class RoundsView(Answer):
    """All rounds, oldest first, and what the one who asks may do.

    accounts: whom a round can be opened for; empty for those who may not open one.
    """

    rounds: tuple[RoundView, ...]
    may_open: bool
    may_decide: bool
    accounts: tuple[str, ...]


class NewRound(Body):
    """A round to open. stacks: ids in the order of work; null: all that the task asks about."""

    name: Name
    task: Name
    readers: Annotated[tuple[Name, ...], Field(min_length=1, max_length=50)]
    stacks: Annotated[tuple[Name, ...], Field(max_length=20_000)] | None = None


class ReopenBody(Body):
    """A stack that the reader wants to go on with."""

    stack: Name


class RoundWork(Answer):
    """One stack of a reader's round. units: slices to label; labelled: how many are."""

    stack: str
    subject: str
    site: str | None
    slices: int
    units: int
    labelled: int
    done: bool


class IntervalView(Answer):
    """A figure with its 95 % interval; null where it is undefined."""

    value: float | None
    low: float | None
    high: float | None


class DifferencesView(Answer):
    """How two readers' positions differ over n stacks: the first's less the second's.

    lower, upper: limits of agreement.
    """

    n: int
    mean: IntervalView
    absolute: IntervalView
    lower: IntervalView
    upper: IntervalView


class BoundaryView(Answer):
    """Agreement on one boundary, for example "OBS|IN"."""

    boundary: str
    slices: DifferencesView
    mm: DifferencesView | None


class PairView(Answer):
    """How far two readers agree. agreement: share of equal labels; kappa: Cohen's, and weighted along the stack."""

    readers: tuple[str, str]
    units: int
    agreement: IntervalView
    kappa: IntervalView
    linear: IntervalView | None
    quadratic: IntervalView | None
    boundaries: tuple[BoundaryView, ...]


class PointView(Answer):
    """Where each reader set the boundaries of a stack at a phase, in slices from the base. between: mm."""

    stack: str
    subject: str
    phase_name: str
    between: float | None
    changes: dict[str, tuple[int, ...]]


class AgreementView(Answer):
    """How far the readers of a round agree. left_out: how many stacks not all were done with."""

    reading: str
    task: str
    readers: tuple[str, ...]
    subjects: int
    stacks: int
    units: int
    left_out: int
    fleiss: IntervalView | None
    pairs: tuple[PairView, ...]
    points: tuple[PointView, ...]


class DecisionView(Answer):
    """What was decided, by whom, when (UTC). codes: as stored."""

    by: str
    at: str
    codes: tuple[str | None, ...]


class SaidView(Answer):
    """What one reader said of all slices, as stored."""

    reader: str
    codes: tuple[str, ...]


class DisagreementView(Answer):
    """A stack at a phase that readers label differently. differing: the stored slices in question."""

    stack: StackView
    phase: int
    phase_name: str
    said: tuple[SaidView, ...]
    differing: tuple[int, ...]
    decision: DecisionView | None


class DisagreementsView(Answer):
    """Everything that the readers of a round disagree on, in the order of its stacks."""

    reading: str
    task: str
    classes: tuple[ClassView, ...]
    along_stack: tuple[str, ...]
    items: tuple[DisagreementView, ...]


class DecisionBody(Body):
    """A decision: codes of all slices, as stored."""

    act: ActId
    stack: Name
    phase: Index
    codes: Annotated[tuple[Name, ...], Field(max_length=2000)]
