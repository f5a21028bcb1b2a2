"""Slice labels from masks: the rule is data, and how each rule counts is reported side by side."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CLASSES, MASK_CODES, SAX_LEVELS, SAX_RANGE, Task, UnitKey
from medgraft.labels.event import LabelEvent


@dataclass(frozen=True, kw_only=True)
class MaskRule:
    """How a mask says where the heart begins and ends along a stack.

    inside: structures of `core.task.MASK_CODES`; a slice that shows any of them is inside the range.
    task: its `along_stack` gives the codes: the first on the base side, the last on the apex side, those between
    share the inside range in equal parts from base to apex.
    """

    name: str
    inside: tuple[str, ...]
    task: Task
    reference: str


#: The rules by name; `pool` is the paper's and the default.
MASK_RULES = {
    rule.name: rule
    for rule in (
        MaskRule(
            name="pool", inside=("pool",), task=SAX_RANGE, reference=f"{SAX_RANGE.reference}: IN shows blood pool"
        ),
        MaskRule(name="any", inside=("pool", "myocardium"), task=SAX_RANGE, reference="pool or myocardium makes IN"),
        MaskRule(
            name="thirds",
            inside=("pool",),
            task=SAX_LEVELS,
            reference="Cerqueira et al. 2002, AHA statement: basal, mid-cavity and apical thirds of the cavity",
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class MaskLabels:
    """What a rule made of one stack's mask.

    codes: phase index on T to the Z codes of its slices, base first. refused: phases without labels, and why.
    notes: what a reader should check (a slice without the structure in the middle of the range).
    """

    rule: MaskRule
    codes: Mapping[int, tuple[str, ...]]
    refused: Mapping[int, str]
    notes: tuple[str, ...]

    def events(self, stack: str, source: str = "mask") -> tuple[LabelEvent, ...]:
        """The labels as events of the reader "mask:<rule>", for `LabelStore.record`."""
        return tuple(
            LabelEvent(
                reader=f"{source}:{self.rule.name}",
                unit=UnitKey(stack, phase, index),
                task=self.rule.task.name,
                value=code,
                source=source,
                detail=self.rule.reference,
            )
            for phase, codes in self.codes.items()
            for index, code in enumerate(codes)
        )


def labels_from_mask(
    mask: NDArray[Any], phases: Sequence[int], rule: str = "pool", classes: Sequence[str] = MASK_CLASSES
) -> MaskLabels:
    """The labels of all slices of the phases that carry a mask.

    A slice without the structure between slices that show it is labelled by its place, inside, because the task asks
    for a range along the stack; it is noted, since as a rule a contour is missing there.

    Args:
        mask: (T, Z, Y, X) in `core.task.MASK_CODES`, slice 0 at the base.
        phases: which of the T phases carry a mask.
        rule: a name in `MASK_RULES`.
        classes: which classes the mask labels at all; a rule that looks for another one is refused at every phase.

    Raises:
        InputError: an unknown rule, a mask that is not (T, Z, Y, X), or a phase outside T.

    >>> mask = np.zeros((1, 4, 2, 2), np.uint8)
    >>> mask[0, 1:3] = MASK_CODES["pool"]
    >>> labels_from_mask(mask, [0]).codes[0]
    ('OBS', 'IN', 'IN', 'OAP')
    """
    chosen = mask_rule(rule)
    _check_mask(mask, phases)
    unlabelled = [name for name in chosen.inside if name not in classes]
    if unlabelled:
        why = f"the source does not label {' or '.join(unlabelled)}"
        return MaskLabels(rule=chosen, codes={}, refused=dict.fromkeys(phases, why), notes=())
    codes = [MASK_CODES[name] for name in chosen.inside]
    # Phase by phase: a whole 4D CT at once would take its size in memory.
    shows = {phase: np.asarray(np.isin(mask[phase], codes).any(axis=(1, 2)), bool) for phase in phases}
    labelled = [phase for phase in phases if shows[phase].any()]
    return MaskLabels(
        rule=chosen,
        codes={phase: _codes_along(shows[phase], chosen.task) for phase in labelled},
        refused={phase: f"no slice shows {' or '.join(chosen.inside)}" for phase in phases if phase not in labelled},
        notes=tuple(note for phase in labelled for note in _holes(phase, shows[phase], chosen)),
    )


def count_by_rule(
    stacks: Iterable[tuple[NDArray[Any], Sequence[int], Sequence[str]]], task: Task
) -> dict[str, dict[str, int]]:
    """How many slices each rule of a task gives each code: {rule: {code: slices}}.

    stacks: mask, phases and classes as in `labels_from_mask`. A rule counts stacks that label all it looks for, and
    is left out where none does.
    """
    counts: dict[str, Counter[str]] = {}
    for mask, phases, classes in stacks:
        for rule in MASK_RULES.values():
            if rule.task == task and set(rule.inside) <= set(classes):
                labels = labels_from_mask(mask, phases, rule.name, classes)
                counts.setdefault(rule.name, Counter()).update(chain.from_iterable(labels.codes.values()))
    return {name: {code: counts[name][code] for code in task.codes} for name in MASK_RULES if name in counts}


def _codes_along(shows: NDArray[np.bool_], task: Task) -> tuple[str, ...]:
    base, *levels, apex = task.along_stack
    first, last = np.flatnonzero(shows)[[0, -1]]
    n_inside = last - first + 1
    # A slice stands for its centre: of 4 slices in thirds, centres at 1/8, 3/8, 5/8, 7/8 give 1, 2 and 1.
    inside = [levels[int((index + 0.5) * len(levels) / n_inside)] for index in range(n_inside)]
    return (*[base] * int(first), *inside, *[apex] * int(len(shows) - last - 1))


def _holes(phase: int, shows: NDArray[np.bool_], rule: MaskRule) -> list[str]:
    first, last = np.flatnonzero(shows)[[0, -1]]
    missing = [int(index) for index in np.flatnonzero(~shows) if first < index < last]
    what = " or ".join(rule.inside)
    return [
        f"phase {phase}, slice {index}: no {what} between slices that show it; labelled inside" for index in missing
    ]


def mask_rule(name: str) -> MaskRule:
    """A rule by name. Raises `InputError` for an unknown one."""
    if name not in MASK_RULES:
        raise InputError(f"Expected a rule for masks, got {name!r}. Available: {', '.join(MASK_RULES)}.")
    return MASK_RULES[name]


def _check_mask(mask: NDArray[Any], phases: Sequence[int]) -> None:
    if mask.ndim != 4:
        raise InputError(f"Expected a mask of shape (T, Z, Y, X), got {mask.shape}.")
    if any(not 0 <= phase < len(mask) for phase in phases):
        raise InputError(f"Expected phases within 0..{len(mask) - 1}, got {list(phases)}.")
