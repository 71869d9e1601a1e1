"""What a buyer's first view weighs, from the server that `make run` starts: `python -m bench weight`.

Per view, in a browser that has seen nothing yet: requests, bytes over the wire with their headers, how far the layout
shifted, and when the largest part was painted. 1 when a goal is missed. The business has a logo, and a photo at that,
which weighs the most, and a colour of its own.
"""

import sys
from io import BytesIO
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page

from bench.tools.figures import figure, most
from bench.tools.whole_server import WholeServer, browser_of, choose, whole_server

MOST_REQUESTS = 5
MOST_BYTES = 20 * 1024
# Of a phone, which is what most buyers hold.
PHONE = {"width": 390, "height": 844}
# What browsers measure themselves, from before the first paint on.
WATCH = """
window.shift = 0; window.largest = 0; window.moved = [];
const named = ({ node }) => node?.outerHTML?.replaceAll(/\\s+/g, " ").slice(0, 100) ?? node?.textContent;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    window.shift += entry.value;
    window.moved.push(...entry.sources.map(named));
  }
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => { window.largest = list.getEntries().at(-1).startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
"""


def main() -> int:
    """Prints a line a view, with what it loaded."""
    with whole_server() as server, browser_of() as browser:
        _settle_in(browser, server)
        url = server.page_url()
        missed = _look(browser, "choose", url)
        choose(browser, url)
        return int(_look(browser, "send", url) or missed)


def _settle_in(browser: Browser, server: WholeServer) -> None:
    """Gives the demo business its looks, as its owner does."""
    photo = BytesIO()
    Image.effect_noise((512, 512), 90).convert("RGB").save(photo, format="JPEG", quality=40)
    page = browser.new_page()
    page.goto(f"{server.url}/accounts/login/?next=/dashboard/test/settings")
    page.locator("[name=login]").fill(server.email)
    page.locator("[name=password]").fill(server.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    logo = {"name": "logo.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}
    page.locator("#id_logo").set_input_files(logo)  # type: ignore[arg-type]
    page.locator("#id_brand_color").fill("#17453b")
    page.locator("#settings").get_by_role("button", name="Save", exact=True).click()
    page.locator("img.mark").first.wait_for(state="attached")
    page.close()


def _look(browser: Browser, name: str, url: str) -> bool:
    """Whether the view misses a goal."""
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(WATCH)
    loaded = _loads_of(page)
    page.goto(url, wait_until="networkidle")
    shift, largest, moved = page.evaluate("[window.shift, window.largest, window.moved]")
    context.close()
    total = sum(size for _, size in loaded)
    good = figure(f"{name}: requests", len(loaded), "", goal=most(MOST_REQUESTS))
    good &= figure(f"{name}: over the wire", total, "bytes", goal=most(MOST_BYTES))
    good &= figure(f"{name}: layout shift", shift, "", goal=most(0))
    figure(f"{name}: largest paint", largest, "ms")
    for path, size in loaded:
        print(f"  {size:7,}  {path}")
    for node in moved:
        print(f"  moved: {node}")
    return not good


def _loads_of(page: Page) -> list[tuple[str, int]]:
    """Fills itself with path and bytes of all that the page loads; its news, which come later, are no part of it."""
    paths: dict[str, str] = {}
    loaded: list[tuple[str, int]] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")

    def asked(event: dict[str, Any]) -> None:
        if not event["request"]["url"].startswith("data:"):
            paths[event["requestId"]] = httpx.URL(event["request"]["url"]).path

    def came(event: dict[str, Any]) -> None:
        path = paths.get(event["requestId"], "")
        if path and not path.endswith("/status"):
            loaded.append((path, round(event["encodedDataLength"])))

    wire.on("Network.requestWillBeSent", asked)
    wire.on("Network.loadingFinished", came)
    return loaded


if __name__ == "__main__":
    sys.exit(main())
