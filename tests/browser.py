"""Chromium for tests: `browser` (one a module) and `page` (a fresh profile each), through playwright.

A page fails its test when one of its scripts throws or the browser reports an error on its console.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from checkout_project.running.install import find_browser

# How long a page may take to show what a test waits for, in milliseconds.
PATIENCE = 15_000


@pytest.fixture(scope="module")
def browser(django_db_setup: None) -> Iterator[Browser]:
    """A headless Chromium: the system's, else the one `make test` installed.

    Playwright's synchronous interface keeps an event loop in this thread to its end, so it ends with each module: other
    tests start loops of their own, and so do the rules that make the database's first rows.
    """
    path = find_browser()
    assert path, "Chromium is missing: install it (Debian: apt-get install chromium) or run `make test`."
    expect.set_options(timeout=PATIENCE)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Django takes that loop for a view that is async.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        # No sandbox: root and containers cannot have one, and the only pages it sees are ours.
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a profile of its own, 1280 pixels wide; `page.set_viewport_size` for a phone."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(PATIENCE)
    shown = context.new_page()
    problems: list[str] = []
    shown.on("pageerror", lambda error: problems.append(str(error)))
    shown.on("console", lambda message: problems.extend(_error_of(message)))
    yield shown
    context.close()
    assert not problems, f"the browser reported: {problems}"


def _error_of(message: ConsoleMessage) -> list[str]:
    """A failed request for a page that a test asks for on purpose (404, 409) is not a fault of the page."""
    if message.type != "error" or message.text.startswith("Failed to load resource"):
        return []
    return [message.text]
