"""medgraft demo."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.options import JsonOption
from medgraft.cli.output import write_json, write_line
from medgraft.cli.study.curve import show_curve
from medgraft.cli.study.summary import show_summary


class Which(StrEnum):
    """What is demonstrated."""

    GRAFT = "graft"
    TWO_SITE = "two-site"


def demo(
    which: Annotated[
        Which, typer.Argument(help="graft: classify slices of few patients; two-site: a heart model in 4D CT travels.")
    ] = Which.GRAFT,
    project: Annotated[
        Path, typer.Option("--project", "-P", help="A new folder, or the one of an earlier demo.", file_okay=False)
    ] = Path("medgraft-demo"),
    as_json: JsonOption = False,
) -> None:
    """Graft a network of one synthetic hospital onto another one's few patients, and report whether it was worth it.

    Nothing is downloaded and no real patient is needed. The folder gets two projects, one of each hospital; only the
    trained network passes from one to the other. It takes some minutes; stopped with Ctrl-C, it goes on the next time.

    Examples:
      medgraft demo
      medgraft demo two-site --project two-sites
      medgraft demo --project hearts-demo --json
    """
    if which is Which.GRAFT:
        _graft(project, as_json=as_json)
    else:
        _two_site(project, as_json=as_json)


def _graft(project: Path, *, as_json: bool) -> None:
    from medgraft.workspace.demos.one_clinic import demonstrate

    with progress_bars() as report:
        done = demonstrate(project, report=report)
    if as_json:
        write_json(done)
    else:
        show_summary(done.study)
        _show_places(done.project, done.report.page)


def _two_site(project: Path, *, as_json: bool) -> None:
    from medgraft.workspace.demos.two_sites import demonstrate_two_sites

    with progress_bars() as report:
        done = demonstrate_two_sites(project, report=report)
    if as_json:
        write_json(done)
    else:
        show_curve(done.curve)
        _show_places(done.project, done.report.page)


def _show_places(project: str, page: str) -> None:
    write_line(f"\nproject: {project}")
    write_line(f"report: {page}")
