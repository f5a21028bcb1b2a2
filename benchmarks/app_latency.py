"""How long the app takes from a key to the next stack drawn, measured in the browser, and what the server keeps.

    python -m benchmarks.app_latency                  # 500 phantom subjects, 200 stacks labelled, 2,000 views
    python -m benchmarks.app_latency --subjects 20 --stacks 20 --views 100

A key is pressed in a headless Chromium; the time ends in the frame after every canvas of the next stack was drawn.
"""

import argparse
import json
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import numpy as np
from playwright.sync_api import Page

from benchmarks.served_app import browsing, serving
from medgraft.core.seeds import rng
from medgraft.core.stack import FoundStack
from medgraft.phantoms import short_axis_heart
from medgraft.workspace import Project, add_reader, list_cohort

#: Different hearts; the other subjects are these with other noise, which costs as much to show.
HEARTS = 12
#: A reader who looks at nothing still takes this long, in ms.
LOOK = 400
LISTEN = """
addEventListener("medgraft-drawn", () => requestAnimationFrame(() => setTimeout(() => {
  const now = performance.now();
  globalThis.firstDrawn ??= now;
  if (globalThis.pressed) { globalThis.took.push(now - globalThis.pressed); globalThis.pressed = 0; }
})));
addEventListener("keydown", (event) => { if (event.key === "Enter") globalThis.pressed = event.timeStamp; }, true);
globalThis.took = [];
"""


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Milliseconds from Enter to the next card drawn, the first page, and the server's own memory in MiB."""

    subjects: int
    keys: int
    median_ms: float
    p95_ms: float
    worst_ms: float
    first_page_ms: float
    memory_early_mib: float
    memory_late_mib: float
    views: int


def main() -> None:
    """Measure, and write one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("subjects", 500), ("stacks", 200), ("views", 2000), ("size", 192)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "heart", asked.subjects, asked.size)
        print(json.dumps(vars(measure(project, asked.stacks, asked.views)), indent=1))


def make_project(root: Path, subjects: int, size: int) -> Project:
    """A project of phantom subjects at ED and ES."""
    project = Project.create(root)
    hearts = [short_axis_heart(subject=number, size=size, n_phases=2).stack for number in range(1, HEARTS + 1)]
    with project.cohort() as cohort:
        for number in range(subjects):
            stack = hearts[number % HEARTS]
            noise = rng("app latency", number).integers(0, 8, stack.pixels.shape)
            pixels = (stack.pixels + noise).astype(stack.pixels.dtype)
            named = replace(stack, pixels=pixels, mask=None, mask_phases=())
            cohort.add(FoundStack(stack=named, subject=f"subject{number:04}", series_key=str(number), series="sax"))
    return project


def measure(project: Project, stacks: int, views: int) -> Latency:
    """Label stacks by the keyboard, then look at many through the API."""
    token = add_reader(project, "bench").token
    with serving(project) as (link, process):
        with browsing(LISTEN) as page:
            page.goto(link)
            took = label(page, stacks)
            page.reload()
            page.wait_for_function("() => globalThis.firstDrawn")
            first = float(page.evaluate("globalThis.firstDrawn"))
        early, late = memory(link, project, ("bench", token), process.pid, views)
    return Latency(
        subjects=list_cohort(project).subjects,
        keys=len(took),
        median_ms=round(float(np.median(took)), 1),
        p95_ms=round(float(np.percentile(took, 95)), 1),
        worst_ms=round(max(took), 1),
        first_page_ms=round(first, 1),
        memory_early_mib=early,
        memory_late_mib=late,
        views=views,
    )


def label(page: Page, stacks: int) -> list[float]:
    """Two keys for each phase of each stack; milliseconds from each Enter to the next card."""
    page.wait_for_function("() => globalThis.firstDrawn")
    for _ in range(2 * stacks - 1):
        page.wait_for_timeout(LOOK)
        page.keyboard.press("a")
        page.keyboard.press("Enter")
        page.wait_for_function("() => !globalThis.pressed")
    took: list[float] = page.evaluate("globalThis.took")
    return took


def memory(link: str, project: Project, auth: tuple[str, str], pid: int, views: int) -> tuple[float, float]:
    """The server's anonymous memory in MiB after a tenth of the views, and after all."""
    ids = [row.id for row in list_cohort(project).stacks]
    early = 0.0
    with httpx.Client(base_url=link.partition("/sign-in")[0], auth=auth) as client:
        for number in range(views):
            client.get(f"/api/v1/stacks/{ids[number % len(ids)]}/pixels/{number % 2}").raise_for_status()
            if number == views // 10:
                early = anonymous(pid)
    return early, anonymous(pid)


def anonymous(pid: int) -> float:
    """Memory of a process that is its own, not that of mapped files, in MiB."""
    found = re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return round(int(found[1]) / 1024, 1) if found else float("nan")


if __name__ == "__main__":
    main()
