"""What a buyer's first view weighs, from the server that `make run` starts: `python -m bench weight`.

Per view, in a browser that has seen nothing yet: requests, bytes over the wire with their headers, how far the layout
shifted, and when the largest part was painted. 1 when a goal is missed.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from bench.tools.figures import figure, most
from checkout_project.running import children
from checkout_project.running.secrets import demo_file
from checkout_project.tools.install import find_browser

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0
MOST_REQUESTS = 5
MOST_BYTES = 20 * 1024
TERMS = {
    "amount": 49, "currency": "USD", "successUrl": "https://shop.example/thanks",
    "cancelUrl": "https://shop.example/cart", "email": "pat@example.com", "name": "Pat Payer", "metadata": {},
    "productId": "box-1", "productName": "Winter box, 1 kg", "productDescription": "Three single origins",
    "allowedAssets": [],
}  # fmt: skip
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
    with tempfile.TemporaryDirectory(prefix="tallystick-weight-") as folder:
        port = children.free_port()
        ours = {"DATA_DIR": folder, "PORT": str(port), "DEVCHAIN": "0"}
        # Servers of its own: a demo merchant is made in them.
        given = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        run = subprocess.Popen([sys.executable, "-m", "checkout_project.running"], env=given | ours, cwd=ROOT)
        try:
            return _measure(f"http://127.0.0.1:{port}", Path(folder), run)
        finally:
            run.send_signal(signal.SIGTERM)
            run.wait(timeout=60)


def _measure(url: str, folder: Path, run: subprocess.Popen[bytes]) -> int:
    key = _key_once_it_answers(url, folder, run)
    created = httpx.post(f"{url}/api/v1/checkout", headers={"ww-api-key": key}, json=TERMS)
    assert created.status_code == 200, created.text
    page_url = created.json()["url"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        missed = _look(browser, "choose", page_url)
        _choose(browser, page_url)
        return int(_look(browser, "send", page_url) or missed)


def _key_once_it_answers(url: str, folder: Path, run: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and run.poll() is None:
        try:
            httpx.get(f"{url}/healthz", timeout=5, trust_env=False)
            return str(json.loads(demo_file(folder).read_text(encoding="utf-8"))["api_key"])
        except httpx.TransportError:
            time.sleep(0.2)
    sys.exit("The server did not start; its last words stand above.")


def _choose(browser: Browser, url: str) -> None:
    page = browser.new_page()
    page.goto(url)
    page.locator("button[id^=pick-]").first.evaluate("button => button.click()")
    page.wait_for_selector("#live[data-state=send]")
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
