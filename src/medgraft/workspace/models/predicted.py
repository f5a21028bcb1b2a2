"""What a model answers for new images: slices with their classes, or stacks with masks and figures."""

from dataclasses import dataclass

from medgraft.core.cohort import ImportNote
from medgraft.workspace.measuring.measured import StackMeasures


@dataclass(frozen=True, kw_only=True)
class SliceAnswer:
    """One slice of a stack.

    slice: 1 is the most basal. probabilities: by class code. plain: the class of the highest. joint: the class when the
    whole stack is decided as one; None where the task has no order along the stack.
    """

    subject: str
    stack: str
    phase: str
    slice: int
    slices: int
    probabilities: dict[str, float]
    plain: str
    joint: str | None


@dataclass(frozen=True, kw_only=True)
class MaskAnswer:
    """One stack.

    phases: that were looked at, by name or number. not_found: structures of which nothing was seen, with the phases
    where it was seen at others, such as "pool at es". measured: figures of the mask. mask, image, sheet: files that
    were written, None where they were not.
    """

    subject: str
    stack: str
    phases: tuple[str, ...]
    not_found: tuple[str, ...]
    measured: StackMeasures
    mask: str | None
    image: str | None
    sheet: str | None


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a model answered for a folder.

    slices: of a model that classifies. masks: of one that segments, a stack each. sheets: pictures that were written.
    notes: the repair log of the import, and what else is to be known of the answers.
    """

    model: str
    task: str
    slices: tuple[SliceAnswer, ...] = ()
    masks: tuple[MaskAnswer, ...] = ()
    sheets: tuple[str, ...] = ()
    notes: tuple[ImportNote, ...] = ()
