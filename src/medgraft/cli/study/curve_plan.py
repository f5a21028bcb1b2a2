"""How the plan of a learning curve is shown."""

from typing import TYPE_CHECKING

from medgraft.cli.output import write_line, write_table
from medgraft.core.counted import counted
from medgraft.core.duration import duration

if TYPE_CHECKING:
    from medgraft.workspace.curves.planning import CurvePlan

_GIGABYTE = 1e9

#: What subjects are for, in the order of a curve.
_ROLES = {
    "train": "to train on",
    "validation": "choose rate and epoch",
    "test": "measured",
    "home": "of the home site, measured",
    "others": "of other splits, no part",
}


def curve_plan_document(plan: "CurvePlan") -> dict[str, object]:
    """The plan with its totals."""
    estimate = plan.estimate
    totals = {name: sum(getattr(one, name) for one in estimate.points) for name in ("trainings", "done", "updates")}
    said = {name: value for name, value in vars(plan).items() if name != "estimate"}
    return {**said, **vars(estimate), **totals}


def show_curve_plan(plan: "CurvePlan") -> None:
    """Who is for what, one row per start and size, then all of it, and what must be known before."""
    estimate = plan.estimate
    rows = [
        (_ROLES[role], len(subjects), ", ".join(subjects)) for role, subjects in estimate.subjects.items() if subjects
    ]
    write_table(("subjects", "number", "who"), rows)
    write_line("")
    write_table(
        ("start", "from", "trained on", "trainings", "done", "updates", "time"),
        [
            (one.arm, one.start, one.size, one.trainings, one.done, one.updates, duration(one.seconds))
            for one in estimate.points
        ],
    )
    trainings = sum(one.trainings - one.done for one in estimate.points)
    write_line(
        f"\n{plan.network} for {plan.task}, on {estimate.device}: {counted(trainings, 'training')} to do and up to "
        f"{counted(estimate.assessments, 'assessment')}, about {duration(estimate.seconds)} one after the other\n"
        f"memory: about {_size(estimate.memory_bytes)} for one training; disk: {_size(estimate.volume_bytes)} for "
        f"volumes in the cache, {_size(estimate.run_bytes)} for weights, at most"
    )
    for rule in plan.rules:
        write_line(f"rules differ: {rule.text}: {rule.ours} here, {rule.theirs} there")
    for caution in plan.cautions:
        write_line(f"careful: {caution}")


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes < _GIGABYTE else f"{n_bytes / 1e9:.1f} GB"
