"""Phases that a user gives: a CSV file with the columns subject, ed, es."""

from collections.abc import Mapping
from pathlib import Path

from medgraft.cohort.cohort import Cohort
from medgraft.cohort.pseudonym import Pseudonyms
from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.spreadsheet import read_sheet


def phases_from_csv(path: Path, pseudonyms: str | None = None) -> dict[str, dict[str, int]]:
    """Named phases per subject, for example {"patient001": {"ed": 0, "es": 11}}.

    Every column but `subject` names a phase; its values are indices on T that count from 0; empty means unknown.
    With the secret key of a pseudonymous import, the file names subjects as the source does.
    Raises `InputError` if the column `subject` is missing, a value is no index, or a subject comes twice.
    """
    sheet = read_sheet(Path(path))
    if "subject" not in sheet.columns:
        raise InputError(f"Expected the columns subject, ed, es in {Path(path).name}, got {list(sheet.columns)}.")
    rows = [row for _, row in sheet.rows]
    subjects = [row["subject"] for row in rows]
    twice = sorted({subject for subject in subjects if subjects.count(subject) > 1})
    if twice:
        raise InputError(f"Expected one row per subject in {Path(path).name}, got several for {', '.join(twice[:5])}.")
    named = Pseudonyms(pseudonyms).subject if pseudonyms is not None else str
    return {named(row["subject"]): _indices(row, Path(path).name) for row in rows}


def set_phases(cohort: Cohort, phases: Mapping[str, Mapping[str, int]]) -> tuple[StackEntry, ...]:
    """Give every stack of each subject its phases, all or none; the changed entries. Removed subjects are passed over.

    Raises `InputError` if a subject is not in the cohort or an index is not on one of its stacks.
    """
    entries = [entry for entry in cohort.entries() if entry.subject in phases]
    absent = set(phases) - {entry.subject for entry in entries}
    missing = sorted(subject for subject in absent if not cohort.was_removed(subject))
    if missing:
        known = ", ".join(cohort.subjects()[:10])
        raise InputError(f"Expected subjects of the cohort, got {', '.join(missing[:10])}. Available: {known}.")
    for entry in entries:
        outside = {name: index for name, index in phases[entry.subject].items() if index >= entry.shape[0]}
        if outside:
            raise InputError(f"Expected phases 0..{entry.shape[0] - 1} for subject {entry.subject}, got {outside}.")
    return tuple(cohort.set_phases(entry.id, phases[entry.subject]) for entry in entries)


def _indices(row: dict[str, str], name: str) -> dict[str, int]:
    cells = {phase: cell for phase, cell in row.items() if phase != "subject" and phase and cell}
    wrong = [cell for cell in cells.values() if not cell.isdecimal()]
    if wrong:
        raise InputError(f"Expected phase indices from 0 in {name}, got {wrong[0]!r} for subject {row['subject']}.")
    return {phase.lower(): int(cell) for phase, cell in cells.items()}
