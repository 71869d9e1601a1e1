"""Every face of the buyer's pages once: axe finds nothing, nothing stands out at the side, the code can be read.

Each in one theme and at one width; all themes, widths and directions: `python -m bench pages`.
"""

from typing import Literal

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from merchants_app.models import Merchant
from tests.pages import looking
from tests.pages.codes import CodeReader
from tests.pages.faces import FACES, Stage
from tests.sandbox import Sandbox

THEMES: list[tuple[Literal["light", "dark"], int]] = [("light", looking.DESKTOP), ("dark", looking.PHONE)]


@pytest.mark.moves_everybody("a network that is away is away for all")
def test_every_face_is_for_everybody(mia: Merchant, sandbox: Sandbox, page: Page, live_server: LiveServer) -> None:
    stage, reader = Stage(mia=mia, sandbox=sandbox), CodeReader(page.context.new_page())
    faults: dict[str, list[str]] = {}
    for number, (name, face) in enumerate(FACES.items()):
        with stage.usual() as acting:
            page.goto(live_server.url + face(acting))
            scheme, width = THEMES[number % 2]
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = []
            for each in (looking.NARROW, looking.PHONE, width):
                page.set_viewport_size({"width": each, "height": 844})
                found += looking.overflow(page)
            found += looking.access(page)
            code = page.locator(".qr").filter(visible=True)
            if code.count() and not reader.read(code.first):
                found.append("the code cannot be read")
            if found:
                faults[name] = found
    assert faults == {}
