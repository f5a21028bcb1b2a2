"""Two hospitals: a model of ACDC's masks goes to Sunnybrook, where 2, 5 and 10 subjects are labelled, cavity alone."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic_core import to_jsonable_python

from benchmarks.place import DATA, Place
from benchmarks.result import Measured, Result, more_is_better, not_run
from medgraft.cohort import ImportOptions
from medgraft.core.seeds import rng
from medgraft.evaluation import MEAN_DICE
from medgraft.study.curve import AS_IS, CurveFile, parse_curve
from medgraft.study.curve.findings import CurveRow
from medgraft.workspace import Project, import_images
from medgraft.workspace.curves.reporting import report_curve
from medgraft.workspace.curves.running import CurveSummary, start_curve
from medgraft.workspace.kept.machines import Machines
from medgraft.workspace.models.packing import pack_model
from medgraft.workspace.stacks.correction import correct_subject

_HOME, _HERE = "acdc", "sunnybrook"

#: Subjects by what they are for; the home site's test subjects also show what is forgotten.
_SPLITS: Mapping[str, Mapping[str, int]] = {
    _HOME: {"train": 40, "validation": 8, "test": 12},
    _HERE: {"train": 10, "validation": 4, "test": 9},
}
_RATE = 1e-3

#: Slices by themselves on the pixels' own grid, since Sunnybrook's spacing is not known.
_SHARED: Mapping[str, object] = {
    "network": "unet2d",
    "spacing": None,
    "shape": [1, 160, 160],
    "centred": True,
    "window": {"low": 1, "high": 99, "of": "percentile"},
    "batch_size": 8,
    "thickness": False,
    "decay": {"factor": 0.9, "epochs": 2},
}

#: What is asked at toy size instead.
_TOY: Mapping[str, object] = {"shape": [1, 32, 32], "sizes": [2], "draws": 1, "epochs": 1, "updates": 2}


@dataclass(frozen=True, kw_only=True)
class TwoHospitals:
    """The piece. epochs: of 50 updates at home, and of 15 here, the same for both ways to begin."""

    epochs_home: int = 10
    epochs_here: int = 16

    def measure(self, place: Place) -> Measured:
        """Train at home, pack, compare fine-tuned with fresh models of the other hospital; a killed run goes on."""
        if not all((DATA / site).is_dir() for site in _SPLITS):
            return Measured(results=(not_run("two hospitals", "Dice", f"{_HOME} or {_HERE} is not beside this"),))
        root, machines = place.work / "two-hospitals", Machines(workers=place.workers)
        home, here = _filled(root / _HOME, _HOME), _filled(root / _HERE, _HERE, _HOME)
        trained = start_curve(home, self._home_curve(place), machines=machines)
        package = root / "home.medgraft"
        package.unlink(missing_ok=True)
        pack_model(home, f"{_HOME}/trained-{trained.findings.rows[-1].size}", package)
        compared = start_curve(here, self._local_curve(place, package), machines=machines)
        report_curve(here, compared.name)
        parts = {"home": _plain(trained), "here": _plain(compared)}
        return Measured(results=tuple(_lines(compared)), parts=parts)

    def _home_curve(self, place: Place) -> CurveFile:
        asked = {"name": _HOME, "arms": {"trained": {"rates": [_RATE]}}, "sizes": ["all"], "draws": 1}
        lasting = {"epochs": self.epochs_home, "updates": 50}
        return parse_curve({**_SHARED, **asked, **lasting, **(_TOY if place.toy else {})})

    def _local_curve(self, place: Place, package: Path) -> CurveFile:
        return parse_curve(
            {
                **_SHARED,
                "name": "two-hospitals",
                "package": str(package),
                "arms": {"scratch": {"rates": [_RATE]}, "fine-tuned": {"start": "package", "rates": [_RATE]}},
                "sizes": [2, 5, 10],
                "draws": 3,
                "epochs": self.epochs_here,
                "updates": 15,
                "home": {"site": _HOME, "split": "test"},
                **(_TOY if place.toy else {}),
            }
        )


def _filled(root: Path, *sites: str) -> Project:
    project = Project.open_or_create(root)
    for site in sites:
        _fill(project, site)
    return project


def _fill(project: Project, site: str) -> None:
    """All subjects of a hospital, by chance in its splits; doing it again changes nothing."""
    import_images(project, DATA / site, options=ImportOptions(site=site))
    with project.cohort() as cohort:
        subjects = sorted({entry.subject for entry in cohort.entries() if entry.site == site})
    splits = [split for split, count in _SPLITS[site].items() for _ in range(count)]
    for subject, split in zip(rng("two hospitals", site).permutation(subjects).tolist(), splits, strict=True):
        correct_subject(project, subject, split=split)


def _lines(found: CurveSummary) -> Iterator[Result]:
    """Fine-tuned against scratch and against the model as it is, at every size."""
    rows = {(row.arm, row.size): row for row in found.findings.rows if row.on == "test" and row.figure == MEAN_DICE}
    for contrast in found.findings.contrasts:
        if contrast.on == "test" and contrast.arm == "fine-tuned":
            ours, peer = rows[contrast.arm, contrast.size], rows[contrast.other, contrast.other_size]
            gap = contrast.difference
            note = (
                f"{_shown(ours)} against {_shown(peer)}, difference {gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]"
                f", p {contrast.adjusted:.3f} after Holm; Dice of the cavity, intervals over test subjects; "
                f"{found.verdict.text}"
            )
            other = AS_IS if contrast.other == AS_IS else "scratch"
            name = f"two hospitals, fine-tuned with {contrast.size} against {other}"
            yield more_is_better(name, ours.value.value, peer.value.value, "Dice", note)


def _shown(row: CurveRow) -> str:
    return f"{row.value.value:.3f} [{row.value.low:.3f}, {row.value.high:.3f}]"


def _plain(found: CurveSummary) -> object:
    """Figures over subjects, none of a single one."""
    said = {"verdict": asdict(found.verdict), "cautions": found.cautions}
    figures = asdict(found.findings)
    return to_jsonable_python({**said, "rows": figures["rows"], "contrasts": figures["contrasts"]}, inf_nan_mode="null")
