"""The Label page in a real Chromium: keys in, labels on disk, and nothing shown as saved that is not."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from medgraft.core.task import TASKS, UnitKey, task_from_codes
from medgraft.workspace import Project

from .conftest import Server

pytestmark = pytest.mark.slow


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def open_label(page: Page, server: Server) -> None:
    page.goto(f"{server.base}/label")
    expect(page.locator("#reading")).to_have_attribute("data-state", "ready")
    expect(page.locator(".cell canvas.skeleton")).to_have_count(0)
    drawn(page)


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved")


def chips(page: Page) -> list[str]:
    return page.locator(".cell .chip").all_inner_texts()


def name_of(page: Page) -> str:
    return page.locator("#reader").inner_text()


def on_disk(page: Page, server: Server, task: str = "sax-range") -> dict[UnitKey, str]:
    """What the page's reader says now."""
    with Project.open(server.root).labels() as store:
        return store.table(task, name_of(page))


def acts_on_disk(page: Page, server: Server) -> int:
    with Project.open(server.root).labels() as store:
        return len({event.at for event in store.history() if event.reader == name_of(page)})


def go_to(page: Page, place: int) -> None:
    """Move to a slice, counted from 0 at the base, by the arrows."""
    here = int(page.locator('.cell[aria-current="true"]').get_attribute("data-place") or 0)
    press(page, *["ArrowRight" if place > here else "ArrowLeft"] * abs(place - here))


def test_a_stack_takes_two_keystrokes_and_enter(page: Page, server: Server) -> None:
    open_label(page, server)
    count = page.locator(".cell").count()
    go_to(page, 1)
    press(page, "f")
    go_to(page, count - 3)
    press(page, "l")
    expected = ["OBS", *["IN"] * (count - 3), "OAP", "OAP"]
    assert chips(page) == expected
    assert on_disk(page, server) == {}, "a draft is not saved, and not shown as saved"
    expect(page.locator("#saved")).to_have_attribute("data-state", "idle")
    press(page, "Enter")
    expect(page.locator('#phases [aria-selected="true"]')).to_have_text("es")
    saved(page)
    assert [code for _, code in sorted(on_disk(page, server).items())] == expected

    page.reload()
    expect(page.locator("#reading")).to_have_attribute("data-state", "ready")
    press(page, "e")
    assert chips(page) == expected
    assert page.locator(".chip.draft").count() == 0


def test_slices_one_by_one_then_undo(page: Page, server: Server) -> None:
    open_label(page, server)
    go_to(page, 0)
    press(page, "3", "2", "2")
    expect(page.locator('.cell[aria-current="true"]')).to_have_attribute("data-place", "3")
    saved(page)
    assert sorted(on_disk(page, server).values()) == ["IN", "IN", "OBS"]
    press(page, "u")
    expect(page.locator("#advice")).to_have_text("Undone.")
    assert sorted(on_disk(page, server).values()) == ["IN", "OBS"]
    assert chips(page)[:3] == ["OBS", "IN", "–"]
    press(page, "u", "u")
    expect(page.locator(".cell.labelled")).to_have_count(0)
    assert on_disk(page, server) == {}


def test_five_levels_take_a_keystroke_for_each_change(page: Page, server: Server) -> None:
    open_label(page, server)
    page.locator("#task").select_option("sax-levels")
    expect(page.locator("#range .handle")).to_have_count(4)
    press(page, "Home", "f")
    for place in (2, 4, 6):
        go_to(page, place)
        press(page, "f")
    count = page.locator(".cell").count()
    levels = ["bs", "bs", "mid", "mid", "ap", "ap", *["oap"] * (count - 6)]
    assert chips(page) == levels, "none is out of basal, so the first key stands on the first slice"
    go_to(page, 2)
    press(page, "l")
    assert chips(page)[:4] == ["bs", "bs", "bs", "mid"]
    press(page, "f")
    assert chips(page) == levels, "last gives back what first took"
    press(page, "Enter")
    expect(page.locator('#phases [aria-selected="true"]')).to_have_text("es")
    saved(page)
    assert [code for _, code in sorted(on_disk(page, server, "sax-levels").items())] == levels
    press(page, "u")
    expect(page.locator("#advice")).to_have_text("Undone.")
    assert on_disk(page, server, "sax-levels") == {}


