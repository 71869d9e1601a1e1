"""Buyers' browsers: in a language, with or without scripts."""

from contextlib import suppress

from playwright.sync_api import Browser, Error, Page, Route

from tests.pages.buyer import let_out
from tests.pages.stage import Scene

# As their browsers ask for them; the second is written from right to left.
LANGUAGES = ("en-GB", "ar", "de")
# Language, and whether scripts run: few browsers in which each of these occurs. The last runs none.
SOME = (("en-GB", True), ("ar", True), ("de", False))


class Visitor:
    """One browser; what it shows can be looked at by scripts of ours, whether or not it runs the page's."""

    def __init__(self, browser: Browser, language: str, *, has_script: bool) -> None:
        context = browser.new_context(
            locale=language, timezone_id="UTC", java_script_enabled=has_script, reduced_motion="reduce"
        )
        self.has_script = has_script
        self.page: Page = context.new_page()
        self._speaks = language.partition("-")[0]
        self._problems: list[str] = []
        self._is_here = False
        context.on("weberror", lambda web: self._problems.append(f"threw: {web.error}"))
        if has_script:
            let_out(self.page)
        else:
            self._switch = context.new_cdp_session(self.page)
            self.page.route("**/*", self._stays)

    def comes(self, scene: Scene, server: str) -> list[str]:
        """Opens the scene; what is wrong already."""
        self._is_here = False
        self._leaves_the_former_face()
        self._problems.clear()
        if not self.has_script:
            self._switch.send("Emulation.setScriptExecutionDisabled", {"value": True})
        scene.come(self.page, server + scene.path)
        self.page.wait_for_load_state()  # of what a form led to, too: its styles may come later
        self._is_here = True
        if not self.has_script:
            self._switch.send("Emulation.setScriptExecutionDisabled", {"value": False})  # axe is a script itself
        speaks = self.page.evaluate("document.documentElement.lang")
        return [*self._problems, *([f"speaks {speaks}"] if speaks != self._speaks else [])]

    def leaves(self) -> None:
        """For good."""
        self.page.context.close()

    def _leaves_the_former_face(self) -> None:
        """It may be loading itself again, or on its way to the shop, at this very moment: of two loads at once the
        browser drops one, and it shall not be the next face.
        """
        with suppress(Error):
            self.page.goto("about:blank")

    def _stays(self, route: Route) -> None:
        """A page that loads itself again is told that nothing is new, as long as it is looked at."""
        if self._is_here and route.request.is_navigation_request():
            route.fulfill(status=204)
        else:
            route.continue_()
