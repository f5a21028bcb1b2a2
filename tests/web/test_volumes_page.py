"""The Volumes page in a real Chromium: three planes with a mask, linked by a cross-hair."""

import pytest
from playwright.sync_api import Page, expect

from .conftest import Server

pytestmark = pytest.mark.slow

#: How many pixels of a plane have a colour: grey ones belong to the image.
COLOURED = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (Math.max(data[at], data[at + 1], data[at + 2]) - Math.min(data[at], data[at + 1], data[at + 2]) > 24) count++;
  }
  return count;
}"""


def coloured(page: Page) -> list[int]:
    """Once what was asked for is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    canvases = [page.locator(f'[data-plane="{plane}"] canvas') for plane in range(3)]
    return [int(canvas.evaluate(COLOURED)) for canvas in canvases]


def test_three_planes_are_drawn_with_a_mask(page: Page, server: Server) -> None:
    page.goto(f"{server.base}/volumes")
    expect(page.locator("#volumes")).to_have_attribute("data-state", "ready")
    # Slices, rows, columns: in the order of the axes, as on the Cohort page and in the terminal.
    expect(page.locator("#facts")).to_contain_text("9 × 48 × 48  ·  10.41 × 7.3 × 7.3 mm")
    assert page.locator("#under dt").all_text_contents()[:3] == ["slice", "row", "column"]
    assert all(count > 200 for count in coloured(page)), "the mask is on every plane"
    page.keyboard.press("h")
    assert coloured(page) == [0, 0, 0]
    page.keyboard.press("h")
    page.locator("#legend input").first.uncheck()
    fewer = coloured(page)
    page.locator("#legend input").first.check()
    assert all(less < more for less, more in zip(fewer, coloured(page), strict=True))


def test_the_cross_hair_links_the_planes(page: Page, server: Server) -> None:
    page.goto(f"{server.base}/volumes")
    expect(page.locator("#volumes")).to_have_attribute("data-state", "ready")
    planes = [page.locator(f'[data-plane="{plane}"] canvas') for plane in range(3)]
    before = [plane.get_attribute("aria-label") for plane in planes]
    page.keyboard.press("1")
    page.keyboard.press("ArrowRight")
    expect(planes[2]).not_to_have_attribute("aria-label", str(before[2]))
    assert planes[0].get_attribute("aria-label") == before[0]
    page.keyboard.press("PageDown")
    expect(planes[0]).not_to_have_attribute("aria-label", str(before[0]))
    planes[1].click(position={"x": 60, "y": 60})
    expect(page.locator('[data-plane="1"]')).to_have_attribute("data-active", "true")


def test_phases_cine_and_an_unknown_stack(page: Page, server: Server) -> None:
    page.goto(f"{server.base}/volumes")
    expect(page.locator("#volumes")).to_have_attribute("data-state", "ready")
    chosen = page.locator('#marks [aria-current="true"]')
    expect(chosen).to_have_text("ED")
    page.keyboard.press("e")
    expect(chosen).to_have_text("ES")
    page.keyboard.press(",")
    expect(chosen).to_have_text("ED")
    page.keyboard.press(" ")
    page.wait_for_function("""() => document.querySelector('#marks [aria-current="true"]')?.textContent === "ES" """)
    page.keyboard.press(" ")
    expect(page.locator("#cine")).to_have_attribute("aria-pressed", "false")
    page.goto(f"{server.base}/volumes?stack=nowhere")
    expect(page.get_by_role("heading", name="There is no such stack")).to_be_visible()


#: In every plane, however it is turned, the pixel under the cross-hair is the one at the point, and leads back to it.
LAW = """async (turned) => {
  const { cut, geometryOf, indexAt, planesOf, shareOf } = await import("/static/volume/reslice.js");
  const stack = { slices: 4, rows: 5, columns: 6, spacing: [2, 1, 1] };
  const geometry = geometryOf(stack, { names: ["a", "b", "c"], ends: null, positions: [0, 2, 4, 7], turned });
  const values = Uint16Array.from({ length: 120 }, (_, at) => 7 * at + 3);
  const wrong = [];
  for (let at = 0; at < values.length; at++) {
    const point = { x: at % 6, y: Math.floor(at / 6) % 5, z: Math.floor(at / 30) };
    for (const plane of planesOf(geometry)) {
      const { wide, high } = plane;
      const image = cut(geometry, plane, values, point, false, new Uint16Array(wide.pixels * high.pixels));
      const [x, y] = [wide, high].map((side) => Math.floor(shareOf(geometry, side, point) * side.pixels));
      const back = [wide, high].map((side) => indexAt(geometry, side, shareOf(geometry, side, point)));
      if (image[y * wide.pixels + x] !== values[at]) wrong.push([plane.name, at]);
      if (back[0] !== point[wide.axis] || back[1] !== point[high.axis]) wrong.push([plane.name, at, back]);
    }
  }
  return wrong;
}"""


def test_the_pixel_under_the_cross_hair_is_the_one_at_the_point(page: Page, server: Server) -> None:
    page.goto(f"{server.base}/volumes")
    for turned in ([False, False, False], [True, True, True], [True, False, True], [False, True, False]):
        assert page.evaluate(LAW, turned) == []


#: Ten things of 100 MB: the first ones go, one used since stays; what failed is asked for again.
KEEPING = """async () => {
  const { Kept } = await import("/static/kept.js");
  const kept = new Kept((one) => one.bytes);
  const asked = [];
  const get = (key) => kept.get(key, async () => (asked.push(key), { key, bytes: 1e8 }));
  for (const key of [0, 1, 2, 0, 3, 4]) await get(key);
  const here = [0, 1, 2, 3, 4].filter((key) => kept.now(key));
  await Promise.all([get(5), get(5)]);
  const failed = await kept.get(6, async () => { throw new Error("away"); }).catch((error) => error.message);
  await get(6);
  return [here, asked, failed];
}"""


def test_what_was_used_last_is_kept_within_bounds(page: Page, server: Server) -> None:
    page.goto(f"{server.base}/volumes")
    assert page.evaluate(KEEPING) == [[0, 2, 3, 4], [0, 1, 2, 3, 4, 5, 6], "away"]
