"""Studies, answers and maps as they go over the wire, where that is not what the workspace itself answers.

Routes return values of the workspace; FastAPI reads of them what the view names.
"""

import math
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from medgraft.core.progress import Progress
from medgraft.core.task import ClassLabel
from medgraft.web.api.models import Answer, Body, Name
from medgraft.workspace.kept.study_results import ContrastLine, ResultLine

#: A number that may be undefined; null then.
Defined = Annotated[float | None, BeforeValidator(lambda value: None if math.isnan(value) else value)]

#: A task, by its name.
TaskName = Annotated[str, BeforeValidator(lambda task: task.name)]


class StudyProgressView(Answer):
    """How far a study is; which process it is, is nobody's business.

    bars: the whole study first. seconds_left: about; null while nothing can be said.
    """

    name: str
    state: Literal["starting", "running", "stopped", "failed", "finished"]
    bars: tuple[Progress, ...]
    seconds: float
    seconds_left: float | None
    error: str


class NewStudy(Body):
    """A study file as YAML text, with at least its name and its networks."""

    text: Annotated[str, Field(min_length=1, max_length=50_000)]


class ModelView(Answer):
    """One network at one depth. loss: validation loss at the choice, mean over seeds."""

    id: str
    title: str
    network: str
    weights: str
    depth: str
    rate: float
    epoch: int
    loss: float


class StudyView(Answer):
    """What a finished study found. best: the model with the lowest validation loss."""

    name: str
    task: TaskName
    sets: tuple[str, ...]
    best: str
    models: tuple[ModelView, ...]
    lines: tuple[ResultLine, ...]
    contrasts: tuple[ContrastLine, ...]
    lost: tuple[str, ...]


class DifferenceView(Answer):
    """`a` minus `b` in one figure, paired over patients, with a 95 % interval."""

    metric: str
    value_a: float
    value_b: float
    value: float
    low: Defined
    high: Defined
    p_value: Defined


class ComparisonView(Answer):
    """Two models on the images that both answered for. only_a, only_b: images that one alone answered for."""

    images: int
    subjects: int
    only_a: int
    only_b: int
    differences: tuple[DifferenceView, ...]


class AnswersView(Answer):
    """Answers of one model, column by column; truth, plain and joint are places in `classes`.

    slice: from the base. stored, phase_at: where the image is stored; -1 where it is gone. joint: null where the task
    has no order along the stack. scores: a list per image, one number per class.
    """

    study: str
    model: str
    on: str
    classes: tuple[ClassLabel, ...]
    stack: tuple[str, ...]
    subject: tuple[str, ...]
    site: tuple[str, ...]
    phase: tuple[str, ...]
    phase_at: tuple[int, ...]
    slice: tuple[int, ...]
    slices: tuple[int, ...]
    stored: tuple[int, ...]
    fold: tuple[int, ...]
    truth: tuple[int, ...]
    plain: tuple[int, ...]
    joint: tuple[int, ...] | None
    scores: tuple[tuple[float, ...], ...]


class MapView(Answer):
    """The map of a model's images. state: absent, computing, ready or failed; sets: of answers, in the points' order.

    x, y: a place per image, null where its stack is gone.
    """

    state: Literal["absent", "computing", "ready", "failed"]
    images: int
    error: str
    x: tuple[float | None, ...]
    y: tuple[float | None, ...]
    sets: tuple[AnswersView, ...]


class NewWorklist(Body):
    """Stacks to be looked at. why: where the list comes from, for people."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    stacks: Annotated[tuple[Name, ...], Field(min_length=1, max_length=20_000)]
    why: Annotated[str, Field(max_length=200)] = ""
