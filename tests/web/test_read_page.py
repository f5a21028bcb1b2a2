"""Two readers in two browsers, blind to each other, then agreement and adjudication with one key."""

import pytest
from playwright.sync_api import Browser, Page, expect

from medgraft.workspace import Project, add_reader, disagreements, list_cohort, open_reading, reading_status

from .conftest import Server

pytestmark = pytest.mark.slow


def signed_in(browser: Browser, server: Server, name: str, token: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(server.base)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/label")
    return page


def read_round(page: Page, server: Server, *keys: str) -> None:
    """Label every phase of the round's stacks with the same keys."""
    page.goto(f"{server.base}/read")
    page.get_by_role("link", name="Read on").click()
    expect(page.locator("#subject")).to_contain_text("round first")
    total = int(page.locator("#position").inner_text().split("/")[1])
    for number in range(total):
        for phase in ("ed", "es"):
            expect(page.locator("#position")).to_contain_text(f"stack {number + 1} /")
            expect(page.locator('#phases [aria-selected="true"]')).to_contain_text(phase)
            for key in (*keys, "Enter"):
                page.keyboard.press(key)
    expect(page.locator("#saved")).to_have_text(f"done with {total} of {total}")


def test_two_readers_blinded_then_agreement_and_adjudication(chromium: Browser, own_server: Server) -> None:
    project = Project.open(own_server.root)
    accounts = {
        name: add_reader(project, name, role=role).token
        for name, role in (("ana", "reader"), ("ben", "reader"), ("chief", "adjudicator"))
    }
    stacks = [row.id for row in list_cohort(project).stacks][:2]
    open_reading(project, "first", readers=["ana", "ben"], stacks=stacks)
    ana, ben, chief = (signed_in(chromium, own_server, name, token) for name, token in accounts.items())

    read_round(ana, own_server, "a")
    assert reading_status(project, "first").state == "blinded"
    ben.goto(f"{own_server.base}/label?reading=first")
    expect(ben.locator("#reading")).to_have_attribute("data-state", "ready")
    expect(ben.locator(".cell.labelled")).to_have_count(0)
    ben.goto(f"{own_server.base}/read")
    expect(ben.get_by_role("button", name="Agreement")).to_have_count(0)
    read_round(ben, own_server, "f")
    assert reading_status(project, "first").state == "unblinded"

    chief.goto(f"{own_server.base}/read")
    chief.get_by_role("button", name="Agreement").click()
    expect(chief.locator(".disagreement")).to_have_count(4)
    expect(chief.locator(".found table")).to_contain_text("ana and ben", timeout=30_000)
    chief.keyboard.press("2")
    expect(chief.locator(".disagreement[data-decided]")).to_have_count(1)
    decided = [one for one in disagreements(project, "first") if one.decision]
    assert len(decided) == 1
    assert decided[0].decision is not None
    assert decided[0].decision.codes == decided[0].said["ben"]
    for page in (ana, ben, chief):
        page.context.close()
