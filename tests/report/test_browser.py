"""The page in a real browser: tables sort, the policy lets exactly our own style and script through."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medgraft.report import StudyContent
from medgraft.report.page import render
from medgraft.report.picture import Picture
from medgraft.report.study.document import study_page
from medgraft.report.study.tables import study_tables

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

Opened = Callable[[str, int], "Page"]

#: Clicks twice on a head: what is sorted how after each, then whether the page is too wide, and its padding.
PROBE = """() => {
const table = document.querySelector("#table-results table");
const column = [...table.tHead.rows[0].cells].findIndex((head) => head.textContent === "Macro F1");
const button = table.tHead.rows[0].cells[column].querySelector("button");
const values = () => [...table.tBodies[0].rows].map((row) => row.cells[column].dataset.value).join(" ");
const seen = [];
for (let click = 0; click < 2; click += 1) {
  button.click();
  seen.push(table.tHead.rows[0].cells[column].getAttribute("aria-sort") + ": " + values());
}
const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
seen.push("overflow: " + wide, "padding: " + getComputedStyle(document.querySelector("main")).paddingTop);
return seen;
}"""


@pytest.fixture(scope="module")
def page(content: StudyContent) -> str:
    blank = [Picture(name=name, title=name, caption="", alt="x", png=b"") for name in ("headline", "confusion")]
    return render(study_page(content, study_tables(content), tuple(blank)))


@pytest.fixture
def opened(chromium: "Browser", tmp_path: Path) -> Iterator[Opened]:
    """A page in a window of a width in pixels."""
    windows: list[Page] = []

    def open_it(page: str, width: int) -> "Page":
        (tmp_path / "report.html").write_text(page)
        windows.append(chromium.new_page(viewport={"width": width, "height": 900}))
        windows[-1].goto((tmp_path / "report.html").as_uri())
        return windows[-1]

    yield open_it
    for window in windows:
        window.close()


@pytest.mark.parametrize("width", [800, 1440])
def test_a_click_sorts_by_value_and_a_second_one_turns_it_round(opened: Opened, page: str, width: int) -> None:
    down, up, overflow, padding = opened(page, width).evaluate(PROBE)
    falling = [float(value) for value in down.removeprefix("descending: ").split()]
    rising = [float(value) for value in up.removeprefix("ascending: ").split()]
    assert len(falling) == 8
    assert falling == sorted(falling, reverse=True)
    assert rising == sorted(falling)
    assert overflow == "overflow: false"
    assert padding == ("padding: 24px" if width == 800 else "padding: 48px")


def test_a_foreign_script_does_not_run(opened: Opened, content: StudyContent, page: str) -> None:
    foreign = page.replace("</body>", '<script>document.title = "taken over"</script></body>')
    assert opened(foreign, 800).title() == content.title
