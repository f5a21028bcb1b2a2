"""import_source: from a folder of files to entries of a cohort, with an account of everything on the way."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from medgraft.cohort.cohort import Cohort
from medgraft.cohort.found import FoundLabel, labels_of, stored_form, with_finite_pixels
from medgraft.cohort.import_history import ImportRecord
from medgraft.cohort.importers import IMPORTERS, Importer
from medgraft.cohort.options import ImportOptions
from medgraft.cohort.pseudonym import Pseudonyms, words_of
from medgraft.cohort.removal import RemovedError, is_within
from medgraft.cohort.source import Source, endings_of, open_source, readable, with_readable_names
from medgraft.cohort.spacing import millimetres, same_spacing
from medgraft.core.cohort import ImportNote, ImportReport, StackEntry
from medgraft.core.counted import counted
from medgraft.core.digest import array_digest
from medgraft.core.errors import InputError
from medgraft.core.progress import Report, silent
from medgraft.core.stack import FoundStack


def import_source(
    source: Path,
    cohort: Cohort,
    *,
    layout: str = "auto",
    options: ImportOptions = ImportOptions(),  # noqa: B008 - frozen
    when: str | None = None,
    report: Report = silent,
) -> ImportReport:
    """Import a folder (or one file) into a cohort.

    A file that cannot be read is a note with its reason and the import goes on. Importing the same files again adds
    nothing, nor to the repair log. Stopped at any moment and started again, the cohort ends as if it had not been
    stopped.

    Args:
        source: folder to read; it is never written to.
        cohort: where stacks go.
        layout: a name of `layouts()`, or "auto" for the first that recognises the folder.
        options: what the source cannot say about itself.
        when: time of the import for the history, ISO 8601; None is now.
        report: called with `Progress` while files are read.

    Raises:
        InputError: no layout recognises the folder, or a layout needs an option; the text says which.
        ProjectError: the disk is full, or the project cannot be written.
    """
    files = open_source(Path(source))
    importer = _choose(files, layout, options)
    diary = _Diary(cohort, files, importer, options, when or datetime.now(UTC).isoformat(timespec="seconds"))
    diary.notes(files.left_out)
    empty = True
    for found in importer.read(files, options, diary.note, report):
        empty = False
        diary.take(found)
    if empty:
        diary.note(_nothing_found(files, options, importer))
    return diary.close()


def layouts() -> tuple[str, ...]:
    """The layouts that `import_source` knows, in the order in which "auto" tries them.

    >>> layouts()
    ('acdc', 'table', 'nifti', 'dicom', 'imagefolder')
    """
    return tuple(importer.name for importer in IMPORTERS)


def _choose(source: Source, layout: str, options: ImportOptions) -> Importer:
    if layout != "auto":
        named = [importer for importer in IMPORTERS if importer.name == layout]
        if not named:
            raise InputError(f"Expected a layout, got {layout!r}. Available: auto, {', '.join(layouts())}.")
        return named[0]
    for importer in IMPORTERS:
        if importer.recognises(source, options):
            return importer
    raise InputError(_nothing_fits(source))


def _nothing_fits(source: Source) -> str:
    expected = "\n".join(f"  {importer.name}: {importer.expects}" for importer in IMPORTERS)
    got = f"{counted(len(source.files), 'file')} ({endings_of(source.files)})"
    return f"Expected a folder in a layout that medgraft knows, got {got}.{source.why_less()} Available:\n{expected}"


def _nothing_found(source: Source, options: ImportOptions, chosen: Importer) -> ImportNote:
    """A folder may be of two layouts, of which the first held no images."""
    others = [one.name for one in IMPORTERS if one is not chosen and one.recognises(source, options)]
    more = (
        f" It may also be read as {', '.join(others)}: name that layout, or import the inner folder." if others else ""
    )
    text = f"No image was found in the layout {chosen.name}.{more}"
    return ImportNote(kind="noticed", code="nothing-imported", where=source.name, text=text)


_MASK_DIFFERS = (
    "The project has another mask of these images and keeps it: one of the two was corrected since. "
    "To correct it elsewhere: medgraft masks export, then medgraft masks import --replace."
)


class _Diary:
    """One import while it runs: each stack and the notes before it are on disk before the next one is read."""

    def __init__(self, cohort: Cohort, source: Source, importer: Importer, options: ImportOptions, when: str) -> None:
        self._cohort, self._source, self._options = cohort, source, options
        self._layout, self._when = importer.name, when
        self._pseudonyms = Pseudonyms(options.pseudonyms) if options.pseudonyms is not None else None
        self._names = words_of(map(readable, [source.name, *map(source.relative, source.files)]))
        self._notes: list[ImportNote] = []
        self._unwritten: list[ImportNote] = []
        self._added: dict[str, StackEntry] = {}
        self._known: dict[str, StackEntry] = {}
        self._labels: dict[str, tuple[FoundLabel, ...]] = {}

    @cached_property
    def _record(self) -> ImportRecord:
        """Its line in the history, opened when there is something to write: an option may be missing."""
        name = self._source.name
        return self._cohort.begin_import(
            source=self._pseudonyms.place(name) if self._pseudonyms else name,
            layout=self._layout,
            when=self._when,
            n_files=len(self._source.files),
        )

    @cached_property
    def _told(self) -> frozenset[ImportNote]:
        """What earlier imports of this source told: it is not written again."""
        return self._cohort.told_by(source=self._record.source, layout=self._layout)

    def note(self, note: ImportNote) -> None:
        note = with_readable_names(note)
        self._notes.append(note)
        self._unwritten.append(note)

    def notes(self, notes: Sequence[ImportNote]) -> None:
        for note in notes:
            self.note(note)

    def take(self, found: FoundStack) -> None:
        found = with_readable_names(found)
        if not found.subject.strip():
            text = "No subject is known: such images could not be kept apart in folds. Name the subject in the source."
            return self.note(ImportNote(kind="refused", code="no-subject", where=found.source, text=text))
        self._names |= words_of([found.subject])
        finite, note = with_finite_pixels(found)
        self.notes([note] if note else [])
        if finite is None:
            return None
        hidden = self._pseudonyms.hide(finite) if self._pseudonyms else finite
        sited = replace(hidden, site=hidden.site or self._options.site)
        try:
            entry, new = self._cohort.take(sited, bring_back=self._options.bring_back)
        except RemovedError as error:
            return self._leave_out(found, error)
        with self._cohort.in_one_step():
            self._file_away(self._spaced(entry, found.source), new, found)
            self._write(finished=False)
        return None

    def close(self) -> ImportReport:
        entries = self._cohort.entries()
        mine = {**self._added, **self._known}
        self.notes([*_shared_pixels(entries, mine), *_torn_subjects(entries, mine)])
        self._write(finished=True)
        return ImportReport(
            source=self._source.name,
            added=tuple(self._added.values()),
            known=tuple(self._known.values()),
            notes=tuple(self._notes),
            n_files=len(self._source.files),
        )

    def _leave_out(self, found: FoundStack, error: RemovedError) -> None:
        """What was removed leaves no trace in the repair log but its id."""
        self._unwritten = [note for note in self._unwritten if not is_within(note.where, found.source)]
        self.note(ImportNote(kind="set aside", code="removed-before", where=error.stack, text=str(error)))

    def _spaced(self, entry: StackEntry, where: str) -> StackEntry:
        """The entry with the spacing that the user gave, where its source has none."""
        given = self._options.spacing
        if given is None or same_spacing(given, entry.spacing):
            return entry
        if entry.spacing is not None:
            text = f"It is {millimetres(entry.spacing)} and stays so: {millimetres(given)} is for images that say none."
            self.note(ImportNote(kind="noticed", code="spacing-kept", where=where, text=text))
            return entry
        text = f"The source says no spacing: {millimetres(given)}, as the user says."
        self.note(ImportNote(kind="repaired", code="spacing-given", where=where, text=text))
        return self._cohort.set_spacing(entry.id, given)

    def _file_away(self, entry: StackEntry, new: bool, found: FoundStack) -> None:
        labels = labels_of(found, entry.id)
        if entry.id in self._labels:
            text = f"The same images of the same subject were found twice ({entry.id}); they are stored once."
            self.note(ImportNote(kind="set aside", code="duplicate-stack", where=found.source, text=text))
            if labels != self._labels[entry.id]:
                text = "The same images came with other labels before; the last ones count. Correct one of the two."
                self.note(ImportNote(kind="noticed", code="labels-disagree", where=found.source, text=text))
        else:
            (self._added if new else self._known)[entry.id] = entry
            if not new and _has_another_mask(found, entry):
                self.note(ImportNote(kind="noticed", code="mask-differs", where=found.source, text=_MASK_DIFFERS))
        self._labels[entry.id] = labels

    def _write(self, *, finished: bool) -> None:
        self._record = replace(self._record, added=len(self._added), known=len(self._known), finished=finished)
        notes = self._unwritten
        if self._pseudonyms:
            notes = [self._pseudonyms.hide_note(note, self._names) for note in notes]
        self._cohort.update_import(self._record, [note for note in notes if note not in self._told])
        self._unwritten = []


def _has_another_mask(found: FoundStack, entry: StackEntry) -> bool:
    mask = stored_form(found).stack.mask
    return mask is not None and bool(found.stack.mask_phases) and array_digest(mask) != entry.mask_digest != ""


def _shared_pixels(entries: tuple[StackEntry, ...], mine: dict[str, StackEntry]) -> list[ImportNote]:
    by_pixels: dict[str, list[StackEntry]] = defaultdict(list)
    for entry in entries:
        by_pixels[entry.pixels_digest].append(entry)
    shared = [same for same in by_pixels.values() if len({entry.subject for entry in same}) > 1]
    return [_shared(same) for same in shared if any(entry.id in mine for entry in same)]


def _shared(same: list[StackEntry]) -> ImportNote:
    subjects = ", ".join(sorted({entry.subject for entry in same}))
    text = f"Equal pixels under several subjects ({subjects}): they would leak from training into validation."
    return ImportNote(kind="noticed", code="same-pixels", where=same[0].source, text=text, count=len(same))


def _torn_subjects(entries: tuple[StackEntry, ...], mine: dict[str, StackEntry]) -> list[ImportNote]:
    splits: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        splits[entry.subject].add(entry.split or "no split")
    touched = {entry.subject for entry in mine.values()}
    return [_torn(subject, splits[subject]) for subject in sorted(touched) if len(splits[subject]) > 1]


def _torn(subject: str, splits: set[str]) -> ImportNote:
    text = (
        f"Subject {subject} is in several splits ({', '.join(sorted(splits))}). Do: set one with "
        f"medgraft correct --subject {subject} --split."
    )
    return ImportNote(kind="noticed", code="subject-in-several-splits", where=subject, text=text)
