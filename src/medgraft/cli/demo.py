"""medgraft demo."""

from pathlib import Path
from typing import Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.options import JsonOption
from medgraft.cli.output import write_json, write_line
from medgraft.cli.study.summary import show_summary


def demo(
    project: Annotated[
        Path, typer.Option("--project", "-P", help="A new folder, or the one of an earlier demo.", file_okay=False)
    ] = Path("medgraft-demo"),
    as_json: JsonOption = False,
) -> None:
    """Graft a network of one synthetic hospital onto a clinic's few patients, and report whether it was worth it.

    Nothing is downloaded and no real patient is needed. The folder gets two projects, hospital and clinic; only the
    trained network passes from one to the other. It takes some minutes; stopped with Ctrl-C, it goes on the next time.

    Examples:
      medgraft demo
      medgraft demo --project hearts-demo --json
    """
    from medgraft.workspace.demonstration import demonstrate

    with progress_bars() as report:
        done = demonstrate(project, report=report)
    if as_json:
        write_json(done)
        return
    show_summary(done.study)
    write_line(f"\nproject: {done.project}")
    write_line(f"report: {done.report.page}")
