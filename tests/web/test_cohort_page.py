"""The Cohort page in a real Chromium: what is there, what is labelled, and a folder imported by the page."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from medgraft.workspace import Project, list_cohort, write_phantoms

from ..processes import wait_until
from .conftest import Server, project_of

pytestmark = pytest.mark.slow


def test_subjects_thumbnails_marks_and_search(page: Page, server: Server) -> None:
    page.goto(f"{server.base}/label")
    expect(page.locator("#reading")).to_have_attribute("data-state", "ready")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
    page.goto(f"{server.base}/cohort")
    expect(page.locator(".subject")).to_have_count(4)
    first = page.locator(".subject").first
    expect(first.get_by_text("9 slices, 2 phases, 2 masks")).to_be_visible()
    expect(first.get_by_text("48 × 48, 10.4 × 7.3 × 7.3 mm")).to_be_visible()
    assert first.locator(".mark-row").first.locator("i[title=IN]").count() > 5
    page.wait_for_function("() => [...document.querySelectorAll('.stack img')].every((one) => one.naturalWidth > 90)")
    page.get_by_placeholder("Search").fill("patient003")
    expect(page.locator(".subject")).to_have_count(1)
    page.get_by_placeholder("Search").fill("nobody")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_placeholder("Search").fill("")
    page.get_by_text("with notes").click()
    expect(page.get_by_text("No stack has a note")).to_be_visible()


def test_a_card_leads_to_its_stack(page: Page, server: Server) -> None:
    page.goto(f"{server.base}/cohort")
    page.locator(".stack").nth(2).click()
    expect(page.locator("#position")).to_have_text("stack 3 / 4")
    stack = page.url.partition("stack=")[2]
    page.get_by_role("link", name="Volume", exact=True).click()
    expect(page.locator("#stack")).to_have_value(stack)
    page.goto(f"{server.base}/cohort")
    page.locator(".volume").nth(2).click()
    expect(page.locator("#stack")).to_have_value(stack)


@pytest.fixture(scope="module")
def filling(scans: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this file alone, whose project grows."""
    server = Server(project_of(scans, tmp_path_factory.mktemp("filling") / "heart").root)
    yield server
    server.kill()


def stacks_of(server: Server) -> int:
    return len(list_cohort(Project.open(server.root)).stacks)


def test_a_folder_is_imported_by_the_page(filling: Server, browser_page: Page, tmp_path: Path) -> None:
    page, before = browser_page, stacks_of(filling)
    write_phantoms(tmp_path / "more", subjects=1, layout="dicom", site="b", size=48, phases=3)
    filling.sign_in(page, filling.new_reader())
    page.goto(f"{filling.base}/cohort")
    expect(page.locator(".stack")).to_have_count(before)
    page.locator("#pick").set_input_files(str(tmp_path / "more" / "dicom"))
    expect(page.locator("#import")).to_have_attribute("data-state", "done")
    expect(page.locator("#import-text")).to_contain_text("1 stack added")
    expect(page.locator(".stack")).to_have_count(before + 1)
    assert stacks_of(filling) == before + 1
    incoming = Project.open(filling.root).cache / "incoming"
    assert list(incoming.iterdir()) == [], "what was uploaded is thrown away"


def pictures_in(folder: Path, subject: str, count: int = 1) -> Path:
    """Pictures without a spacing, and their index."""
    (folder / "pictures").mkdir()
    lines = ["path,subject,slice"]
    for number in range(count):
        values = np.full((48, 48), 10 * number, np.uint8) + np.arange(48, dtype=np.uint8)
        Image.fromarray(values).save(folder / "pictures" / f"{number}.png")
        lines.append(f"{number}.png,{subject},{number}")
    (folder / "pictures" / "index.csv").write_text("\n".join(lines))
    return folder / "pictures"


def test_site_and_spacing_are_said_on_the_page(filling: Server, browser_page: Page, tmp_path: Path) -> None:
    page, before = browser_page, {row.id for row in list_cohort(Project.open(filling.root)).stacks}
    filling.sign_in(page, filling.new_reader())
    page.goto(f"{filling.base}/cohort")
    page.get_by_text("Site, and spacing of images that do not say it").click()
    page.get_by_label("site", exact=True).fill(" north ")
    page.get_by_label("between slices").fill("8")
    page.get_by_label("between rows").fill("1.5")
    posted: list[str] = []
    page.on("request", lambda asked: posted.extend([asked.url] * (asked.method == "POST" and "/imports" in asked.url)))
    page.locator("#pick").set_input_files(str(pictures_in(tmp_path, "P9")))
    expect(page.locator("#import")).to_have_attribute("data-state", "failed")
    expect(page.locator("#import-text")).to_contain_text("fill in all three, or none")
    expect(page.get_by_label("between rows")).to_have_value("1.5")
    assert posted == []
    page.get_by_label("between columns").fill("1.4")
    page.locator("#pick").set_input_files(str(tmp_path / "pictures"))
    expect(page.locator("#import-text")).to_contain_text("1 stack added")
    expect(page.get_by_label("between columns")).to_have_value("")
    expect(page.get_by_label("site", exact=True)).to_have_value("")
    (added,) = (row for row in list_cohort(Project.open(filling.root)).stacks if row.id not in before)
    assert (added.site, added.spacing) == ("north", (8.0, 1.5, 1.4))


