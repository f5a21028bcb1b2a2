"""The whole line on synthetic hearts: another hospital's many, a graft, a clinic's own few. Nothing is downloaded."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from medgraft.cohort import ImportOptions
from medgraft.core.progress import Progress, Report, silent
from medgraft.phantoms import write_acdc_layout
from medgraft.study import NetworkEntry, StageEntry, StudyFile
from medgraft.study.study_file import HeldOut
from medgraft.workspace.demos.demo_folder import open_demo_folder
from medgraft.workspace.masks.slice_labels import label_from_masks
from medgraft.workspace.models.packing import pack_model
from medgraft.workspace.project import Project
from medgraft.workspace.stacks.correction import correct_subject
from medgraft.workspace.stacks.importing import import_images
from medgraft.workspace.studies.reporting import ReportMade, report_study
from medgraft.workspace.studies.running import start_study
from medgraft.workspace.studies.summary import StudySummary

#: Folders of older demonstrations, in which no package travelled, are of another name: they are not gone on with.
_DEMONSTRATION = "packed graft"

#: Synthetic patients: the other hospital has many; the clinic has few to train on and keeps some for the test.
_HOSPITAL, _CLINIC, _CLINIC_TEST = 24, 10, 10

_NETWORK, _SIZE = "mobilenetv1_025", 96
_SCRATCH = StageEntry(depth="all", rates=(2e-2,), epochs=10)
_BALANCE = {"OAP": 3, "OBS": 3}

_SOURCE_STUDY = StudyFile(
    name="hospital",
    networks=(NetworkEntry(network=_NETWORK, size=_SIZE, weights="random", stages=(_SCRATCH,), name="hospital"),),
    folds=2,
    draws=2,
    balance=_BALANCE,
)


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """What the demonstration left: the clinic's project with a study in it, and its report."""

    project: str
    study: StudySummary
    report: ReportMade


def demonstrate(root: Path, *, report: Report = silent) -> Demonstration:
    """Train a network on one hospital's synthetic hearts, graft it onto a clinic's few, compare, report.

    `root/hospital` and `root/clinic` are two projects; the graft travels as the file `root/hospital.medgraft`, no
    patient does. Done again in the same folder, it goes on from where it was. Raises `ProjectError` if the folder holds
    anything else.
    """
    open_demo_folder(root, _DEMONSTRATION)
    hospital = Project.open_or_create(root / "hospital")
    _fill(hospital, "c", {"train": _HOSPITAL}, report, pseudonyms="the hospital's secret")
    start_study(hospital, _SOURCE_STUDY, report=report)
    clinic = Project.open_or_create(root / "clinic")
    _fill(clinic, "a", {"train": _CLINIC, "test": _CLINIC_TEST}, report)
    package = pack_model(hospital, "hospital/hospital-depth-all", root / "hospital.medgraft", report=report)
    study = start_study(clinic, _clinic_study(Path(package.file)), report=report)
    return Demonstration(project=str(clinic.root), study=study, report=report_study(clinic, "demo", report=report))


def _clinic_study(package: Path) -> StudyFile:
    """The same network grafted, on a frozen random base, and trained from scratch."""
    return StudyFile(
        name="demo",
        networks=(
            NetworkEntry(network=_NETWORK, size=_SIZE, weights=f"package:{package}", name="graft"),
            NetworkEntry(network=_NETWORK, size=_SIZE, weights="random", name="random-base"),
            NetworkEntry(network=_NETWORK, size=_SIZE, weights="random", stages=(_SCRATCH,), name="from-scratch"),
        ),
        stages=(
            StageEntry(depth=0, rates=(1e-2, 1e-3), epochs=15),
            StageEntry(depth=1, rates=(1e-2, 1e-3), epochs=5),
        ),
        folds=3,
        test=HeldOut(split="test"),
        draws=2,
        balance=_BALANCE,
    )


def _fill(
    project: Project, site: str, splits: dict[str, int], report: Report, *, pseudonyms: str | None = None
) -> None:
    """Synthetic patients of one site, imported and labelled; the first ones are in the first split.

    Both sites count their patients from 1: with pseudonyms at one, equal numbers are not taken for the same people.
    """
    options = ImportOptions(site=site, pseudonyms=pseudonyms)
    with tempfile.TemporaryDirectory() as scratch:
        write_acdc_layout(Path(scratch, site), sum(splits.values()), site=site, seed=7, size=128, n_phases=8)
        done = import_images(project, Path(scratch, site), options=options)
    subjects = sorted({row.subject for row in (*done.added, *done.known)})
    names = [split for split, count in splits.items() for _ in range(count)]
    for subject, split in zip(subjects, names, strict=True):
        correct_subject(project, subject, split=split)
    label_from_masks(project)
    report(Progress(stage=f"synthetic patients of {project.root.name}", done=len(subjects), total=len(subjects)))
