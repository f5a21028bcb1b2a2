"""Two synthetic institutions: one trains a model of the left ventricle, the other decides what to do with it."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medgraft.cohort import ImportOptions
from medgraft.core.progress import Progress, Report, silent
from medgraft.exchange import AnnotationRules, write_rules
from medgraft.phantoms import CT_SITES, write_ct_nifti
from medgraft.study.curve import ArmEntry, CurveFile, parse_curve
from medgraft.workspace.curves.reporting import report_curve
from medgraft.workspace.curves.running import CurveSummary, start_curve
from medgraft.workspace.demos.demo_folder import open_demo_folder
from medgraft.workspace.models.packing import pack_model
from medgraft.workspace.project import Project
from medgraft.workspace.stacks.correction import correct_subject
from medgraft.workspace.stacks.importing import import_images
from medgraft.workspace.studies.reporting import ReportMade

#: Voxels of a side; phases of the cycle; the grid in mm.
_SIZE, _PHASES, _SPACING = 48, 4, 2.75

#: Subjects of each site by what they are for. The second site has few.
_HOME = {"train": 12, "validation": 3, "test": 4}
_HERE = {"train": 8, "validation": 3, "test": 8}

#: Updates of one epoch, epochs at home and here: about 1,260 updates in all.
_UPDATES, _EPOCHS_HOME, _EPOCHS_HERE = 15, 12, 4

_SHARED: Mapping[str, object] = {
    "network": "unet3d",
    "spacing": _SPACING,
    "shape": (_SIZE, _SIZE, _SIZE),
    "updates": _UPDATES,
    "decay": {"factor": 0.9, "epochs": 2},
}


SYNTHETIC = (
    "All subjects are phantoms that medgraft made: their hearts, their noise and the difference between the sites are "
    "invented. What holds here need not hold for patients."
)


@dataclass(frozen=True, kw_only=True)
class TwoSites:
    """What the demonstration left: the second site's project, what its curve found, the report."""

    project: str
    package: str
    curve: CurveSummary
    report: ReportMade


def demonstrate_two_sites(root: Path, *, report: Report = silent) -> TwoSites:
    """Train on one synthetic site, send the model, compare it with fine-tuned and fresh ones at the other, report.

    `root/site-1` and `root/site-2` are two projects; the model travels as the file `root/home.medgraft`. Some of the
    first site's test subjects are shown to the second's models to see what they forget. Done again in the same folder,
    it goes on from where it was. Raises `ProjectError` if the folder holds anything else.
    """
    open_demo_folder(root, "two-site")
    home, here = Project.open_or_create(root / "site-1"), Project.open_or_create(root / "site-2")
    _fill(home, "one", _HOME, report)
    start_curve(home, _home_curve(), report=report)
    rules = {site: _write_rules(root / f"rules-{site}.yaml", site) for site in CT_SITES}
    package = pack_model(home, f"home/trained-{_HOME['train']}", root / "home.medgraft", rules=rules["one"])
    _fill(here, "two", _HERE, report)
    _fill(here, "one", {"home": _HOME["test"]}, report, after=sum(_HOME.values()) - _HOME["test"])
    curve = start_curve(here, _local_curve(Path(package.file), rules["two"]), report=report)
    made = report_curve(here, curve.name, report=report)
    return TwoSites(project=str(here.root), package=package.file, curve=curve, report=made)


def _home_curve() -> CurveFile:
    """One model on all training subjects."""
    arms = {"trained": ArmEntry(rates=(2e-3,))}
    return parse_curve({**_SHARED, "name": "home", "arms": arms, "sizes": ["all"], "draws": 1, "epochs": _EPOCHS_HOME})


def _local_curve(package: Path, rules: Path) -> CurveFile:
    """From scratch and fine-tuned at the same rate, on few subjects, drawn three times."""
    arms = {"scratch": ArmEntry(rates=(2e-3,)), "fine-tuned": ArmEntry(start="package", rates=(2e-3,))}
    return parse_curve(
        {
            **_SHARED,
            "name": "two-sites",
            "package": str(package),
            "rules": str(rules),
            "notes": [SYNTHETIC],
            "arms": arms,
            "sizes": [2, 4, 8],
            "draws": 3,
            "epochs": _EPOCHS_HERE,
            "home": {"site": "one"},
        }
    )


def _write_rules(path: Path, site: str) -> Path:
    """How a synthetic site's readers draw, as the questionnaire asks."""
    style = CT_SITES[site]
    drawn = style.annotation
    answers = {
        "site": f"synthetic site {site}",
        "annotators": "nobody: the phantom's own shapes",
        "tool": "medgraft",
        "phases": "ed and es" if style.labelled == "ed-es" else "every other phase",
        "papillary_muscles": drawn.papillary,
        "trabeculae": "pool",
        "mitral_plane": "plane of the annulus",
        "outflow_tract": "included up to the aortic valve" if drawn.outflow == "aortic valve" else "left out",
    }
    more = {"cut below the mitral plane": f"{drawn.mitral_shift_mm:g} mm"}
    return write_rules(AnnotationRules(answers=answers, more=more), path)


def _fill(project: Project, site: str, splits: Mapping[str, int], report: Report, *, after: int = 0) -> None:
    """Synthetic subjects of one site, those behind the first `after`, imported with their splits."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, site)
        images = write_ct_nifti(folder, after + sum(splits.values()), site=site, size=_SIZE, n_phases=_PHASES)
        _leave_out(folder, [image.name.removesuffix(".nii.gz") for image in images[:after]])
        done = import_images(project, folder, options=ImportOptions(site=site), phases=folder / "phases.csv")
    subjects = sorted({row.subject for row in (*done.added, *done.known)})
    names = [split for split, number in splits.items() for _ in range(number)]
    for subject, split in zip(subjects, names, strict=True):
        correct_subject(project, subject, split=split)
    report(Progress(stage=f"synthetic patients of site {site}", done=len(subjects), total=len(subjects)))


def _leave_out(folder: Path, subjects: Sequence[str]) -> None:
    """Take subjects out of a folder of phantoms: their images, their masks, their lines among the phases."""
    for subject in subjects:
        for name in (f"{subject}.nii.gz", f"{subject}_gt.nii.gz"):
            (folder / name).unlink()
    phases = folder / "phases.csv"
    kept = [line for line in phases.read_text().splitlines() if line.partition(",")[0] not in subjects]
    phases.write_text("\n".join(kept) + "\n")
