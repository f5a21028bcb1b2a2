"""How labelling from masks is shown."""

from typing import TYPE_CHECKING

from medgraft.cli.output import write_line, write_table
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.workspace import MaskLabelling


def show_labelling(done: "MaskLabelling") -> None:
    """Say what was recorded, and how every rule of the task counts."""
    changes = done.changes
    write_line(
        f"{counted(changes.added, 'label')} added by {done.reader} for {done.task} in {counted(done.stacks, 'stack')}, "
        f"{changes.unchanged} unchanged, {changes.withdrawn} withdrawn"
    )
    codes = list(next(iter(done.counts.values()), {}))
    rows = [(rule, *(count[code] for code in codes)) for rule, count in done.counts.items()]
    write_line("\nSlices by rule")
    write_table(("rule", *codes), rows)
    if done.notes:
        write_line("\n".join(["\nNotes", *done.notes]))
