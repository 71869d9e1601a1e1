"""A pressed button says that it works until the answer comes, and is not pressed twice."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from sessions_app.models import CheckoutSession
from tests.desk import Desk
from tests.pages.member import OpenDashboard


@pytest.fixture
def asked(page: Page) -> list[str]:
    """What the browser asks for of these, and gets no page for: it stays on the one it has, at work."""
    found: list[str] = []

    def answer(route: Route) -> None:
        found.append(route.request.url)
        route.fulfill(status=204)

    page.route(re.compile("/notes$|sessions.q=|/collect$"), answer)
    page.clock.install()
    return found


def test_what_is_sent_says_so_and_is_sent_once(
    open_dashboard: OpenDashboard, desk: Desk, session: CheckoutSession, asked: list[str]
) -> None:
    page = open_dashboard(desk, f"sessions/{session.public_id}")
    page.get_by_label("Note for your team").fill("Rang, wants it in blue")
    page.get_by_role("button", name="Add note").click()
    page.clock.run_for(400)
    pressed = page.get_by_role("button", name="Working …")
    expect(pressed).to_have_attribute("aria-disabled", "true")
    expect(page.locator("form[aria-busy=true]")).to_have_count(1)
    expect(page.locator("[data-working]")).to_have_text("Working …")
    pressed.click(force=True)
    assert len(asked) == 1
    page.clock.run_for(41_000)  # no answer comes any more: it may be tried again
    expect(page.locator("[aria-busy], [aria-disabled]")).to_have_count(0)
    page.unroute_all()
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".timeline").get_by_text("Rang, wants it in blue")).to_be_visible()


def test_what_is_looked_for_and_a_page_that_takes_long_are_told_of(
    open_dashboard: OpenDashboard, desk: Desk, asked: list[str]
) -> None:
    page = open_dashboard(desk, "overview")
    line, search = page.locator("[data-working]"), page.get_by_role("navigation").get_by_role("searchbox")
    for words in ("espresso", "latte"):  # other words are no second press
        search.fill(words)
        search.press("Enter")
        page.clock.run_for(400)
        expect(line).to_have_text("Looking …")
    assert [url.partition("q=")[2] for url in asked] == ["espresso", "latte"]
    link = page.get_by_role("link", name="Collect", exact=True)
    link.click()
    page.clock.run_for(400)
    expect(line).to_have_text("Loading …")
    link.evaluate("link => { link.download = 'collect.svg'; }")
    link.click()
    page.clock.run_for(400)
    expect(line).to_have_text("Making the file …")


def test_a_button_whose_file_has_come_can_be_pressed_again(open_dashboard: OpenDashboard, desk: Desk) -> None:
    page = open_dashboard(desk, "books/exports")
    page.clock.install()
    page.get_by_role("button", name="Download").first.evaluate("""button => {
        const other = document.createElement("button");
        other.textContent = "Another";
        button.form.append(other);
        button.form.addEventListener("submit", (event) => {
            if (event.submitter !== other) return;
            event.preventDefault();
            other.textContent = "Was pressed";
        });
    }""")
    button = page.get_by_role("button", name="Download").first
    with page.expect_download() as download:
        button.click()
    page.clock.run_for(400)
    working = page.get_by_role("button", name="Making the file …")
    expect(working).to_have_attribute("aria-disabled", "true")
    working.click(force=True)  # swallowed: one file is made
    page.get_by_role("button", name="Another").click()
    expect(page.get_by_role("button", name="Was pressed")).to_be_visible()
    page.clock.run_for(4_000)
    expect(button).not_to_have_attribute("aria-disabled", "true")
    assert download.value.suggested_filename.endswith(".csv")


def test_one_that_was_not_confirmed_does_not_work(
    open_dashboard: OpenDashboard, desk: Desk, colleague: Callable[..., Desk]
) -> None:
    colleague("support")
    page = open_dashboard(desk, "team")
    page.on("dialog", lambda dialog: dialog.dismiss())
    button = page.get_by_role("button", name="Remove support@mia.example")
    button.click()
    expect(button).not_to_have_attribute("aria-disabled", "true")
    expect(page.locator("[aria-busy]")).to_have_count(0)
