"""Every face of the buyer's pages, seen by everybody: in three languages, of which one is written from right to left,
with and without scripts, on phone and desktop, light and dark; in forced colours, at 320 px, with text at 200 %,
translated. `python -m bench pages`.

PAGES_FACES names some of the faces, PAGES_SHOTS a folder for a picture of each.
"""

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from merchants_app.models import Merchant
from tests.pages import looking
from tests.pages.codes import CodeReader
from tests.pages.faces import FACES, UNSAID
from tests.pages.looking import SCHEMES
from tests.pages.stage import Scene, Stage
from tests.pages.visitors import LANGUAGES, Visitor
from tests.sandbox import Sandbox

FORCED: list[Literal["none", "active"]] = ["none", "active"]
WIDTHS = (looking.PHONE, looking.DESKTOP)
NAMES = os.environ.get("PAGES_FACES", "").split() or list(FACES)
SHOTS = os.environ.get("PAGES_SHOTS", "")


@pytest.mark.moves_everybody("a network that is away is away for all")
def test_every_face_in_every_light(mia: Merchant, sandbox: Sandbox, browser: Browser, live_server: LiveServer) -> None:
    stage, faults = Stage(mia=mia, sandbox=sandbox), 0
    Merchant.objects.filter(pk=mia.pk).update(brand_color="#17453b")
    everybody = [(language, has_script) for language, has_script in product(LANGUAGES, (True, False))]
    visitors = {each: Visitor(browser, each[0], has_script=each[1]) for each in everybody}
    reader = CodeReader(browser.new_page())
    for name in NAMES:
        views, codes, found = 0, 0, list[str]()
        for (language, has_script), visitor in visitors.items():
            # Anew for each: what one visitor has pressed, another has not.
            with stage.usual() as acting:
                scene = FACES[name](acting)
                if scene.needs_script and not has_script:
                    continue
                there = visitor.comes(scene, live_server.url)
                for light, faults_there in _views(visitor):
                    views += 1
                    there += [f"{light}: {each}" for each in faults_there]
                read, unread = _codes(visitor.page, scene, reader)
                codes += read
                there += unread
                _shoot(visitor.page, f"{name}-{language}{'' if has_script else '-no-script'}")
                if name not in UNSAID:
                    there += looking.after_translation(visitor.page)
            found += [f"{language}, {'script' if has_script else 'no script'}, {each}" for each in there]
        print(f"{name:18} {views:3} views  {codes:3} codes read  {len(found):2} faults", flush=True)  # noqa: T201
        print("".join(f"    {each}\n" for each in found), end="", flush=True)  # noqa: T201
        faults += len(found)
    for visitor in visitors.values():
        visitor.leaves()
    assert faults == 0


def _views(visitor: Visitor) -> Iterator[tuple[str, list[str]]]:
    """The page in one light after the other, with what is wrong there."""
    page = visitor.page
    for width, scheme in product(WIDTHS, SCHEMES):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        found = looking.access(page, has_script=visitor.has_script, looks_alone=scheme != SCHEMES[0])
        yield f"{width}, {scheme}", looking.overflow(page) + found
    page.set_viewport_size({"width": looking.NARROW, "height": 844})
    for percent in (100, 200):
        page.evaluate("percent => { document.documentElement.style.fontSize = `${percent}%`; }", percent)
        yield f"320, text at {percent} %", looking.overflow(page)
    page.evaluate("() => { document.documentElement.style.fontSize = ''; }")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, forced_colors="active")
        yield f"forced colours, {scheme}", looking.overflow(page) + looking.unseen_buttons(page)
    page.emulate_media(color_scheme="light", forced_colors="none")


def _codes(page: Page, scene: Scene, reader: CodeReader) -> tuple[int, list[str]]:
    """How many codes were read in how many modes, and where one was not what it should be."""
    read, wrong = 0, []
    for fold in page.locator("details:not([open]):has(.qr)").all():
        fold.evaluate("fold => { fold.open = true; }")
    for width, scheme, forced in product(WIDTHS, SCHEMES, FORCED):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme, forced_colors=forced)
        for code in page.locator(scene.code_at).filter(visible=True).all():
            read += 1
            faults = reader.faults(code, scene.code or looking.address(page))
            wrong += [f"code, {width}, {scheme}, forced colours {forced}: {each}" for each in faults]
    page.emulate_media(color_scheme="light", forced_colors="none")
    return read, wrong


def _shoot(page: Page, name: str) -> None:
    if not SHOTS:
        return
    Path(SHOTS).mkdir(exist_ok=True)
    for width, scheme in ((looking.PHONE, SCHEMES[0]), (looking.DESKTOP, SCHEMES[1])):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=f"{SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