#: Changes after any keys rise within the stack, and the marked slice is what the key says.
ORDER = """async () => {
  const { marked, codesOf, changesOf } = await import("/static/label/anatomy.js");
  const wrong = [];
  for (const classes of [["OBS", "IN", "OAP"], ["obs", "bs", "mid", "ap", "oap"]]) {
    const task = { along_stack: classes };
    for (const count of [3, 8]) {
      for (let seed = 0; seed < 400; seed++) {
        let changes = null;
        for (let key = 0, draw = seed; key < 6; key++, draw = (draw * 48271 + 11) % 2147483647) {
          const place = draw % count, end = draw % 7 < 4 ? "first" : "last";
          changes = marked(task, changes, count, end, place);
          const along = [0, ...changes, count];
          const codes = codesOf(task, count, changes);
          if (along.some((edge, at) => at && edge < along[at - 1])) wrong.push([changes, end, place]);
          if (JSON.stringify(changesOf(task, codes)) !== JSON.stringify(changes)) wrong.push([changes, codes]);
          if (classes.length > 3) continue;
          const inner = codes.flatMap((code, at) => (code === "IN" ? [at] : []));
          if ((end === "first" ? inner[0] : inner.at(-1)) !== place) wrong.push([codes, end, place]);
        }
      }
    }
  }
  return wrong;
}"""


def test_whatever_is_pressed_the_order_of_the_anatomy_holds(page: Page, server: Server) -> None:
    page.goto(f"{server.base}/label")
    assert page.evaluate(ORDER) == []


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" (WCAG 2.2)."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_letters_on_every_class_have_contrast(page: Page, server: Server) -> None:
    page.goto(f"{server.base}/label")
    own = task_from_codes("own", [f"class{number}" for number in range(9)])
    for item in [item for task in (*TASKS.values(), own) for item in task.classes]:
        ink = page.evaluate('async (colour) => (await import("/static/ink.js")).inkOn(colour)', item.colour)
        dark, bright = sorted((luminance(item.colour), {"#000": 0.0, "#fff": 1.0}[ink]))
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, f"{ink} on {item.colour}"


def test_an_answer_that_is_lost_stores_once(page: Page, server: Server) -> None:
    open_label(page, server)
    lost: list[str] = []

    def lose_first(route: Route) -> None:
        """Let the server do it, and lose its answer."""
        if lost:
            route.continue_()
            return
        lost.append(json.loads(route.request.post_data or "{}")["act"])
        route.fetch()
        route.abort()

    page.route(re.compile("/labels$"), lose_first)
    press(page, "a", "Enter")
    saved(page)
    assert len(lost) == 1
    assert acts_on_disk(page, server) == 1


def test_without_a_network_acts_are_kept_and_sent_later(page: Page, server: Server) -> None:
    open_label(page, server)
    page.context.set_offline(True)
    press(page, "a", "Enter")
    expect(page.locator("#saved")).to_have_text("offline, 1 kept here")
    assert on_disk(page, server) == {}
    page.context.set_offline(False)
    saved(page)
    assert set(on_disk(page, server).values()) == {"IN"}


def test_a_server_that_cannot_save_says_why(page: Page, server: Server) -> None:
    open_label(page, server)
    page.route(re.compile("/labels$"), lambda route: route.fulfill(status=503, json={"error": "No space left."}))
    press(page, "a", "Enter")
    expect(page.locator("#saved")).to_have_text("not saved, 1 kept here")
    expect(page.locator("#advice")).to_contain_text("No space left.")
    page.unroute_all()
    saved(page)
    assert acts_on_disk(page, server) == 1


def test_what_was_shown_as_saved_survives_a_killed_server(own_server: Server, owner_page: Page) -> None:
    page, server = owner_page, own_server
    open_label(page, server)
    press(page, "a", "Enter")
    saved(page)
    before = on_disk(page, server)
    server.kill()
    press(page, "a", "Enter")
    expect(page.locator("#saved")).to_have_text("offline, 1 kept here")
    assert on_disk(page, server) == before
    server.start()
    expect(page.locator("#saved")).to_have_text("signed out, 1 kept here")
    page.context.new_page().goto(server.link)
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
    after = on_disk(page, server)
    assert before.items() < after.items()
    assert acts_on_disk(page, server) == 2


