"""The surface in a real browser: keys and mouse turn it, it stands still when asked to, and is seen without scripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medgraft.report import CurveContent
from medgraft.report.curve.document import curve_page
from medgraft.report.curve.tables import curve_tables
from medgraft.report.figures import surface_views
from medgraft.report.page import render
from medgraft.report.picture import Picture
from medgraft.report.style import png_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
CANVAS = "#figure-surfaces canvas[role=img]"
#: How much of the first surface is drawn, and where its middle is.
DRAWN = f"""() => {{
  const canvas = document.querySelector('{CANVAS}');
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0, count = 0;
  for (let i = 0; i < pixels.length; i += 4) {{ count += pixels[i + 3] > 0; sum = (sum * 31 + pixels[i]) % 1000003; }}
  return [count, sum];
}}"""
#: Ten pictures later: whatever turns has turned by then.
FRAMES = """() => new Promise((done) => {
  let left = 10;
  const next = () => (left-- ? requestAnimationFrame(next) : done());
  next();
})"""


@pytest.fixture(scope="module")
def address(curve: CurveContent, tmp_path_factory: pytest.TempPathFactory) -> str:
    views = png_of(surface_views(curve.surfaces))
    pictures = tuple(
        Picture(name=name, title=name, caption="", alt="x", png=views if name == "surfaces" else b"")
        for name in ("learning-curves", "surfaces")
    )
    file = Path(tmp_path_factory.mktemp("turning") / "report.html")
    file.write_text(render(curve_page(curve, curve_tables(curve), pictures)))
    return file.as_uri()


@pytest.fixture
def still(chromium: "Browser", address: str) -> "Iterator[Page]":
    page = chromium.new_page(reduced_motion="reduce")
    page.goto(address)
    yield page
    page.close()


def test_every_surface_is_drawn_and_stands_still_for_who_asks(still: "Page") -> None:
    assert still.locator(CANVAS).count() == 2
    first = still.evaluate(DRAWN)
    assert first[0] > 20_000
    still.evaluate(FRAMES)
    assert still.evaluate(DRAWN) == first
    assert still.get_by_role("button", name="Turn", exact=True).count() == 1


def test_keys_turn_it_and_home_brings_it_back(still: "Page") -> None:
    first = still.evaluate(DRAWN)
    still.locator(CANVAS).first.focus()
    seen = {tuple(first)}
    for key in ("ArrowRight", "ArrowDown", "+"):
        still.keyboard.press(key)
        seen.add(tuple(still.evaluate(DRAWN)))
    assert len(seen) == 4
    still.keyboard.press("Home")
    assert still.evaluate(DRAWN) == first


def test_the_mouse_turns_it(still: "Page") -> None:
    first = still.evaluate(DRAWN)
    canvas = still.locator(CANVAS).first
    canvas.scroll_into_view_if_needed()
    canvas.drag_to(canvas, source_position={"x": 200, "y": 200}, target_position={"x": 260, "y": 180})
    assert still.evaluate(DRAWN) != first


def test_it_turns_by_itself_until_it_is_stopped(chromium: "Browser", address: str) -> None:
    page = chromium.new_page(reduced_motion="no-preference")
    page.goto(address)
    page.locator("#figure-surfaces").scroll_into_view_if_needed()
    first = page.evaluate(DRAWN)
    page.wait_for_function(f"(before) => JSON.stringify(({DRAWN})()) !== before", arg=str(first).replace(" ", ""))
    page.get_by_role("button", name="Stop turning").click()
    stopped = page.evaluate(DRAWN)
    page.evaluate(FRAMES)
    assert page.evaluate(DRAWN) == stopped
    page.close()


def test_without_scripts_the_picture_is_there(chromium: "Browser", address: str) -> None:
    page = chromium.new_page(java_script_enabled=False)
    page.goto(address)
    assert page.locator("#figure-surfaces img").is_visible()
    assert page.locator("#figure-surfaces canvas").count() == 0
    assert not page.get_by_text("Drag to turn").is_visible()
    page.close()
