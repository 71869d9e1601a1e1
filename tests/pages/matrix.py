"""Every face of the buyer's pages, seen by everybody: with and without JavaScript, phone and desktop, light and dark,
left to right and right to left; in forced colours, at 320 px, with text at 200 %, translated. `python -m bench pages`.

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
from tests.pages.buyer import let_out
from tests.pages.codes import CodeReader
from tests.pages.faces import FACES, Stage
from tests.sandbox import Sandbox

SCHEMES: list[Literal["light", "dark"]] = ["light", "dark"]
FORCED: list[Literal["none", "active"]] = ["none", "active"]
WIDTHS = (looking.PHONE, looking.DESKTOP)
NAMES = os.environ.get("PAGES_FACES", "").split() or list(FACES)
SHOTS = os.environ.get("PAGES_SHOTS", "")


@pytest.mark.moves_everybody("a network that is away is away for all")
def test_every_face_in_every_light(mia: Merchant, sandbox: Sandbox, browser: Browser, live_server: LiveServer) -> None:
    stage, faults = Stage(mia=mia, sandbox=sandbox), 0
    Merchant.objects.filter(pk=mia.pk).update(brand_color="#17453b")
    scripted, plain = (browser.new_context(locale="en-GB").new_page() for _ in range(2))
    plain.route("**/*.js", lambda route: route.abort())  # axe itself is a script: a browser without any cannot run it
    reader = CodeReader(browser.new_context().new_page())
    for name in NAMES:
        seen, found = 0, []
        with stage.usual() as acting:
            url = live_server.url + FACES[name](acting)
            for page, script in ((scripted, "script"), (plain, "no script")):
                let_out(page)
                page.goto(url)
                for light, faults_there in _views(page):
                    seen += 1
                    found += [f"{script}, {light}: {each}" for each in faults_there]
            seen_codes, unread = _codes(scripted, reader)
            found += unread
            found += looking.after_translation(scripted)
            _shoot(plain, name)
        print(f"{name:18} {seen:3} views  {seen_codes:2} codes read  {len(found):2} faults", flush=True)  # noqa: T201
        print("".join(f"    {each}\n" for each in found), end="", flush=True)  # noqa: T201
        faults += len(found)
    assert faults == 0


def _views(page: Page) -> Iterator[tuple[str, list[str]]]:
    """The page in one light after the other, with what is wrong there."""
    for width, scheme, direction in product(WIDTHS, SCHEMES, ("ltr", "rtl")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
        yield f"{width}, {scheme}, {direction}", looking.overflow(page) + looking.access(page)
    page.set_viewport_size({"width": looking.NARROW, "height": 844})
    for direction, percent in product(("rtl", "ltr"), (100, 200)):
        page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
        page.evaluate("percent => { document.documentElement.style.fontSize = `${percent}%`; }", percent)
        yield f"320, text at {percent} %, {direction}", looking.overflow(page)
    page.evaluate("() => { document.documentElement.style.fontSize = ''; }")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, forced_colors="active")
        yield f"forced colours, {scheme}", looking.overflow(page) + looking.unseen_buttons(page)
    page.emulate_media(color_scheme="light", forced_colors="none")


def _codes(page: Page, reader: CodeReader) -> tuple[int, list[str]]:
    """How many codes were read in how many modes, and where one was not what the page says in words."""
    read, wrong = 0, []
    for fold in page.locator("details:not([open]):has(.qr)").all():
        fold.evaluate("fold => { fold.open = true; }")
    for width, scheme, forced in product(WIDTHS, SCHEMES, FORCED):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme, forced_colors=forced)
        for code in page.locator(".qr").filter(visible=True).all():
            text = reader.read(code) or ""
            read += 1
            if looking.facts(page)["address"].lower() not in text.lower():
                wrong.append(f"code, {width}, {scheme}, forced colours {forced}: {text!r}")
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
