"""What to know before masks of new stacks are believed: what the model was made for, and whom it has seen."""

from collections.abc import Iterable, Iterator

from medgraft.core.cohort import ImportNote, StackEntry
from medgraft.core.counted import counted
from medgraft.core.progress import Report
from medgraft.exchange.package import ModelPackage, package_facts
from medgraft.recipe import IN_HU, HuWindow
from medgraft.workspace.models.fit import package_fit
from medgraft.workspace.project import Project

#: Of which stack, by its id; the code of the note, and its text.
_Told = tuple[str, str, str]


def mask_cautions(package: ModelPackage, project: Project, report: Report) -> tuple[ImportNote, ...]:
    """Notes on stacks of a project that a model may fail on, or has learned from."""
    with project.cohort() as cohort:
        entries = {entry.id: entry for entry in cohort.entries()}
    told = [
        *_not_in_hu(package, entries.values()),
        *_unlike(package, project),
        *_seen(package, entries.values(), report),
    ]
    return tuple(
        ImportNote(kind="noticed", code=code, where=entries[stack].source, text=text) for stack, code, text in told
    )


def _not_in_hu(package: ModelPackage, entries: Iterable[StackEntry]) -> Iterator[_Told]:
    for entry in entries if isinstance(package.volume_recipe.window, HuWindow) else ():
        if entry.modality not in IN_HU:
            text = f"The model reads grey levels as HU, which {entry.modality} has not: what it sees is chance."
            yield entry.id, "not-in-hu", text


def _unlike(package: ModelPackage, project: Project) -> Iterator[_Told]:
    """Stacks out of the ranges of those trained on, where the package says which these were."""
    if package.fingerprint is None:
        return
    fit = package_fit(project, package_facts(package))
    for doubt in fit.doubts:
        text = f"Unlike the {counted(fit.trained, 'stack')} that the model was trained on: {', '.join(doubt.reasons)}."
        yield doubt.stack, "unlike-training", f"{text} Their ranges: medgraft inspect."


def _seen(package: ModelPackage, entries: Iterable[StackEntry], report: Report) -> Iterator[_Told]:
    whose = {entry.id: entry.subject for entry in entries}
    known = package.seen.of_stacks(whose, report)
    text = "The model was trained or chosen on this subject: it does better here than on others."
    yield from ((stack, "seen-in-training", text) for stack, subject in whose.items() if subject in known)
