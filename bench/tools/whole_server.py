"""The server that `make run` starts, with a session to look at, and a browser."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, sync_playwright

from checkout_project.running import children
from checkout_project.running.secrets import demo_file
from checkout_project.tools.install import find_browser

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240.0
TERMS = {
    "amount": 49, "currency": "USD", "successUrl": "https://shop.example/thanks",
    "cancelUrl": "https://shop.example/cart", "email": "pat@example.com", "name": "Pat Payer", "metadata": {},
    "productId": "box-1", "productName": "Winter box, 1 kg", "productDescription": "Three single origins",
    "allowedAssets": [],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WholeServer:
    """Where it is, and its demo business: a key, and who signs in."""

    url: str
    key: str
    email: str
    password: str

    def page_url(self) -> str:
        """The page of a session that was just made."""
        return str(self.call("POST", "checkout", TERMS)["url"])

    def call(self, method: str, path: str, body: object = None) -> Any:
        """A call of the API; the answer's JSON."""
        headers = {"ww-api-key": self.key}
        answer = httpx.request(method, f"{self.url}/api/v1/{path}", headers=headers, json=body, timeout=60)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()


@contextmanager
def whole_server(**env: str) -> Iterator[WholeServer]:
    """With servers and data of its own, taken down at the end. env: added to its environment."""
    with tempfile.TemporaryDirectory(prefix="tallystick-bench-") as folder:
        port = children.free_port()
        ours = {"DATA_DIR": folder, "PORT": str(port), "DEVCHAIN": "0"} | env
        # Servers of its own: a demo merchant is made in them.
        given = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        run = subprocess.Popen([sys.executable, "-m", "checkout_project.running"], env=given | ours, cwd=ROOT)
        try:
            url = f"http://127.0.0.1:{port}"
            demo = _demo_once_it_answers(url, Path(folder), run)
            yield WholeServer(url, demo["api_key"], demo["email"], demo["password"])
        finally:
            run.send_signal(signal.SIGTERM)
            run.wait(timeout=60)


@contextmanager
def browser_of() -> Iterator[Browser]:
    """Chromium."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])


def choose(browser: Browser, url: str) -> None:
    """Picks the first option of a session's page."""
    page = browser.new_page()
    page.goto(url)
    page.locator("button[id^=pick-]").first.evaluate("button => button.click()")
    page.wait_for_selector("#live[data-state=send]")
    page.close()


def _demo_once_it_answers(url: str, folder: Path, run: subprocess.Popen[bytes]) -> dict[str, str]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and run.poll() is None:
        try:
            httpx.get(f"{url}/healthz", timeout=5, trust_env=False)
            demo: dict[str, str] = json.loads(demo_file(folder).read_text(encoding="utf-8"))
            return demo
        except httpx.TransportError:
            time.sleep(0.2)
    sys.exit("The server did not start; its last words stand above.")
