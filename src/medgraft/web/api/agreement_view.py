"""The agreement of a round for the wire."""

import math

from medgraft.web.api.reading_views import (
    AgreementView,
    BoundaryView,
    DifferencesView,
    IntervalView,
    PairView,
    PointView,
)
from medgraft.workspace import Project
from medgraft.workspace.reading.agreement import (
    BoundaryAgreement,
    Differences,
    Interval,
    PairAgreement,
    reading_agreement,
)
from medgraft.workspace.reading.points import BoundaryPoint, boundary_points


def agreement_view(project: Project, name: str) -> AgreementView:
    """How far the readers of a round agree. Raises `LabelError` for an unknown round, or one that is blinded."""
    found = reading_agreement(project, name)
    return AgreementView(
        reading=found.reading,
        task=found.task,
        readers=found.readers,
        subjects=found.subjects,
        stacks=found.stacks,
        units=found.units,
        left_out=len(found.left_out),
        fleiss=_interval(found.fleiss) if found.fleiss else None,
        pairs=tuple(_pair(pair) for pair in found.pairs),
        points=tuple(_point(point) for point in boundary_points(project, name)),
    )


def _pair(pair: PairAgreement) -> PairView:
    return PairView(
        readers=pair.readers,
        units=pair.units,
        agreement=_interval(pair.agreement),
        kappa=_interval(pair.kappa),
        linear=_interval(pair.linear) if pair.linear else None,
        quadratic=_interval(pair.quadratic) if pair.quadratic else None,
        boundaries=tuple(_boundary(one) for one in pair.boundaries),
    )


def _boundary(one: BoundaryAgreement) -> BoundaryView:
    return BoundaryView(
        boundary=one.boundary,
        slices=_differences(one.slices),
        mm=_differences(one.mm) if one.mm else None,
    )


def _differences(found: Differences) -> DifferencesView:
    parts = {name: _interval(getattr(found, name)) for name in ("mean", "absolute", "lower", "upper")}
    return DifferencesView(n=found.n, **parts)


def _point(point: BoundaryPoint) -> PointView:
    return PointView(
        stack=point.stack,
        subject=point.subject,
        phase_name=point.phase_name,
        between=point.between,
        changes=dict(point.changes),
    )


def _interval(found: Interval) -> IntervalView:
    return IntervalView(value=_finite(found.value), low=_finite(found.low), high=_finite(found.high))


def _finite(value: float) -> float | None:
    """JSON knows no NaN."""
    return value if math.isfinite(value) else None
