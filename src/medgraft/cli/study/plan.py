"""How the plan of a study is shown."""

from typing import TYPE_CHECKING

from medgraft.cli.output import write_line, write_table
from medgraft.core.counted import counted
from medgraft.core.duration import duration

if TYPE_CHECKING:
    from medgraft.workspace.studies.running import Estimate


def plan_document(plan: "Estimate") -> dict[str, object]:
    """The plan with its totals over all seeds."""
    totals = {
        "trainings": plan.n_seeds * sum(stage.trainings for stage in plan.stages),
        "updates": plan.n_seeds * sum(stage.updates for stage in plan.stages),
        "cache_bytes": plan.n_seeds * sum(stage.cache_bytes for stage in plan.stages),
        "seconds": plan.seconds,
    }
    return {**vars(plan), **totals}


def show_plan(plan: "Estimate") -> None:
    """One row per model and depth at one seed, then the whole study."""
    write_line(
        f"{counted(plan.n_samples, 'labelled slice')} of {counted(plan.n_subjects, 'subject')}, {plan.n_test} held out "
        f"for the test; {counted(plan.n_rows, 'picture')} with their rotations"
    )
    columns = ("model", "depth", "trainings", "updates", "cached", "cache (GB)", "time")
    write_table(
        columns,
        [
            (
                stage.model,
                str(stage.depth),
                stage.trainings,
                stage.updates,
                "features" if stage.cut else "pictures",
                f"{stage.cache_bytes / 1e9:.2f}",
                duration(stage.seconds),
            )
            for stage in plan.stages
        ],
    )
    for warning in dict.fromkeys(stage.warning for stage in plan.stages if stage.warning):
        write_line(f"warning: {warning}")
    totals = plan_document(plan)
    seeds = f"all {plan.n_seeds} seeds" if plan.n_seeds > 1 else "in all"
    write_line(
        f"\n{seeds}: {totals['trainings']} trainings, {totals['updates']} updates at most, "
        f"{sum(stage.cache_bytes for stage in plan.stages) * plan.n_seeds / 1e9:.2f} GB of cache at most, "
        f"about {duration(plan.seconds)}"
    )
