"""What goes over the wire, as pydantic models: the OpenAPI document is made from them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=200)]
Index = Annotated[int, Field(ge=0, lt=2**31)]
ActId = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]


class Body(BaseModel):
    """What a client sends: nothing else is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """What the server sends."""

    model_config = ConfigDict(frozen=True)


class Me(Answer):
    """Who asks, which project is served, and by what."""

    reader: str
    project: str
    project_id: str
    version: str


class StackView(Answer):
    """One stack. edges: letters at the top, right, bottom and left; positions: mm from the first slice."""

    id: str
    subject: str
    series: str
    modality: str
    site: str | None
    split: str | None
    phases: int
    slices: int
    rows: int
    columns: int
    spacing: tuple[float, float, float] | None
    named_phases: dict[str, int]
    base_first: bool | None
    masks: int
    edges: tuple[str, str, str, str] | None
    positions: tuple[float, ...]


class NoteView(Answer):
    """One line of the repair log."""

    kind: str
    code: str
    where: str
    text: str
    count: int


class CohortView(Answer):
    """All stacks of the project."""

    subjects: int
    stacks: tuple[StackView, ...]


class BaseEnd(Body):
    """At which end of a stack the base of the heart is."""

    base_first: bool


class ClassView(Answer):
    """One class of a task."""

    code: str
    name: str
    key: str
    colour: str


class TaskView(Answer):
    """A question that slices are labelled for. along_stack: codes from base to apex, if the anatomy orders them."""

    name: str
    classes: tuple[ClassView, ...]
    along_stack: tuple[str, ...]


class AskedPhase(Answer):
    """One phase that a task asks about, with what the reader said: a code per slice as stored."""

    phase: int
    name: str
    codes: tuple[str | None, ...]


class WorkView(Answer):
    """One stack of a worklist. uncertainty: 0 to 1, where a model is there."""

    stack: StackView
    asked: tuple[AskedPhase, ...]
    uncertainty: float | None


class WorklistView(Answer):
    """What a reader has to do for a task, in order. has_model: whether a model's opinion can be asked for."""

    task: TaskView
    order: str
    has_model: bool
    items: tuple[WorkView, ...]


class RangeAct(Body):
    """First and last IN slice, as stored, in either order: the other slices follow from the anatomy."""

    kind: Literal["range"]
    act: ActId
    stack: Name
    phase: Index
    first: Index
    last: Index


class SliceAct(Body):
    """One slice's label; null takes it back."""

    kind: Literal["slice"]
    act: ActId
    stack: Name
    phase: Index
    slice: Index
    code: Name | None


class BoundariesAct(Body):
    """Counts of slices from the base before each change of class, rising."""

    kind: Literal["boundaries"]
    act: ActId
    stack: Name
    phase: Index
    changes: Annotated[tuple[Index, ...], Field(max_length=20)]


class ProposalAct(Body):
    """A model's proposal, accepted: codes per slice as stored."""

    kind: Literal["proposal"]
    act: ActId
    stack: Name
    phase: Index
    codes: Annotated[tuple[Name, ...], Field(max_length=2000)]
    model: Name


LabelBody = Annotated[RangeAct | SliceAct | BoundariesAct | ProposalAct, Field(discriminator="kind")]


class UndoBody(Body):
    """Which act is meant: its id, and a unit that it labelled. Asking again undoes nothing more."""

    act: ActId
    stack: Name
    phase: Index
    slice: Index


class SavedView(Answer):
    """What is on disk now. at: when, UTC; codes: the reader's labels of that stack and phase, as stored."""

    at: str
    stack: str
    phase: int
    codes: tuple[str | None, ...]


class UndoneView(Answer):
    """What an undo gave; saved is null where nothing was left, or it had been undone already."""

    saved: SavedView | None


class DoneBody(Body):
    """A stack that the reader is done with in a round. Sending it again changes nothing."""

    act: ActId
    stack: Name


class DoneView(Answer):
    """How far the reader is in a round."""

    reading: str
    state: str
    done: int
    stacks: int


class ProgressView(Answer):
    """How far a reader is."""

    stacks: int
    labelled: int
    seconds_per_stack: float | None


class Ask(Body):
    """Which stack and phase a model is asked about."""

    stack: Name
    phase: Index


class OpinionView(Answer):
    """A model's probabilities by slice as stored, then by class; empty where it has no answer for the stack."""

    model: str
    probabilities: dict[int, dict[str, float]]


class ImportBody(Body):
    """What the sent files cannot say about themselves, as `medgraft import` asks it.

    mask_codes: codes of the files' masks and their classes: background, pool, myocardium or rv.
    mask_classes: the classes that the masks label at all. spacing: (z, y, x) in mm of images that say none.
    """

    layout: Name = "auto"
    site: Name | None = None
    short_axis: bool = False
    mask_codes: Annotated[dict[int, Name], Field(max_length=100)] | None = None
    mask_classes: Annotated[tuple[Name, ...], Field(max_length=10)] | None = None
    empty_phases_labelled: bool = False
    spacing: tuple[float, float, float] | None = None


class UploadView(Answer):
    """One import by upload. state: receiving, running, done or failed; text says what came of it."""

    id: str
    state: str
    stage: str
    done: int
    total: int
    text: str
    error: str
