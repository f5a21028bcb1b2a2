"""medgraft study run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json
from medgraft.cli.study.options import (
    CacheOption,
    ChangesOption,
    CompileOption,
    CpusOption,
    DeterministicOption,
    DryRunOption,
    GpusOption,
    PlaceOption,
    WorkersOption,
)
from medgraft.cli.study.plan import plan_document, show_plan
from medgraft.cli.study.summary import show_summary
from medgraft.core.progress import Progress

if TYPE_CHECKING:
    from medgraft.workspace import Project
    from medgraft.workspace.kept.machines import Machines
    from medgraft.workspace.studies.running import StudyFile


def run_study(
    study_file: Annotated[Path, typer.Argument(help="A YAML study file.", exists=True, dir_okay=False)],
    *,
    project: ProjectOption = HERE,
    changes: ChangesOption = None,
    dry_run: DryRunOption = False,
    workers: WorkersOption = 1,
    on: PlaceOption = "local",
    cpus: CpusOption = 1.0,
    gpus: GpusOption = 0.0,
    cache: CacheOption = None,
    deterministic: DeterministicOption = False,
    compiled: CompileOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run a study, or what is missing of it, and show its figures.

    Networks are trained depth by depth in patient-grouped folds; rate and epoch are chosen by validation loss. What an
    earlier start finished is kept, so Ctrl-C loses little. Results and models go to studies/NAME in the project.

    Examples:
      medgraft study run hearts.yaml --project heart --dry-run
      medgraft study run hearts.yaml --project heart
      medgraft study run hearts.yaml --set folds=3 --set cache.dtype=float16
      medgraft study run hearts.yaml --project heart --workers 4
      medgraft study run hearts.yaml --on ray:10.0.0.5:6379 --gpus 0.25
      medgraft study run hearts.yaml --project heart --json
    """
    from medgraft.workspace import Project
    from medgraft.workspace.kept.machines import Machines
    from medgraft.workspace.studies.request import read_study

    place = Project.open(project)
    study = read_study(study_file, changes or (), project=place.root)
    if dry_run:
        _plan(place, study, as_json=as_json)
    else:
        machines = Machines(
            on=on, workers=workers, cpus=cpus, gpus=gpus, cache=cache, deterministic=deterministic, compiled=compiled
        )
        _run(place, study, machines, as_json=as_json)


def _plan(project: "Project", study: "StudyFile", *, as_json: bool) -> None:
    from medgraft.workspace.studies.running import plan_study

    plan = plan_study(project, study)
    if as_json:
        write_json(plan_document(plan))
    else:
        show_plan(plan)


def _run(project: "Project", study: "StudyFile", machines: "Machines", *, as_json: bool) -> None:
    from medgraft.workspace.studies.running import start_study

    with progress_bars() as report:
        report(Progress(stage="study", done=0, total=0))  # the first bar, as it lasts longest
        done = start_study(project, study, machines=machines, report=report)
    if as_json:
        write_json(done)
    else:
        show_summary(done)
