"""A model against the reference: each stack with itself, then subjects."""

from dataclasses import replace

import numpy as np
import pytest

from medgraft.workspace.measuring.agreement import measured_agreement
from medgraft.workspace.measuring.figures import figure_values, means_over_subjects
from medgraft.workspace.measuring.measured import Source, StackMeasures


def stack_of(subject: str, stack: str, source: Source, edv: float) -> StackMeasures:
    return StackMeasures(
        subject=subject, stack=stack, source=source, ed="ed", es=None, edv_ml=edv, esv_ml=None, stroke_ml=None,
        ejection_percent=None, mass_g=None, left_out=0, edv_change_ml=None, esv_change_ml=None,
        ejection_change_percent=None, mass_change_g=None, reasons=(),
    )  # fmt: skip


VOLUMES = {"a": 90.0, "b": 120.0, "c": 150.0, "d": 200.0}
REFERENCE = [stack_of(subject, "sax", "reference", edv) for subject, edv in VOLUMES.items()]
#: Right in every stack that has a reference.
MODEL = [replace(one, source="model") for one in REFERENCE]


def test_a_stack_without_a_reference_changes_no_agreement() -> None:
    elsewhere = [stack_of(subject, "lax", "model", 30.0 * index) for index, subject in enumerate(VOLUMES)]
    (found,) = measured_agreement(figure_values([*REFERENCE, *MODEL, *elsewhere], []))
    assert (found.pearson.value, found.icc.value) == pytest.approx((1, 1))
    assert (found.bias.value, found.lower.value, found.upper.value) == (0, 0, 0)


def test_stacks_of_one_subject_are_averaged() -> None:
    """By hand: off by 10 and by 20 in the two stacks of one subject is off by 15 in that subject."""
    second = [stack_of("a", "later", source, edv) for source, edv in (("reference", 100.0), ("model", 120.0))]
    first = [replace(one, edv_ml=100.0) if one.subject == "a" else one for one in MODEL]
    (found,) = measured_agreement(figure_values([*REFERENCE, *first, *second], []))
    assert np.subtract(found.seen, found.reference).tolist() == [15, 0, 0, 0]


def test_one_subject_alone_says_nothing_of_agreement() -> None:
    assert measured_agreement(figure_values([*REFERENCE[:1], *MODEL], [])) == ()


def test_means_are_over_subjects_not_stacks() -> None:
    second = stack_of("a", "later", "reference", 110.0)
    reference, model = means_over_subjects(figure_values([*REFERENCE, second, *MODEL], []))
    assert (reference.source, model.source, reference.subjects) == ("reference", "model", 4)
    assert (reference.mean, reference.sd) == pytest.approx(
        (np.mean([100, 120, 150, 200]), np.std([100, 120, 150, 200], ddof=1))
    )


def test_one_subject_has_no_standard_deviation() -> None:
    (found,) = means_over_subjects(figure_values(REFERENCE[:1], []))
    assert (found.mean, found.sd) == (90.0, None)
