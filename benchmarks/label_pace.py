"""How many keys a stack takes to label, and how long the app takes over them: two marks against slice by slice.

    python -m benchmarks.label_pace                  # 20 stacks of ACDC, ED and ES

Both ways are done in a headless Chromium by the keyboard alone, on the same stacks, each by a reader of its own, with
what the masks say as the decisions; afterwards all labels are compared with those of the masks. How long a person
takes to decide is not measured; what the keys alone take is estimated by the keystroke-level model.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from playwright.sync_api import Page

from benchmarks.place import DATA
from benchmarks.served_app import browsing, serving
from medgraft.core.task import SAX_RANGE, UnitKey
from medgraft.workspace import Project, StackRow, add_reader, import_images, label_from_masks, list_cohort

#: Seconds that an average typist takes for a key (Card, Moran and Newell 1980, doi 10.1145/358886.358895).
KEYSTROKE = 0.28
LISTEN = 'addEventListener("medgraft-drawn", ({ detail }) => (globalThis.drawn = `${detail.stack}/${detail.phase}`));'
KEYS = {item.code: item.key for item in SAX_RANGE.classes}

#: What is pressed for a phase: from its codes from base to apex, and the slice that is looked at.
Way = Callable[[Sequence[str], int], list[str]]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """One way to label. A stack is ED and ES.

    keys_per_stack: Enter and moving included. machine_s: median seconds from the first key of a stack to the next one
    drawn, as fast as keys can be sent. estimated_s: what the keys take by the keystroke-level model, without looking
    and deciding.
    """

    way: str
    stacks: int
    slices: int
    keys_per_stack: float
    most_keys: int
    machine_s: float
    estimated_s: float
    labels_as_masks: bool


def main() -> None:
    """Measure, and write one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stacks", type=int, default=20)
    asked = parser.parse_args()
    if not (DATA / "acdc").is_dir():
        sys.exit("not run: ACDC is not beside the checkout (shared/data/acdc)")
    with tempfile.TemporaryDirectory() as folder:
        project = acdc_project(Path(folder), asked.stacks)
        ways = [pace(project, name, way) for name, way in WAYS.items()]
    print(json.dumps([asdict(one) for one in ways], indent=1))


def acdc_project(folder: Path, stacks: int) -> Project:
    """The first patients of ACDC with the labels of their masks."""
    for patient in sorted((DATA / "acdc").glob("patient*"))[:stacks]:
        shutil.copytree(patient, folder / "acdc" / patient.name)
    project = Project.create(folder / "heart")
    import_images(project, folder / "acdc")
    label_from_masks(project)
    return project


def by_range(codes: Sequence[str], here: int) -> list[str]:
    """The first and the last slice inside; one end alone, or one key for all, where that says it."""
    inside = [place for place, code in enumerate(codes) if code == "IN"]
    first, last, count = inside[0], inside[-1], len(codes)
    if (first, last) == (0, count - 1):
        return ["a", "Enter"]
    marks = [(first, "f")] * (first > 0) + [(last, "l")] * (last < count - 1)
    keys: list[str] = []
    for place, key in sorted(marks, key=lambda mark: abs(mark[0] - here)):
        keys += [*moves(here, place, count), key]
        here = place
    return [*keys, "Enter"]


def by_slice(codes: Sequence[str], here: int) -> list[str]:
    """A digit for each slice from the base; the page moves on by itself."""
    return [*moves(here, 0, len(codes)), *(KEYS[code] for code in codes), "Enter"]


WAYS: dict[str, Way] = {"first and last": by_range, "slice by slice": by_slice}


def moves(here: int, there: int, count: int) -> list[str]:
    """The fewest keys from a slice to another."""
    ways = (
        ["ArrowRight" if there > here else "ArrowLeft"] * abs(there - here),
        ["Home", *["ArrowRight"] * there],
        ["End", *["ArrowLeft"] * (count - 1 - there)],
    )
    return min(ways, key=len)


def pace(project: Project, name: str, way: Way) -> Pace:
    """Label every stack in one way, by a reader of that name."""
    token = add_reader(project, name).token
    said = labels_of(project, "mask:pool")
    rows = list_cohort(project).stacks
    keys, seconds = [], []
    with serving(project) as (link, _), browsing(LISTEN) as page:
        sign_in(page, link.partition("/sign-in")[0], name, token)
        for row in rows:
            began = perf_counter()
            keys.append(sum(label(page, row, phase, said, way) for phase in sorted(row.named_phases.values())))
            seconds.append(perf_counter() - began)
        page.wait_for_function("() => document.getElementById('saved').dataset.state === 'saved'")
    return Pace(
        way=name,
        stacks=len(rows),
        slices=len(said),
        keys_per_stack=round(float(np.mean(keys)), 1),
        most_keys=max(keys),
        machine_s=round(float(np.median(seconds)), 2),
        estimated_s=round(KEYSTROKE * float(np.mean(keys)), 1),
        labels_as_masks=labels_of(project, name) == said,
    )


def sign_in(page: Page, base: str, name: str, token: str) -> None:
    """Open the Label page as a reader."""
    page.goto(base)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Token").fill(token)
    page.keyboard.press("Enter")
    page.wait_for_function("() => globalThis.drawn")


def label(page: Page, row: StackRow, phase: int, said: dict[UnitKey, str], way: Way) -> int:
    """Press what labels a phase, and wait until the next is drawn; gives how many keys that were."""
    page.wait_for_function("(wanted) => globalThis.drawn === wanted", arg=f"{row.id}/{phase}")
    codes = [said[UnitKey(row.id, phase, at)] for at in range(row.slices)]
    here = int(page.locator('.cell[aria-current="true"]').get_attribute("data-place") or 0)
    keys = way(codes if row.base_first else codes[::-1], here)
    for key in keys:
        page.keyboard.press(key)
    return len(keys)


def labels_of(project: Project, reader: str) -> dict[UnitKey, str]:
    """What a reader says about ED and ES of every stack."""
    with project.labels() as store:
        return dict(store.table(SAX_RANGE.name, reader))


if __name__ == "__main__":
    main()
