"""What a learning curve would do: who is for what, how long it takes, what must be known before. Nothing is written."""

from dataclasses import dataclass

from medgraft.core.progress import Report, silent
from medgraft.exchange import RuleDifference
from medgraft.study import Compute, RunStore
from medgraft.study.curve import CurveEstimate, CurveFile, PointEstimate, estimate_curve
from medgraft.workspace.curves.asking import asked_curve
from medgraft.workspace.curves.cautions import cautions_before
from medgraft.workspace.kept.unknown_trainings import unknown_trainings
from medgraft.workspace.masks.samples import volume_reader
from medgraft.workspace.project import Project

#: Also what callers get back.
__all__ = ["CurveEstimate", "CurvePlan", "PointEstimate", "RuleDifference", "plan_curve"]


@dataclass(frozen=True, kw_only=True)
class CurvePlan:
    """A learning curve before it is run.

    network, task: what is trained. estimate: who is for what, trainings, time, memory and disk. rules: where the two
    sites draw otherwise. seen_before: subjects that may be trained on and that the travelling model knows.
    unknown_trainings: its trainings of which nobody knows whom they saw. cautions: these and more, as sentences.
    """

    name: str
    network: str
    task: str
    estimate: CurveEstimate
    rules: tuple[RuleDifference, ...]
    seen_before: tuple[str, ...]
    unknown_trainings: tuple[str, ...]
    cautions: tuple[str, ...]


def plan_curve(project: Project, curve: CurveFile, *, report: Report = silent) -> CurvePlan:
    """What a learning curve would do, from a few measured passes in one process of this machine.

    Raises what `start_curve` raises before training, apart from names and machines.
    """
    asked = asked_curve(project, curve, report)
    with project.cohort() as cohort:
        estimate = estimate_curve(
            asked.curve,
            asked.samples,
            volume_reader(cohort),
            Compute().prepare(),
            RunStore(root=project.runs),
            package=asked.start,
        )
        unknown = unknown_trainings(asked.package.seen, cohort) if asked.package else ()
    known = asked.start.trained_on if asked.start else frozenset()
    subjects = {item.subject for item in asked.samples.items if item.stack in known}
    seen_before = tuple(sorted(subjects & set(estimate.subjects["train"])))
    return CurvePlan(
        name=curve.name,
        network=curve.network,
        task=curve.task,
        estimate=estimate,
        rules=asked.rules,
        seen_before=seen_before,
        unknown_trainings=unknown,
        cautions=cautions_before(
            asked.curve,
            asked.samples,
            sizes=sorted({point.size for point in estimate.points}),
            n_others=len(estimate.subjects["others"]),
            seen_before=seen_before,
            unknown_trainings=unknown,
            modalities=asked.modalities,
        ),
    )
