"""medgraft networks."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.options import JsonOption
from medgraft.cli.output import write_json, write_table

if TYPE_CHECKING:
    from medgraft.workspace import NetworkRow

_COLUMNS = (
    "name",
    "network",
    "answers",
    "axes",
    "input",
    "features",
    "stages",
    "parameters (M)",
    "ImageNet top 1 (%)",
)


def networks(
    name: Annotated[str | None, typer.Argument(help="Show one network with its stages.", show_default=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """List the networks that can be grafted; any other network of timm goes by its name.

    Examples:
      medgraft networks
      medgraft networks densenet121 --json
    """
    from medgraft.workspace import describe_network, list_networks

    rows = list_networks() if name is None else (describe_network(name),)
    if as_json:
        write_json({"networks": rows})
        return
    if name is not None:
        _show_one(rows[0])
        return
    write_table(_COLUMNS, [_cells(row) for row in rows])


def _cells(row: "NetworkRow") -> tuple[object, ...]:
    return row.name, row.title, row.answers, row.dims, row.size, row.features, len(row.stages), row.parameters, row.top1


def _show_one(row: "NetworkRow") -> None:
    facts = asdict(row) | {"stages": " | ".join(row.stages)}
    write_table(("fact", "value"), [(name, value) for name, value in facts.items() if value not in {None, ""}])
