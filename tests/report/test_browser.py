"""The page in a real browser: tables sort, the policy lets exactly our own style and script through."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from medgraft.report import StudyContent
from medgraft.report.page import render
from medgraft.report.picture import Picture
from medgraft.report.study.document import study_page
from medgraft.report.study.tables import study_tables

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=2000")  # fmt: skip
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on PATH (Debian: apt-get install chromium)"),
]

#: Runs after the report's own script; allowed by a policy of its own, see `opened`.
PROBE = """
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
document.title = seen.join("|");
"""


@pytest.fixture(scope="module")
def page(content: StudyContent) -> str:
    blank = [Picture(name=name, title=name, caption="", alt="x", png=b"") for name in ("headline", "confusion")]
    return render(study_page(content, study_tables(content), tuple(blank)))


def opened(page: str, folder: Path, width: int) -> str:
    """The title that the probe left, or the page's own where no script ran."""
    path = folder / "report.html"
    path.write_text(page)
    command = [
        str(CHROMIUM),
        *FLAGS,
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},900",
        "--dump-dom",
    ]
    answer = subprocess.run([*command, path.as_uri()], capture_output=True, text=True, timeout=60, check=True)
    title = re.search(r"<title>(.*?)</title>", answer.stdout, re.DOTALL)
    assert title is not None
    return title[1]


def probed(page: str) -> str:
    inside = page.replace("script-src ", "script-src &#39;nonce-probe&#39; ")
    return inside.replace("</body>", f'<script nonce="probe">{PROBE}</script></body>')


@pytest.mark.parametrize("width", [800, 1440])
def test_a_click_sorts_by_value_and_a_second_one_turns_it_round(page: str, tmp_path: Path, width: int) -> None:
    down, up, overflow, padding = opened(probed(page), tmp_path, width).split("|")
    falling = [float(value) for value in down.removeprefix("descending: ").split()]
    rising = [float(value) for value in up.removeprefix("ascending: ").split()]
    assert len(falling) == 8
    assert falling == sorted(falling, reverse=True)
    assert rising == sorted(falling)
    assert overflow == "overflow: false"
    assert padding == ("padding: 24px" if width == 800 else "padding: 48px")


def test_a_foreign_script_does_not_run(content: StudyContent, page: str, tmp_path: Path) -> None:
    foreign = page.replace("</body>", '<script>document.title = "taken over"</script></body>')
    assert opened(foreign, tmp_path, 800) == content.title
