"""medgraft remove."""

from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.options import HERE, JsonOption, ProjectOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.workspace.kept.stack_removal import StackRemoval


def remove(
    *,
    stack: Annotated[
        list[str] | None, typer.Option(help="A stack's id, as medgraft cohort shows it; may be given again.")
    ] = None,
    subject: Annotated[
        list[str] | None, typer.Option(help="A subject, with all its stacks; may be given again.")
    ] = None,
    for_good: Annotated[bool, typer.Option("--for-good", help="Do it; otherwise only show what would go.")] = False,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Take stacks or subjects out of a project for good, as when a patient withdraws consent.

    Images, masks and those of before, labels, notes, places in rounds and worklists go, and the cache; a later import
    leaves them out unless it says --bring-back. What studies, learning curves and models learned stays: they are named.

    Examples:
      medgraft remove --subject P012 --project heart
      medgraft remove --subject P012 --project heart --for-good
      medgraft remove --stack 5a0c2e7d91b4f368 --project heart --for-good --json
    """
    from medgraft.workspace import Project
    from medgraft.workspace.kept.stack_removal import remove_stacks

    if not (stack or subject):
        raise typer.BadParameter("Expected what is to be removed: --stack or --subject.")
    opened = Project.open(project)
    with progress_bars() as report:
        found = remove_stacks(opened, stacks=stack or (), subjects=subject or (), for_good=for_good, report=report)
    if as_json:
        write_json(found)
    else:
        _show(found)


def _show(found: "StackRemoval") -> None:
    rows = [
        (item.id, item.subject, item.series or None, item.files, _mb(item.bytes), item.labels) for item in found.stacks
    ]
    write_table(("stack", "subject", "series", "files", "MB", "labels"), rows)
    for title, names in (("of rounds", found.rounds), ("of worklists", found.worklists)):
        if names:
            write_line(f"{title}: {', '.join(names)}")
    write_line(f"of the cache, which is computed again when needed: {_mb(found.cache_bytes)} MB, all of it")
    if found.seen_by:
        write_line("\nStays, and learned from them:")
        write_table(
            ("kind", "name", "files that name them"),
            [(saw.kind, saw.name, ", ".join(saw.files)) for saw in found.seen_by],
        )
    write_line(f"\n{_sentence(found)}")


def _sentence(found: "StackRemoval") -> str:
    what = counted(len(found.stacks), "stack")
    nothing_left = f"; nothing is left of {', '.join(found.subjects)}" if found.subjects else ""
    if not found.removed:
        return f"Would remove {what}{nothing_left}. Nothing was removed yet. Do: the same with --for-good."
    return (
        f"Removed {what} for good{nothing_left}. Copies of the project, packages and tables that left it are not "
        "reached: delete them where they are. Packages carry salted hashes of their subjects, which stay."
    )


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f}"
