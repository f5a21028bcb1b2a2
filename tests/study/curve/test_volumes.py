"""Volumes of held-out subjects: one point per subject, the same subjects for all models."""

from collections.abc import Callable, Collection
from dataclasses import replace

import pytest

from medgraft.study.curve import AS_IS, CurveOutcome, CurvePoint
from medgraft.study.curve.volumes import VolumeAgreement, volume_agreements

MakeUp = Callable[..., CurveOutcome]


def with_volumes(point: CurvePoint, factor: float, *, blind_to: Collection[str] = ()) -> CurvePoint:
    """EDV of 100, 110, ... ml and ESV of half as much, as drawn; the model sees them times `factor`."""
    drawn = [(100 + 10 * (n // 2)) / (1 if f.phase == "ed" else 2) for n, f in enumerate(point.test)]
    pairs = zip(point.test, drawn, strict=True)
    test = tuple(replace(f, volume=0.0 if f.subject in blind_to else factor * ml, true_volume=ml) for f, ml in pairs)
    return replace(point, test=test)


@pytest.fixture(scope="module")
def outcome(made_up: MakeUp) -> CurveOutcome:
    bare = made_up({(AS_IS, 0): 0.7, ("scratch", 5): 0.5, ("scratch", 10): 0.6})
    points = tuple(
        with_volumes(point, 1.0 if point.size else 1.2, blind_to=() if point.size else ("test03",))
        for point in bare.points
    )
    return replace(bare, points=points)


def by_model(found: tuple[VolumeAgreement, ...], figure: str) -> dict[tuple[str, int], VolumeAgreement]:
    return {(item.arm, item.size): item for item in found if item.figure == figure}


def test_volumes_are_compared_model_by_model_at_the_largest_size(outcome: CurveOutcome) -> None:
    found = by_model(volume_agreements(outcome), "EDV")
    assert set(found) == {(AS_IS, 0), ("scratch", 10)}
    assert found["scratch", 10].seen == found["scratch", 10].reference == tuple(100.0 + 10 * n for n in range(12))
    blind = found[AS_IS, 0].subjects.index("test03")
    assert found[AS_IS, 0].seen[blind] == 0, "a pool that was missed has no volume, and counts"
    assert found[AS_IS, 0].seen[0] == pytest.approx(120)


def test_ejection_fraction_is_over_the_subjects_in_whom_every_model_sees_a_pool(outcome: CurveOutcome) -> None:
    found = by_model(volume_agreements(outcome), "EF")
    for item in found.values():
        assert len(item.subjects) == 11
        assert "test03" not in item.subjects
        assert item.seen == pytest.approx([50.0] * 11)
        assert (item.unit, item.reference) == ("%", pytest.approx([50.0] * 11))


def test_a_model_that_sees_no_blood_in_most_subjects_takes_no_ejection_fraction_from_the_others(
    outcome: CurveOutcome,
) -> None:
    most = {f"test{number:02d}" for number in range(7)}
    blind = replace(
        outcome,
        points=tuple(point if point.size else with_volumes(point, 1.2, blind_to=most) for point in outcome.points),
    )
    (found,) = by_model(volume_agreements(blind), "EF").values()
    assert (found.arm, len(found.subjects)) == ("scratch", 12)
    assert set(by_model(volume_agreements(blind), "EDV")) == {(AS_IS, 0), ("scratch", 10)}


def test_without_volumes_nothing_is_compared(made_up: MakeUp) -> None:
    assert volume_agreements(made_up({("scratch", 5): 0.5})) == ()