#: One file is never sent.
HELD_BACK = """(name) => {
  const send = window.fetch;
  window.fetch = (path, how) => (path.endsWith(name) ? new Promise(() => {}) : send(path, how));
}"""


def test_a_file_that_is_refused_ends_the_import(page: Page, server: Server, tmp_path: Path) -> None:
    """Files that were on their way then must not say that the import goes on."""
    held: list[Route] = []
    page.goto(f"{server.base}/cohort")
    page.route("**/files/**", lambda route: held.append(route))  # noqa: PLW0108 - Playwright takes no built-in
    page.locator("#pick").set_input_files(str(pictures_in(tmp_path, "P8", count=6)))
    page.wait_for_function("() => document.getElementById('import-title')?.textContent === 'Sending'")
    while len(held) < 3:
        page.wait_for_timeout(20)
    given_up: list[str] = []
    page.on("request", lambda asked: given_up.extend([asked.url] * (asked.method == "DELETE")))
    held[0].fulfill(status=503, json={"error": "Expected a smaller file."})
    expect(page.locator("#import")).to_have_attribute("data-state", "failed")
    while not given_up:
        page.wait_for_timeout(20)
    for one in held[1:]:
        one.fulfill(status=200, json={})
    page.evaluate("() => new Promise((resolve) => setTimeout(resolve))")
    expect(page.locator("#import-text")).to_have_text("Expected a smaller file.")
    assert len(held) == 3, "no other file is begun"


def test_an_import_whose_page_is_left_leaves_nothing(filling: Server, browser_page: Page, tmp_path: Path) -> None:
    page, incoming = browser_page, Project.open(filling.root).cache / "incoming"
    filling.sign_in(page, filling.new_reader())
    page.goto(f"{filling.base}/cohort")
    page.evaluate(HELD_BACK, "5.png")  # so that the import is not started
    page.locator("#pick").set_input_files(str(pictures_in(tmp_path, "P7", count=6)))
    wait_until(lambda: list(incoming.rglob("4.png")), "that files have come")
    page.goto(f"{filling.base}/studies")
    wait_until(lambda: not list(incoming.iterdir()), "that what came is thrown away")


def test_a_folder_that_cannot_be_imported_is_said_so(page: Page, server: Server, tmp_path: Path) -> None:
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "notes.txt").write_text("nothing to see")
    page.goto(f"{server.base}/cohort")
    page.locator("#pick").set_input_files(str(tmp_path / "strange"))
    expect(page.locator("#import")).to_have_attribute("data-state", "failed")
    expect(page.locator("#import-text")).to_contain_text("Expected")


def drop(page: Page, *paths: Path) -> None:
    """Drag files or folders from outside over the page and let them go, as the browser itself sees it."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 700, "y": 400, "data": data})
        if kind == "dragOver":
            expect(page.locator("#drop-here")).to_be_visible()
    expect(page.locator("#drop-here")).to_be_hidden()


def test_a_folder_is_dropped_on_the_page(filling: Server, browser_page: Page, tmp_path: Path) -> None:
    page, before = browser_page, stacks_of(filling)
    more = tmp_path / "more" / "dicom"
    write_phantoms(more.parent, subjects=1, layout="dicom", site="b", size=32, phases=14)
    files = sorted(path.relative_to(more).as_posix() for path in more.rglob("*") if path.is_file())
    assert len(files) > 100, "more than a browser lists at once"
    assert all("/" in path for path in files), "in folders within the folder"
    filling.sign_in(page, filling.new_reader())
    page.goto(f"{filling.base}/cohort")
    expect(page.locator(".stack")).to_have_count(before)
    sent: list[str] = []
    page.on("request", lambda asked: sent.extend([asked.url] * (asked.method == "PUT")))
    drop(page, more)
    expect(page.locator("#import-text")).to_contain_text("1 stack added")
    expect(page.locator(".stack")).to_have_count(before + 1)
    assert sorted(unquote(url.partition("/files/")[2]) for url in sent) == files
