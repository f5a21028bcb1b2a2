"""A model leaves its project, and another arrives: packing, unpacking, and trying a package's test vectors."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError, WeightsError
from medgraft.core.files import AnyPath
from medgraft.core.progress import Report, silent
from medgraft.exchange import SUFFIX, Seen, Training, fingerprint, hash_subjects, read_rules, unpack, write_archive
from medgraft.exchange.bundle import is_bundle, read_bundle, write_bundle
from medgraft.exchange.folder import check_new
from medgraft.exchange.package import ModelPackage, read_package, write_package
from medgraft.exchange.vectors import TOLERANCE, make_vectors, vectors_error
from medgraft.workspace.kept.find_model import find_model
from medgraft.workspace.project import Project

#: The longest notes that are packed, in letters.
_LONGEST_NOTES = 20_000


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A package that was written. bytes: of the file. stacks, subjects: that the model was trained on."""

    name: str
    file: str
    bytes: int
    stacks: int
    subjects: int
    has_rules: bool


@dataclass(frozen=True, kw_only=True)
class Unpacked:
    """A package that was unpacked into a folder, which can be used where a model is asked for."""

    name: str
    folder: str
    network: str
    task: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """How a model answers its test vectors here. error: the largest difference of a probability; tolerance: allowed."""

    inputs: int
    error: float
    tolerance: float


def pack_model(
    project: Project,
    model: str,
    file: AnyPath,
    *,
    rules: AnyPath | None = None,
    notes: AnyPath | None = None,
    monai_bundle: AnyPath | None = None,
    report: Report = silent,
) -> Packed:
    """Write a model of a project as one file that can leave.

    Fingerprint, hashes of subjects and test vectors are made here, from the stacks it was trained on. Hashes of earlier
    trainings, at other sites, travel on.

    Args:
        project: where the model was trained.
        model: `STUDY/MODEL`, `STUDY` for its best model, or a package's folder.
        file: what to write, NAME.medgraft.
        rules: the filled-in annotation rules of the site.
        notes: a text of one's own for the head of the card: intended use, whom to ask, licence.
        monai_bundle: a folder for the same model as a MONAI bundle.
        report: told of every subject that is hashed.

    Raises:
        InputError: no such model, a file of another name, training stacks that are not in the project, rules or notes
            that cannot be read, or a network that MONAI does not have.
        WeightsError: a package that is damaged.
    """
    file = Path(file)
    if file.suffix != SUFFIX:  # by it a file is known as a model
        raise InputError(f"Expected a file NAME{SUFFIX} to pack into, got {file.name}.")
    package = read_package(find_model(model, project.root))
    with project.cohort() as cohort:
        everybody = cohort.entries()
        entries = _trained_on(package, everybody)
        complete = replace(
            package,
            notes=_words(Path(notes)) if notes else package.notes,
            rules=read_rules(Path(rules)) if rules else package.rules,
            fingerprint=fingerprint(entries, cohort.pixels),
            seen=_hashed(package, everybody, report),
            vectors=make_vectors(package.model(), package.input_shape),
        )
    if monai_bundle:
        write_bundle(complete, Path(monai_bundle))
    with tempfile.TemporaryDirectory() as scratch:
        write_archive(write_package(complete, Path(scratch) / "package"), file)
    return Packed(
        name=complete.name,
        file=str(file),
        bytes=file.stat().st_size,
        stacks=len(entries),
        subjects=len({entry.subject for entry in entries}),
        has_rules=complete.rules is not None,
    )


def add_package(project: Project, source: AnyPath) -> Unpacked:
    """Unpack a model into a project, as packages/NAME after its file or folder; raises as `unpack_model` does."""
    return unpack_model(source, project.packages / Path(source).resolve().name.removesuffix(SUFFIX))


def unpack_model(source: AnyPath, folder: AnyPath) -> Unpacked:
    """Unpack a package file, or take over a MONAI bundle's folder, into a new folder; every digest is checked.

    Raises `WeightsError` for what is refused, with the reason; `InputError` if the folder holds something already.
    """
    source, folder = Path(source), Path(folder)
    package = read_package(_taken_over(source, folder) if is_bundle(source) else unpack(source, folder))
    return Unpacked(name=package.name, folder=str(folder), network=package.network, task=package.task.name)


def verify_package(path: AnyPath) -> Verification:
    """Build a package's model and compare its answers to the test vectors with those it gave where it was packed.

    Raises `WeightsError` where they differ by more than 1e-5, or there are none; and what `ModelPackage.model` raises.
    """
    package = read_package(Path(path))
    if package.vectors is None:
        raise WeightsError(f"Expected a package with test vectors, got {package.name} without. Do: medgraft pack it.")
    error = vectors_error(package.model(), package.vectors)
    if not error <= TOLERANCE:
        raise WeightsError(
            f"Expected the answers that {package.name} gave where it was packed, got others by up to {error:.3g} "
            f"(allowed: {TOLERANCE:g}). Do not use it here before it is known why."
        )
    return Verification(inputs=len(package.vectors.inputs), error=error, tolerance=TOLERANCE)


def _taken_over(bundle: Path, folder: Path) -> Path:
    check_new(folder)
    package = read_bundle(bundle)
    return write_package(replace(package, vectors=make_vectors(package.model(), package.input_shape)), folder)


def _trained_on(package: ModelPackage, entries: tuple[StackEntry, ...]) -> list[StackEntry]:
    own = package.seen.own
    found = [entry for entry in entries if entry.id in own]
    if not found or len(found) < len(own):
        raise InputError(
            f"Expected the {len(own)} stacks that {package.name} was trained on in this project, "
            f"found {len(found)}. Do: pack it from the project that trained it."
        )
    return found


def _hashed(package: ModelPackage, entries: tuple[StackEntry, ...], report: Report) -> Seen:
    """Whom a model has seen, hashed where that is known here and was not done before."""
    subjects = {entry.id: entry.subject for entry in entries}

    def hashed(number: int, training: Training) -> Training:
        if training.subjects is not None or not training.stacks or not training.seen <= subjects.keys():
            return training
        seen = (subjects[stack] for stack in training.seen)
        secret = [package.weights_digest, number]
        return replace(training, subjects=hash_subjects(seen, secret=secret, report=report))

    return Seen(trainings=tuple(hashed(*item) for item in enumerate(package.seen.trainings)))


def _words(path: Path) -> str:
    try:
        words = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise InputError(f"Expected a text in {path}, got a file that cannot be read: {error}.") from error
    if len(words) > _LONGEST_NOTES:
        raise InputError(f"Expected notes of at most {_LONGEST_NOTES:,} letters, got {len(words):,}.")
    return words
