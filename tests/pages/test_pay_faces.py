"""Every face of the buyer's pages once: axe finds nothing, nothing stands out at the side, the codes can be read, and a
browser that translates it leaves address, amount and network alone.

Each in one theme, at one width, in one language, with or without scripts, in turn; in all: `python -m bench pages`.
"""

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from merchants_app.models import Merchant
from tests.pages import looking
from tests.pages.codes import CodeReader
from tests.pages.faces import FACES, UNSAID
from tests.pages.looking import DESKTOP, PHONE, SCHEMES
from tests.pages.stage import Stage
from tests.pages.visitors import SOME, Visitor
from tests.sandbox import Sandbox

WIDTHS = (PHONE, DESKTOP)


@pytest.mark.moves_everybody("a network that is away is away for all")
def test_every_face_is_for_everybody(
    mia: Merchant, sandbox: Sandbox, browser: Browser, live_server: LiveServer
) -> None:
    stage, reader = Stage(mia=mia, sandbox=sandbox), CodeReader(browser.new_page())
    visitors = [Visitor(browser, language, has_script=has_script) for language, has_script in SOME]
    faults: dict[str, list[str]] = {}
    for number, (name, face) in enumerate(FACES.items()):
        with stage.usual() as acting:
            scene = face(acting)
            visitor = visitors[number % 2 if scene.needs_script else number % 3]
            page = visitor.page
            page.emulate_media(color_scheme=SCHEMES[number // 3 % 2])
            found = visitor.comes(scene, live_server.url)
            for width in (looking.NARROW, WIDTHS[number // 2 % 2]):
                page.set_viewport_size({"width": width, "height": 844})
                found += looking.overflow(page)
            found += looking.access(page, has_script=visitor.has_script)
            if (code := page.locator(scene.code_at).filter(visible=True)).count():
                found += reader.faults(code.first, scene.code or looking.address(page))
            if name not in UNSAID:
                found += looking.after_translation(page)
            if found:
                faults[name] = found
    for visitor in visitors:
        visitor.leaves()
    assert faults == {}


def test_a_phone_shows_what_to_do_without_scrolling(
    mia: Merchant, sandbox: Sandbox, page: Page, live_server: LiveServer
) -> None:
    """The options begin in its upper half and the first network can be pressed; when sending, the way to pay can."""
    stage = Stage(mia=mia, sandbox=sandbox)
    page.set_viewport_size({"width": PHONE, "height": 844})
    for name, first in (("choose", "#pick-USDC-base-sepolia"), ("send", "#open-wallet")):
        with stage.usual() as acting:
            page.goto(live_server.url + FACES[name](acting).path)
            if name == "choose":
                assert _edges(page, ".assets")[0] < 422
            assert _edges(page, first)[1] <= 844


def _edges(page: Page, place: str) -> tuple[float, float]:
    """Where it begins and ends, in pixels from the top."""
    box = page.locator(place).bounding_box()
    assert box
    return box["y"], box["y"] + box["height"]
