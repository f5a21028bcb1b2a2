"""The whole line on synthetic patients: phantoms, import, labels, study, report. Nothing is downloaded."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from medgraft.cohort import ImportOptions
from medgraft.core.progress import Progress, Report, silent
from medgraft.phantoms import write_acdc_layout
from medgraft.study import NetworkEntry, StageEntry, StudyFile
from medgraft.study.study_file import HeldOut
from medgraft.workspace.correction import correct_subject
from medgraft.workspace.importing import import_images
from medgraft.workspace.mask_labels import label_from_masks
from medgraft.workspace.project import Project
from medgraft.workspace.reporting import ReportMade, report_study
from medgraft.workspace.studying import StudySummary, start_study

#: Subjects of site a are trained on; the scanner of site b is met at the test only.
_SUBJECTS = {"a": 24, "b": 10}

_STUDY = StudyFile(
    name="demo",
    networks=(
        NetworkEntry(network="mobilenetv1_025", weights="random", size=96, name="frozen-random"),
        NetworkEntry(
            network="mobilenetv1_025",
            weights="random",
            size=96,
            name="from-scratch",
            stages=(StageEntry(depth="all", rates=(3e-2, 1e-2), epochs=8),),
        ),
    ),
    stages=(
        StageEntry(depth=0, rates=(1e-2, 1e-3), epochs=15),
        StageEntry(depth=1, rates=(1e-2, 1e-3), epochs=5),
    ),
    folds=3,
    test=HeldOut(split="test"),
    draws=2,
)


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """What the demonstration left: a project with a study in it, and its report."""

    project: str
    study: StudySummary
    report: ReportMade


def demonstrate(root: Path, *, report: Report = silent) -> Demonstration:
    """Make a project of synthetic hearts of two sites, study it, and report.

    Networks start from random weights, since nothing is downloaded: it shows the work, not what transfer can do.
    Done again in the same folder, it goes on from where it was. Raises `ProjectError` if the folder holds other files.
    """
    project = Project.open_or_create(root)
    with tempfile.TemporaryDirectory() as scratch:
        for index, (site, count) in enumerate(_SUBJECTS.items()):
            source = Path(scratch, f"site-{site}")
            write_acdc_layout(source, count, site=site, seed=7, size=128, n_phases=8)
            _import(project, source, site)
            report(Progress(stage="synthetic patients", done=index + 1, total=len(_SUBJECTS)))
    label_from_masks(project)
    study = start_study(project, _STUDY, report=report)
    return Demonstration(project=str(project.root), study=study, report=report_study(project, "demo", report=report))


def _import(project: Project, source: Path, site: str) -> None:
    # Each site counts its patients from 1: a key for each keeps them apart.
    done = import_images(project, source, options=ImportOptions(site=site, pseudonyms=f"demonstration {site}"))
    for row in (*done.added, *done.known):
        correct_subject(project, row.subject, split="test" if site == "b" else "train")