def test_the_handles_of_the_range_bar(page: Page, server: Server) -> None:
    open_label(page, server)
    press(page, "a")
    page.locator("[data-change='0']").focus()
    press(page, "ArrowRight", "ArrowRight")
    assert chips(page)[:3] == ["OBS", "OBS", "IN"]
    box = page.locator("[data-change='1']").bounding_box()
    track = page.locator("#range .track").bounding_box()
    assert box
    assert track
    page.mouse.move(box["x"] + 6, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] * 0.5, box["y"] + 10, steps=4)
    page.mouse.up()
    count = page.locator(".cell").count()
    assert chips(page)[-1] == "OAP"
    assert chips(page).count("OAP") in {count // 2, count - count // 2}


def test_what_is_refused_is_said_and_takes_nothing_else_away(page: Page, server: Server) -> None:
    """The list is asked for anew then: marks on other cards stay, and so does the card at hand."""
    page.goto(f"{server.base}/label")
    expect(page.locator("#reading")).to_have_attribute("data-state", "ready")
    page.keyboard.press("f")
    drafts = page.locator("#sheet .chip.draft").count()
    assert drafts > 0
    page.locator("#phases button").nth(1).click()
    page.evaluate(
        """() => { const real = fetch; const no = { error: 'Expected another label.' };
        globalThis.fetch = (url, options) => url.endsWith('/labels')
          ? Promise.resolve(Response.json(no, { status: 400 })) : real(url, options); }"""
    )
    page.keyboard.press("1")
    expect(page.locator("#advice")).to_have_text("Expected another label.")
    expect(page.locator("#phases button").nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#sheet .labelled")).to_have_count(0)
    page.locator("#phases button").nth(0).click()
    expect(page.locator("#sheet .chip.draft")).to_have_count(drafts)


def test_going_on_without_a_mark_is_refused(page: Page, server: Server) -> None:
    open_label(page, server)
    press(page, "Enter")
    expect(page.locator("#advice")).to_contain_text("Mark the first (f)")
    assert on_disk(page, server) == {}


def grey(page: Page, selector: str = "#large") -> float:
    """The mean grey of a canvas."""
    return float(
        page.evaluate(
            """(selector) => { const c = document.querySelector(selector);
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let sum = 0; for (let i = 0; i < d.length; i += 4) sum += d[i]; return sum / (d.length / 4); }""",
            selector,
        )
    )


def drawn(page: Page) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def changed(page: Page, act: Callable[[], None]) -> float:
    before = grey(page)
    act()
    drawn(page)
    return grey(page) - before


def test_invert_window_zoom_and_hide(page: Page, server: Server) -> None:
    open_label(page, server)
    dark = grey(page)
    assert 5 < dark < 120, "a heart, neither black nor white"
    assert changed(page, lambda: press(page, "i")) > 20
    assert changed(page, lambda: press(page, "i")) < -20
    assert changed(page, lambda: press(page, "h")) < 0, "letters and scale bar are gone"
    press(page, "h")
    box = page.locator("#large").bounding_box()
    assert box

    def drag_level_up() -> None:
        page.mouse.move(box["x"] + 200, box["y"] + 200)
        page.keyboard.down("Shift")
        page.mouse.down()
        page.mouse.move(box["x"] + 200, box["y"] + 100, steps=3)
        page.mouse.up()
        page.keyboard.up("Shift")

    assert changed(page, drag_level_up) > 3
    assert abs(changed(page, lambda: press(page, "+", "+", "+"))) > 0.5
    press(page, "r")
    drawn(page)
    assert grey(page) == pytest.approx(dark, abs=0.01)


def test_help_lists_every_key(page: Page, server: Server) -> None:
    open_label(page, server)
    press(page, "?")
    expect(page.locator("#help")).to_be_visible()
    text = page.locator("#help-keys").inner_text()
    assert {"f", "l", "u", "m", "Space", "h", "1", "2", "3"} <= set(re.split(r"\s+", text))
    press(page, "f", "Escape")
    expect(page.locator("#help")).to_be_hidden()
    assert page.locator(".chip.draft").count() == 0, "keys that help is shown for do nothing under it"
    page.get_by_role("button", name="Help").click()
    press(page, "Escape", "a", "Enter")
    expect(page.locator('#phases [aria-selected="true"]')).to_have_text("es")
    expect(page.locator("#help")).to_be_hidden()


PICTURE = 'document.querySelector("#large").toDataURL()'


def test_a_cine_plays_and_stops(page: Page, server: Server) -> None:
    open_label(page, server)
    still = page.evaluate(PICTURE)
    press(page, " ")
    page.wait_for_function(f"still => {PICTURE} !== still", arg=still)
    moving = page.evaluate(PICTURE)
    page.wait_for_function(f"moving => {PICTURE} !== moving", arg=moving)
    press(page, " ")
    drawn(page)
    assert page.evaluate(PICTURE) == still


@pytest.fixture
def empty_server(tmp_path: Path) -> Iterator[Server]:
    server = Server(Project.create(tmp_path / "empty").root)
    yield server
    server.kill()


def test_an_empty_project_says_what_to_do(empty_server: Server, browser_page: Page) -> None:
    browser_page.goto(empty_server.link)
    expect(browser_page.locator("#message")).to_contain_text("No stacks to label yet")
    browser_page.get_by_role("link", name="Go to the cohort").click()
    expect(browser_page.get_by_text("No images yet")).to_be_visible()
