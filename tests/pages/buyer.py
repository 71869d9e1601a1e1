"""A buyer in a browser: opens the page of a session, sees what it shows, and is let out to a shop that is not there."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from sessions_app.models import CheckoutSession

OpenPage = Callable[..., Page]

OF_LOOKS = ["color-contrast", "scrollable-region-focusable"]
# Faults alone, each by its element; nothing is looked for in frames, which are pages of their own.
_AXE_OPTIONS = {"reporter": "no-passes", "selectors": False, "iframes": False, "preload": False}
AXE = (Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def let_out(page: Page) -> None:
    """The shop answers, without any network."""

    def answer(route: Route) -> None:
        route.fulfill(body="<h1>The shop</h1>", content_type="text/html")

    page.route("https://shop.example/**", answer)


@pytest.fixture
def open_page(page: Page, live_server: LiveServer) -> OpenPage:
    """`open_page(session)`: the session's page, after its script has started."""

    def show(session: CheckoutSession, query: str = "") -> Page:
        let_out(page)
        page.goto(f"{live_server.url}/pay/{session.page_token}{query}")
        page.wait_for_load_state("load")
        return page

    return show


@pytest.fixture
def page_without_javascript(browser: Browser) -> Iterator[Page]:
    """A browser that runs no script."""
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 844}, reduced_motion="reduce"
    )
    shown = context.new_page()
    let_out(shown)
    yield shown
    context.close()


def pick(page: Page, asset: str, network: str) -> None:
    """Chooses that: opens the asset's fold, and presses the network."""
    button = page.locator(f"#pick-{asset}-{network}")
    if not button.is_visible():
        page.locator(f"#asset-{asset} > summary").click()
    button.click()


def headline(page: Page, text: str) -> None:
    """Waits until the page says so."""
    expect(page.locator("#headline")).to_have_text(text)


def news(page: Page, text: str) -> None:
    """Waits until the line of news says so."""
    expect(page.locator("#news")).to_contain_text(text)


def faults_of_access(page: Page, *, looks_alone: bool = False, with_targets: bool = False, but: str = "") -> list[str]:
    """What axe-core finds wrong with the page as it stands: one line a fault, with the element.

    looks_alone: by the rules alone that another theme or width may break, unless AXE=all; with_targets: and what is too
    small, or too near to another, to be hit with a thumb (WCAG 2.5.8), which axe leaves out unless asked; but: without
    this rule.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.add_init_script(AXE)  # the pages that follow have it from their beginning
        page.evaluate(f"{AXE}; undefined")
    of_looks = looks_alone and os.environ.get("AXE") != "all"
    rules = {"target-size": {"enabled": with_targets}} | ({but: {"enabled": False}} if but else {})
    options = _AXE_OPTIONS | {"rules": rules} | ({"runOnly": {"type": "rule", "values": OF_LOOKS}} if of_looks else {})
    found: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found["violations"] for node in fault["nodes"]]
