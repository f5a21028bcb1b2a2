"""Two readers in two browsers, blind to each other, then agreement and adjudication with one key."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from medgraft.workspace import NewToken, Project, add_reader, disagreements, list_cohort, open_reading, reading_status

from .conftest import PATIENCE, Server

pytestmark = pytest.mark.slow


@contextmanager
def signed_in(browser: Browser, server: Server, reader: NewToken) -> Iterator[Page]:
    """A browser of its own for one reader; whatever it complains about fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    server.sign_in(page, reader)
    yield page
    context.close()
    assert not complaints


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


def decisions(project: Project) -> list[tuple[str | None, ...]]:
    return [one.decision.codes for one in disagreements(project, "first") if one.decision]


def test_two_readers_blinded_then_agreement_and_adjudication(chromium: Browser, own_server: Server) -> None:
    project, base = Project.open(own_server.root), own_server.base
    readers = {name: add_reader(project, name) for name in ("ana", "ben")}
    readers["chief"] = add_reader(project, "chief", role="adjudicator")
    stacks = [row.id for row in list_cohort(project).stacks][:2]
    open_reading(project, "first", readers=["ana", "ben"], stacks=stacks)

    with signed_in(chromium, own_server, readers["ana"]) as ana:
        read_round(ana, own_server, "a")
        ana.goto(f"{base}/read?round=first")
        expect(ana.locator(".worklist li[data-done=true]")).to_have_count(2)
    with signed_in(chromium, own_server, readers["ben"]) as ben:
        ben.goto(f"{base}/label?reading=first")
        expect(ben.locator("#reading")).to_have_attribute("data-state", "ready")
        expect(ben.locator(".cell.labelled")).to_have_count(0)
        ben.goto(f"{base}/read?round=first&view=disagreements")
        expect(ben.get_by_role("heading", name="This round is blinded")).to_be_visible()
        read_round(ben, own_server, "f")
    assert reading_status(project, "first").state == "unblinded"

    with signed_in(chromium, own_server, readers["chief"]) as chief:
        chief.goto(f"{base}/read?round=first&view=agreement")
        expect(chief.locator(".whiskers")).to_contain_text("Cohen's kappa")
        expect(chief.locator(".boundary")).to_have_count(2)
        expect(chief.locator('.boundary[data-boundary="OBS|IN"] circle')).not_to_have_count(0)
        decide(chief, project, base)


def decide(chief: Page, project: Project, base: str) -> None:
    """One key as the second reader said, a range by hand, then undo."""
    chief.goto(f"{base}/read?round=first&view=disagreements")
    expect(chief.locator(".queue button")).to_have_count(4)
    expect(chief.locator(".lane.said")).to_have_count(2)
    expect(chief.locator("#sheet canvas.skeleton")).to_have_count(0)
    chief.keyboard.press("2")
    expect(chief.locator(".queue")).to_contain_text("1 of 4 decided")
    first = disagreements(project, "first")[0]
    assert decisions(project) == [first.said["ben"]]
    chief.keyboard.press("ArrowRight")
    chief.keyboard.press("f")
    expect(chief.locator(".lane.draft")).to_have_count(1)
    assert len(decisions(project)) == 1, "a draft is not saved"
    chief.keyboard.press("Enter")
    expect(chief.locator(".queue")).to_contain_text("2 of 4 decided")
    assert decisions(project)[1][:2] == ("OBS", "IN")
    chief.keyboard.press("u")
    expect(chief.locator(".queue")).to_contain_text("1 of 4 decided")
    assert len(decisions(project)) == 1


def test_an_admin_opens_a_round_on_the_page(own_server: Server, owner_page: Page) -> None:
    project = Project.open(own_server.root)
    for name in ("ben", "cleo"):
        add_reader(project, name)
    owner_page.goto(f"{own_server.base}/read")
    expect(owner_page.get_by_role("heading", name="No round of reading yet")).to_be_visible()
    owner_page.locator("#message").get_by_role("button", name="Open a round").click()
    owner_page.get_by_label("Name").fill("spring")
    for name in ("ben", "cleo"):
        owner_page.get_by_label(name).check()
    owner_page.get_by_label("At most").fill("3")
    expect(owner_page.locator("#new-round-count")).to_have_text("3 stacks")
    owner_page.locator("#new-round").get_by_role("button", name="Open the round").click()
    expect(owner_page.locator(".readers tbody tr")).to_have_count(2)
    assert reading_status(project, "spring").stacks == 3
