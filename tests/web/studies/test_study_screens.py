"""Pages about studies in a real Chromium: read an error, look where it comes from, draw a lasso."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from medgraft.workspace import Project
from medgraft.workspace.kept.progress import study_progress
from medgraft.workspace.stacks.lists import stack_lists
from medgraft.workspace.studies.process import stop_study

from ..conftest import Server
from .conftest import MODEL

pytestmark = pytest.mark.slow


def ink(page: Page, selector: str) -> int:
    """How many pixels of a canvas are coloured."""
    return int(
        page.evaluate(
            """(selector) => { const c = document.querySelector(selector);
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let n = 0; for (let i = 0; i < d.length; i += 4)
              n += d[i + 3] > 0 && Math.abs(d[i] - d[i + 2]) > 12; return n; }""",
            selector,
        )
    )


def ink_of_class(page: Page, key: str) -> int:
    page.keyboard.press(key)
    expect(page.locator("#cam-note")).to_be_hidden()
    return ink(page, "#overlay")


def test_an_error_is_read_and_grad_cam_toggled(study_page: Page, study_server: Server) -> None:
    page = study_page
    page.goto(f"{study_server.base}/studies/tiny?model={MODEL}&on=out of fold&decision=argmax")
    page.locator(".confusion td.wrong a").first.click()
    expect(page.locator("#predictions")).to_have_attribute("data-state", "ready")
    expect(page.locator(".image-card.wrong").first).to_be_visible()
    card = page.locator(".image-card").first
    where = card.locator(".where").inner_text()
    card.click()
    expect(page.locator("#stack-name")).to_contain_text(where.rsplit(" ", 1)[0])
    expect(page.locator('.slice[aria-current="true"]')).to_have_class(re.compile("wrong"))
    expect(page.locator(".slice canvas.skeleton")).to_have_count(0)
    current = '.slice[aria-current="true"] canvas'
    assert ink(page, current) == 0, "grey alone"
    page.keyboard.press("g")
    expect(page.locator("#cam")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#overlay")).to_be_visible()
    evidence = [ink_of_class(page, key) for key in "123"]
    assert max(evidence) > 20, "the network looks somewhere for one of the classes"
    ink_of_class(page, "123"[evidence.index(max(evidence))])
    page.locator("#strength").fill("0")
    assert ink(page, current) == 0
    page.locator("#strength").fill("1")
    assert ink(page, current) > 20
    page.reload()
    expect(page.locator("#stack-name")).to_contain_text(where.rsplit(" ", 1)[0])
    expect(page.locator("#overlay")).to_be_visible()
    page.locator("#cam").click()
    expect(page.locator("#overlay")).to_be_hidden()


def test_grad_cam_that_is_no_longer_wanted_says_nothing(study_page: Page, study_server: Server) -> None:
    page = study_page
    page.route("**/gradcam/**", lambda _route: None)  # never answered
    page.goto(f"{study_server.base}/studies/tiny/predictions?model={MODEL}&on=out of fold&decision=argmax")
    expect(page.locator("#predictions")).to_have_attribute("data-state", "ready")
    page.keyboard.press("g")
    expect(page.locator("#cam-note")).to_contain_text("Computing")
    page.keyboard.press("g")
    expect(page.locator("#cam")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#cam-note")).to_be_hidden()
    page.unroute_all(behavior="ignoreErrors")


def test_a_comparison_of_stacks_that_comes_late_is_not_shown(study_page: Page, study_server: Server) -> None:
    page, held = study_page, dict[str, Route]()
    page.route("**/fit*", lambda route: held.update({route.request.url.partition("site=")[2]: route}))
    page.goto(f"{study_server.base}/models")
    card = page.locator(".model").first
    card.get_by_text("Do other stacks fit?").click()
    for site in ("north", "south"):
        card.locator("select").select_option(site)
    while len(held) < 3:
        page.wait_for_timeout(20)
    for others, site in enumerate(("south", "north"), start=1):
        with page.expect_response(f"**/fit?site={site}"):
            held[site].fulfill(json={"trained": 4, "others": others, "ranges": [], "doubts": []})
        expect(card.locator(".fit-result")).to_contain_text("Unlike the 4 it was trained on: none of 1 stack.")
        page.evaluate("() => new Promise((resolve) => setTimeout(resolve))")
    expect(card.locator(".fit-result")).to_contain_text("Unlike the 4 it was trained on: none of 1 stack.")
    page.unroute_all(behavior="ignoreErrors")


def test_studies_that_were_marked_stay_marked(own_study_page: Page, own_study_server: Server) -> None:
    """The list is drawn anew whenever a study begins or ends, here as the page believes that one runs."""
    page = own_study_page
    page.goto(f"{own_study_server.base}/studies")
    page.locator("[name=compare][value=twin]").check()
    page.evaluate(
        """() => { document.getElementById('studies').dataset.old = '1';
        document.querySelector('[data-study]').dataset.state = 'running'; }"""
    )
    page.wait_for_function("() => !document.getElementById('studies').dataset.old")
    expect(page.locator("[name=compare][value=twin]")).to_be_checked()
    page.locator("[name=compare][value=tiny]").check()
    expect(page.get_by_role("button", name="Compare two")).to_be_enabled()


def test_filters_keys_and_decisions(study_page: Page, study_server: Server) -> None:
    page = study_page
    page.goto(f"{study_server.base}/studies/tiny/predictions?model={MODEL}&on=out of fold&decision=argmax")
    expect(page.locator("#found")).to_contain_text("56 of 56 images, 8 stacks")
    page.locator("[name=site]").select_option("north")
    expect(page.locator("#found")).to_contain_text("28 of 56 images, 4 stacks")
    page.locator("#clear").click()
    page.locator("[name=errors]").check()
    page.locator("h1").click()
    first = page.locator("#stack-name").inner_text()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#stack-name")).not_to_have_text(first)
    page.keyboard.press("d")
    expect(page.locator('button[data-decision="stack"]')).to_have_attribute("aria-pressed", "true")
    assert "decision=stack" in page.url
    page.locator("[name=confidence]").fill("0")
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator("#found")).to_contain_text("56 of 56 images")


#: Long enough to be watched and stopped, on the quickest machine.
LONG = """name: long
networks: [{network: mobilenetv1_025, weights: random, size: 32}]
stages: [{depth: 1, rates: [0.02], epochs: 10000}]
folds: 2
"""


def epochs_of(page: Page) -> int:
    """How many epochs the card of the long study shows as done."""
    count = page.locator("#study-long .bars").get_by_text(re.compile(r"\d+ / 10000"))
    expect(count).to_be_visible()
    return int(count.inner_text().split(" / ")[0])


def test_a_study_is_begun_watched_stopped_and_resumed(own_study_page: Page, own_study_server: Server) -> None:
    page, project = own_study_page, Project.open(own_study_server.root)
    page.goto(f"{own_study_server.base}/studies")
    page.get_by_role("button", name="New study").click()
    page.locator("#study-text").fill(LONG)
    page.get_by_role("button", name="Start").click()
    card = page.locator("#study-long")
    expect(card).to_have_attribute("data-state", "running")
    first = epochs_of(page)
    expect(card.get_by_text(f"{first} / 10000", exact=True)).to_have_count(0)
    assert epochs_of(page) > first, "live: nobody reloads"
    expect(card.locator("progress").first).to_be_visible()
    card.get_by_role("button", name="Stop").click()
    expect(card).to_have_attribute("data-state", "stopped")
    expect(card).to_contain_text("What was finished is kept")
    assert study_progress(project, "long").state == "stopped"
    card.get_by_role("button", name="Resume").click()
    expect(card).to_have_attribute("data-state", "running")
    assert epochs_of(page) > 0
    stop_study(project, "long")
    expect(card).to_have_attribute("data-state", "stopped")


#: Choices one after the other, sooner than the page of the first one can come.
CHOOSE = """(choices) => {
  for (const [name, value] of Object.entries(choices)) {
    const field = document.querySelector(`[data-choose=${name}]`);
    field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}"""


def test_two_studies_are_marked_and_compared(own_study_page: Page, own_study_server: Server) -> None:
    page = own_study_page
    page.goto(f"{own_study_server.base}/studies")
    compare = page.get_by_role("button", name="Compare two")
    expect(compare).to_be_disabled()
    for name in ("tiny", "twin"):
        page.locator(f"#study-{name} [name=compare]").check()
    compare.click()
    differences = page.locator(".paired tbody tr")
    expect(differences).to_have_count(5)
    expect(page.get_by_text("+0.000 to +0.000")).to_have_count(5)
    page.evaluate(CHOOSE, {"model_a": "mobilenetv1_025-random-depth-0", "model_b": MODEL})
    expect(page).to_have_url(re.compile(f"model_a=mobilenetv1_025-random-depth-0&model_b={MODEL}"))
    page.get_by_role("link", name="each slice alone").click()
    expect(page.locator('.segments [aria-current="true"]')).to_have_text("each slice alone")
    assert "model_a=mobilenetv1_025-random-depth-0" in page.url
    assert page.get_by_text("+0.000 to +0.000").count() < 5
    expect(differences.locator("svg.whisker")).to_have_count(5)


def test_a_lasso_makes_a_worklist(study_page: Page, study_server: Server) -> None:
    page = study_page
    page.goto(f"{study_server.base}/map?study=tiny&model={MODEL}")
    page.get_by_role("button", name="Draw the map").click()
    expect(page.locator("#map")).to_have_attribute("data-state", "ready")
    expect(page.locator("#counts")).to_contain_text("84 images")
    expect(page.get_by_text("Neighbours look alike to the study's final model")).to_be_visible()
    box = page.locator("#field").bounding_box()
    assert box
    corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.05)]
    page.mouse.move(box["x"] + 4, box["y"] + 4)
    page.mouse.down()
    for x, y in corners:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=3)
    page.mouse.up()
    expect(page.locator("#selected")).to_contain_text("84 images of 6 stacks")
    page.locator("#list-name").fill("all of them")
    page.get_by_role("button", name="Make").click()
    expect(page.locator("#made")).to_contain_text("Made: all of them, 6 stacks")
    (made,) = stack_lists(Project.open(study_server.root))
    assert (made.name, len(made.stacks)) == ("all of them", 6)
    page.locator("#field").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#selected")).to_contain_text("Nothing yet")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#hovered img")).to_be_visible()
    assert page.locator("#hovered img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    page.keyboard.press("Enter")
    expect(page.locator("#stack-name")).not_to_be_empty()
    assert "/predictions?" in page.url
