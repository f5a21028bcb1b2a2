"""The stacks of a project as rows for people, and the repair log."""

from collections.abc import Mapping
from dataclasses import dataclass

from medgraft.core.cohort import ImportNote, StackEntry
from medgraft.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class StackRow:
    """One stack in a few words.

    phases, slices, rows, columns: its shape. spacing: (z, y, x) in mm, None where unknown. named_phases: for example
    {"ed": 0}. base_first: whether slice 0 is the base of the heart, None where unknown. masks: phases with a mask.
    """

    id: str
    subject: str
    series: str
    modality: str
    site: str | None
    split: str | None
    phases: int
    slices: int
    rows: int
    columns: int
    spacing: tuple[float, float, float] | None
    named_phases: Mapping[str, int]
    base_first: bool | None
    masks: int

    @classmethod
    def of(cls, entry: StackEntry) -> "StackRow":
        """The row of an entry."""
        phases, slices, rows, columns = entry.shape
        return cls(
            id=entry.id,
            subject=entry.subject,
            series=entry.series,
            modality=entry.modality,
            site=entry.site,
            split=entry.split,
            phases=phases,
            slices=slices,
            rows=rows,
            columns=columns,
            spacing=entry.spacing,
            named_phases=entry.phases,
            base_first=entry.base_first,
            masks=len(entry.mask_phases),
        )


@dataclass(frozen=True, kw_only=True)
class CohortList:
    """All stacks of a project by subject, and how many subjects there are."""

    subjects: int
    stacks: tuple[StackRow, ...]


def list_cohort(project: Project) -> CohortList:
    """The stacks of a project, in order of subject and series."""
    with project.cohort() as cohort:
        stacks = tuple(StackRow.of(entry) for entry in cohort.entries())
    return CohortList(subjects=len({row.subject for row in stacks}), stacks=stacks)


def import_notes(project: Project) -> tuple[ImportNote, ...]:
    """The repair log of all imports, oldest first: what was repaired, set aside, refused or noticed, and why."""
    with project.cohort() as cohort:
        return cohort.notes()
