"""medgraft networks."""

from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.options import JsonOption
from medgraft.cli.output import write_json, write_line, write_table

if TYPE_CHECKING:
    from medgraft.workspace import NetworkRow


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
    columns = ("name", "network", "input", "features", "stages", "parameters (M)", "ImageNet top 1 (%)", "reference")
    write_table("", columns, [_cells(row) for row in rows])
    if name is not None:
        write_line("stages, from input to output: " + " | ".join(rows[0].stages))


def _cells(row: "NetworkRow") -> tuple[object, ...]:
    return row.name, row.title, row.size, row.features, len(row.stages), row.parameters, row.top1, row.reference
