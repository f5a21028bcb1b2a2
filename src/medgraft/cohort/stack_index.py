"""StackIndex: the rows of stacks, and what users say about them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import func, select, update
from sqlalchemy.dialects.sqlite import insert

from medgraft.cohort.database import Database
from medgraft.cohort.found import FoundLabel
from medgraft.cohort.removal import check_not_removed, is_removed, let_return
from medgraft.cohort.spacing import Spacing, check_spacing, same_spacing
from medgraft.cohort.tables import LABELS, STACKS, entry_of_row, row_of
from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError, NotFoundError


class StackIndex:
    """The part of a cohort that is in its database: entries, and labels that came with the images."""

    _database: Database

    def entries(self, subject: str | None = None) -> tuple[StackEntry, ...]:
        """All entries, or those of one subject, by subject, series and id."""
        query = select(STACKS) if subject is None else select(STACKS).where(STACKS.c.subject == subject)
        with self._database.reading() as connection:
            entries = [entry_of_row(row) for row in connection.execute(query).mappings()]
        return tuple(sorted(entries, key=lambda entry: (entry.subject, entry.series, entry.id)))

    def entry(self, id: str) -> StackEntry:  # noqa: A002 - the field's own name
        """The entry of an id. Raises `NotFoundError` if there is none."""
        with self._database.reading() as connection:
            row = connection.execute(select(STACKS).where(STACKS.c.id == id)).mappings().first()
        if row is None:
            raise NotFoundError(f"Expected the id of an imported stack, got {id!r}. Do: medgraft cohort lists them.")
        return entry_of_row(row)

    def __contains__(self, id: object) -> bool:  # noqa: A002 - the field's own name
        """Whether a stack of that id is there."""
        with self._database.reading() as connection:
            return connection.execute(select(STACKS.c.id).where(STACKS.c.id == id)).first() is not None

    def __len__(self) -> int:
        """How many stacks there are."""
        with self._database.reading() as connection:
            return connection.execute(select(func.count()).select_from(STACKS)).scalar_one()

    def subjects(self) -> tuple[str, ...]:
        """All subjects, sorted."""
        with self._database.reading() as connection:
            return tuple(sorted(connection.execute(select(STACKS.c.subject).distinct()).scalars()))

    def subject_of_stacks(self, subjects: Collection[str]) -> dict[str, str]:
        """Whose each stack of some subjects is, by its id."""
        return {entry.id: entry.subject for entry in self.entries() if entry.subject in subjects}

    def was_removed(self, subject: str) -> bool:
        """Whether a subject was removed for good, and nothing of it was brought back."""
        with self._database.reading() as connection:
            return is_removed(connection, subject)

    def found_labels(self) -> tuple[FoundLabel, ...]:
        """The labels that came with the images, in order of stack, phase and slice; the last import's word counts."""
        with self._database.reading() as connection:
            rows = connection.execute(select(LABELS).order_by(*LABELS.primary_key)).mappings().all()
        return tuple(FoundLabel(**row) for row in rows)

    def spacing_of_source(self, id: str) -> Spacing | None:  # noqa: A002 - see entry
        """The spacing (z, y, x) in mm that a stack's source says, whatever a user said since; None if it says none."""
        with self._database.reading() as connection:
            said = connection.execute(select(STACKS.c.spacing).where(STACKS.c.id == id)).scalar()
        return None if said is None else tuple(said)

    def set_phases(self, id: str, phases: Mapping[str, int]) -> StackEntry:  # noqa: A002 - see entry
        """Name phases, for example {"ed": 0, "es": 11}, in place of the names so far; indices count from 0.

        Raises `NotFoundError` for an unknown stack, `InputError` for an index that is not on the stack.
        """
        entry = self.entry(id)
        outside = {name: phase for name, phase in phases.items() if not 0 <= phase < entry.shape[0]}
        if outside:
            raise InputError(f"Expected phases of stack {id} within 0..{entry.shape[0] - 1}, got {outside}.")
        return self._update(id, phases=dict(phases))

    def set_base_first(self, id: str, base_first: bool | None) -> StackEntry:  # noqa: A002 - see entry
        """Say at which end of a stack the base of the heart is: True at slice 0, False at the last slice."""
        return self._update(id, base_first=base_first)

    def set_spacing(self, id: str, spacing: Spacing) -> StackEntry:  # noqa: A002 - see entry
        """Say how far apart slices, rows and columns of a stack are (mm), whatever its source says.

        Slices keep their order, and gaps between them as many steps wide. The id stays, the source's own word too: to
        say the same again undoes it. Raises `NotFoundError` for an unknown stack, `InputError` for a spacing that
        nothing can have.
        """
        check_spacing(spacing)
        return self._update(id, given_spacing=None if same_spacing(spacing, self.spacing_of_source(id)) else spacing)

    def set_split(self, subject: str, split: str | None) -> None:
        """Put a whole subject in a split, for example "test": its stacks cannot be torn apart."""
        self._update_subject(subject, split=split)

    def set_site(self, subject: str, site: str | None) -> None:
        """Say where a subject was imaged."""
        self._update_subject(subject, site=site)

    def _insert(self, entry: StackEntry, labels: Sequence[FoundLabel], *, bring_back: bool) -> bool:
        """Whether the stack is new. Raises `RemovedError` for what was removed, unless it is to be brought back."""
        with self._database.writing() as connection:
            new = connection.execute(insert(STACKS).on_conflict_do_nothing(), row_of(entry)).rowcount == 1
            (let_return if bring_back else check_not_removed)(connection, entry)
            if labels:
                statement, place = insert(LABELS), list(LABELS.primary_key)
                again = statement.on_conflict_do_update(index_elements=place, set_={"code": statement.excluded.code})
                connection.execute(again, [asdict(label) for label in labels])
        return new

    def _update(self, id: str, **values: object) -> StackEntry:  # noqa: A002 - see entry
        with self._database.writing() as connection:
            connection.execute(update(STACKS).where(STACKS.c.id == id).values(values))
        return self.entry(id)

    def _update_subject(self, subject: str, **values: object) -> None:
        with self._database.writing() as connection:
            done = connection.execute(update(STACKS).where(STACKS.c.subject == subject).values(values))
        if not done.rowcount:
            raise InputError(f"Expected a subject of the cohort, got {subject!r}. Available: {_few(self.subjects())}.")


def _few(names: Sequence[str], most: int = 10) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
