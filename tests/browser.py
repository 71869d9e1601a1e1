"""Chromium for tests: `browser` (one a process) and `page` (a fresh profile each), through playwright.

A page, or another of the same profile, fails its test when one of its scripts throws or the browser reports an error on
its console.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.http import HttpRequest, HttpResponseBase
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from checkout_project.tools.install import find_browser

# How long a page may take to show what a test waits for, in milliseconds.
PATIENCE = 15_000


class _Chromium:
    """The one of this process, started when it is first asked for."""

    def __init__(self) -> None:
        self._open: tuple[ExitStack, Browser] | None = None

    def started(self) -> Browser:
        if self._open is None:
            path = find_browser()
            assert path, "Chromium is missing: install it (Debian: apt-get install chromium) or run `make test`."
            expect.set_options(timeout=PATIENCE)
            with ExitStack() as opened:
                # Django takes playwright's loop for a view that is async.
                opened.enter_context(pytest.MonkeyPatch.context()).setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
                playwright = opened.enter_context(sync_playwright())
                # No sandbox: root and containers cannot have one, and the only pages it sees are ours.
                options = ["--no-sandbox", "--disable-dev-shm-usage"]
                browser = opened.enter_context(playwright.chromium.launch(executable_path=path, args=options))
                self._open = opened.pop_all(), browser
        return self._open[1]

    def stop(self) -> None:
        if self._open is not None:
            self._open[0].close()
            self._open = None


_chromium = _Chromium()


@pytest.fixture(scope="session", autouse=True)
def _files_are_kept() -> Iterator[None]:
    """Browsers keep the test server's files for the length of a test, as they keep those of a real one."""
    serve = StaticFilesHandler.serve

    def kept(self: StaticFilesHandler, request: HttpRequest) -> HttpResponseBase:
        response = serve(self, request)
        response["Cache-Control"] = "max-age=3600"
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "serve", kept)
        yield


@pytest.fixture
def browser(django_db_setup: None) -> Browser:
    """A headless Chromium: the system's, else the one `make test` installed."""
    return _chromium.started()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Playwright's synchronous interface keeps an event loop in this thread to its end, so it ends before other files.

    Their tests start loops of their own, and so do the rules that make the database's first rows. And a browser that
    many files shared has waited for ever.
    """
    if nextitem is None or nextitem.path != item.path:
        _chromium.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a profile of its own, 1280 pixels wide; `page.set_viewport_size` for a phone."""
    wide = {"width": 1280, "height": 900}
    # A dot that pulses has the page drawn sixty times a second, by the processor.
    context = browser.new_context(viewport=wide, locale="en-GB", timezone_id="UTC", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    shown = context.new_page()
    problems: list[str] = []
    context.on("weberror", lambda web: problems.append(str(web.error)))
    context.on("console", lambda message: problems.extend(_error_of(message)))
    yield shown
    context.close()
    assert not problems, f"the browser reported: {problems}"


def _error_of(message: ConsoleMessage) -> list[str]:
    """A failed request for a page that a test asks for on purpose (404, 409) is not a fault of the page."""
    if message.type != "error" or message.text.startswith("Failed to load resource"):
        return []
    return [message.text]
