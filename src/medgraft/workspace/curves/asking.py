"""What a learning curve is asked to do, and with what: the curve file, the masks, the model that travels."""

from dataclasses import dataclass
from pathlib import Path

from medgraft.core.errors import StudyFileError
from medgraft.core.files import AnyPath
from medgraft.core.progress import Report, silent
from medgraft.exchange import AnnotationRules, RuleDifference, Seen, differences, opened_package, read_facts, read_rules
from medgraft.exchange.package import ModelPackage, read_package
from medgraft.samples import MaskedSamples
from medgraft.study.curve import CurveFile, Start, read_curve_file
from medgraft.workspace.kept.find_model import find_model
from medgraft.workspace.masks.samples import mask_task, project_masks
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True, eq=False)
class AskedCurve:
    """A learning curve that may be run.

    curve: with the window that its images need. modalities: what these say they are. package: the model that travels,
    start: its weights and the stacks of subjects that it knows; None where none travels. rules: where the sites differ.
    """

    curve: CurveFile
    samples: MaskedSamples
    modalities: tuple[str, ...]
    package: ModelPackage | None
    start: Start | None
    rules: tuple[RuleDifference, ...]


def read_request(path: AnyPath, overrides: tuple[str, ...] = (), *, project: Project) -> CurveFile:
    """A curve file as a user keeps it: its package and its rules are found.

    Both are paths seen from the file's folder; the package may be CURVE/MODEL of the project. Raises `StudyFileError`,
    or `InputError` if one of them is not there.
    """
    path = Path(path)
    curve, folder = read_curve_file(path, overrides), path.resolve().parent
    found = {}
    if curve.package is not None:
        here = folder / Path(curve.package).expanduser()
        found["package"] = str(here if here.exists() else find_model(curve.package, project.root))
    if curve.rules is not None:
        found["rules"] = str(folder / Path(curve.rules).expanduser())
    return curve.model_copy(update=found)


def rules_apart(curve: CurveFile) -> tuple[RuleDifference, ...]:
    """Where this site draws otherwise than the site of the travelling model; what is not known does not differ.

    Raises `InputError` for rules that cannot be read, `WeightsError` for a damaged package.
    """
    if curve.rules is None or curve.package is None:
        return ()
    with opened_package(Path(curve.package)) as folder:
        return _apart(curve, read_facts(folder).rules)


def asked_curve(project: Project, curve: CurveFile, report: Report = silent) -> AskedCurve:
    """All that a curve is run with. Raises as `running.start_curve` does for masks, package and rules."""
    samples = project_masks(project, curve.task, in_mm=curve.spacing is not None)
    modalities = _modalities(project, curve, samples)
    curve = curve.windowed(modalities)
    package = read_package(Path(curve.package)) if curve.package else None
    return AskedCurve(
        curve=curve,
        samples=samples,
        modalities=modalities,
        package=package,
        start=_start(curve, package, _known(project, package.seen, samples, report)) if package else None,
        rules=_apart(curve, package.rules if package else None),
    )


def _modalities(project: Project, curve: CurveFile, samples: MaskedSamples) -> tuple[str, ...]:
    """What the images of a curve say they are; those of sites that have no part in it aside."""
    sites = {item.site or "" for item in samples.items} if curve.sites is None else {*curve.sites}
    sites |= {curve.home.site} if curve.home else set()
    used = {item.stack for item in samples.items if (item.site or "") in sites}
    with project.cohort() as cohort:
        return tuple(sorted({entry.modality for entry in cohort.entries() if entry.id in used}))


def _apart(curve: CurveFile, theirs: AnnotationRules | None) -> tuple[RuleDifference, ...]:
    return differences(read_rules(Path(curve.rules)), theirs) if curve.rules and theirs else ()


def _known(project: Project, seen: Seen, samples: MaskedSamples, report: Report) -> frozenset[str]:
    """Stacks of the subjects that a model has seen, by any of their stacks."""
    with project.cohort() as cohort:
        subject_of = cohort.subject_of_stacks({item.subject for item in samples.items})
    subjects = seen.of_stacks(subject_of, report)
    return frozenset(item.stack for item in samples.items if item.subject in subjects)


def _start(curve: CurveFile, package: ModelPackage, known: frozenset[str]) -> Start:
    if package.network != curve.network or package.task.codes != mask_task(curve.task).codes:
        raise StudyFileError(
            f"Expected a package of {curve.network} for {curve.task}, got one of {package.network} for "
            f"{package.task.name}. Do: name the package's network in the curve file."
        )
    # What changes training alone may differ; patches too, which slide over the whole image afterwards.
    free: dict[str, object] = {"augment": None} if curve.centred else {"augment": None, "shape": None}
    theirs, ours = ({**recipe.as_dict(), **free} for recipe in (package.volume_recipe, curve.recipe))
    if theirs != ours:
        apart = [f"{key} {theirs[key]} there, {ours[key]} here" for key in ours if theirs[key] != ours[key]]
        raise StudyFileError(
            f"Expected images to be read as {package.name} reads them, got {'; '.join(apart)}. "
            "Do: set the same in the curve file, so that the model as it is is not measured on other pictures."
        )
    return Start(
        origin=package.name,
        digest=package.weights_digest,
        state=package.state,
        trained_on=known,
    )
