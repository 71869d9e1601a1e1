"""Open pages: what a look at one costs, and how late they hear of news when thousands are open.

    python -m bench buyers [--pages 5000] [--seconds 20]

On a database of its own, two server processes with four threads each, the buyers on the same cores. Prints the page and
its unchanged status as shares of a bare Django view with one authenticated SELECT (goal for the status: 0.7), then how
late news are with so many pages open (goal: 3 s), and what they cost the server. Exits with 1 when a goal is missed.

Why pages ask, and are not told: who asks at the same time is answered by one statement (`web/open_pages.py`), so that
asking costs hardly more than keeping a connection open, and needs nothing of the proxies between.
"""

import argparse
import asyncio
import json
import sys
import time

import httpx
import psutil

from bench.api.calls import selects
from bench.tools.figures import figure, least, most
from bench.tools.load import Request, drive, request
from bench.tools.servers import Servers

ROUNDS, GOAL, NEWS_SECONDS = 5, 0.7, 3.0
ASKS_EVERY = 2.0  # as `poll_seconds` of the page has it while money is waited for
_PREPARE = """
import json, os; os.environ["DJANGO_SETTINGS_MODULE"] = "checkout_project.settings"
from datetime import timedelta
from bench.tools.shop import open_sessions, open_shop, show_addresses
from django.db import connection
from sessions_app.paying.page_rows import page_rows
from sessions_app.shown.states import PLAIN, State, version_of
from django.utils import timezone
now = timezone.now()
sessions = open_sessions(open_shop(now), {pages}, now=now, ends=now + timedelta(hours=1))
show_addresses(sessions, now=now)
connection.cursor().execute("analyze")
tokens = [each.page_token for each in sessions]
rows = page_rows(tokens, now=now)
send = dict(state=State.SEND, language="en", wanted=PLAIN, now=now, is_signed=False)
versions = [version_of(each, rows[each.page_token].versions, **send) for each in sessions]
print(json.dumps([tokens, versions]))
"""


def looks(url: str, path: str, etag: str = "") -> Request:
    """The same look again and again."""
    ready = request("GET", url, path, {"If-None-Match": etag, "Accept-Encoding": "gzip"})
    return lambda _number: ready


def shares(url: str, floor: str, key: str, token: str, seconds: float) -> bool:
    """What the page and its unchanged status reach of the bare view; whether the goal is met."""
    httpx.get(f"{url}/pay/{token}", timeout=60)  # that it was opened is news
    status = f"{url}/pay/{token}/status"
    etag = httpx.get(status, timeout=60).headers["ETag"]
    again = httpx.get(status, headers={"If-None-Match": etag}, timeout=60)
    assert again.status_code == httpx.codes.NOT_MODIFIED, again
    good = True
    for name, path, known in (("page", "", ""), ("status, unchanged", "/status", etag)):
        rates, found = list[float](), list[float]()
        for _ in range(ROUNDS):
            ours = asyncio.run(drive(url, looks(url, f"/pay/{token}{path}", known), connections=8, seconds=seconds))
            bare = asyncio.run(drive(floor, selects(floor, key), connections=8, seconds=seconds))
            rates.append(ours.rate)
            found.append(ours.rate / bare.rate)
        goal = least(GOAL) if known else None
        good &= figure(f"looks at the {name}", rates, "a second", ratio=found, floor="a bare view", goal=goal)
    return good


class OpenPages:
    """So many buyers, each with a connection, who ask for news as the page's script does."""

    def __init__(self, url: str, tokens: list[str], versions: list[str]) -> None:
        self.url, self.tokens, self.versions = url, tokens, versions
        self.changed: dict[str, float] = {}  # when the payment of a page was changed
        self.late: list[float] = []  # seconds until the page heard of it
        self.asked = 0
        self.ends = 0.0

    async def stay(self, seconds: float) -> None:
        """All of them; when they are there, one page after the other has its payment changed for so long."""
        self.ends = time.perf_counter() + 2 * ASKS_EVERY + seconds + 2 * NEWS_SECONDS
        await asyncio.gather(self._change(seconds), *map(self._page, range(len(self.tokens))))

    async def _page(self, number: int) -> None:
        token, etag = self.tokens[number], f'"{self.versions[number]}"'
        await asyncio.sleep(ASKS_EVERY * number / len(self.tokens))
        host, port = self.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        while time.perf_counter() < self.ends:
            began = time.perf_counter()
            writer.write(request("GET", self.url, f"/pay/{token}/status", {"If-None-Match": etag}))
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            fields = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:] if ": " in line)
            await reader.readexactly(int(fields.get("content-length", 0)))
            if etag and b" 200 " in head[:16] and token in self.changed:
                self.late.append(time.perf_counter() - self.changed.pop(token))
            etag = fields.get("etag", etag)
            await asyncio.sleep(max(0.0, began + ASKS_EVERY - time.perf_counter()))
        writer.close()

    async def _change(self, seconds: float) -> None:
        """A buyer says that it is sent: from then on the page looks otherwise."""
        await asyncio.sleep(2 * ASKS_EVERY)
        async with httpx.AsyncClient() as client:
            for token in self.tokens[:: max(1, len(self.tokens) // 40)]:
                if time.perf_counter() > self.ends - 2 * NEWS_SECONDS:
                    return  # what is changed later could not be heard of in time
                self.changed[token] = time.perf_counter()
                answer = await client.post(f"{self.url}/pay/{token}/sent", headers={"Origin": self.url}, timeout=30)
                assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
                await asyncio.sleep(seconds / 40)


def news(url: str, tokens: list[str], versions: list[str], servers: list[psutil.Process], seconds: float) -> bool:
    """How late they are, and what it costs; whether the goal is met."""
    everyone = [each for server in servers for each in (server, *server.children(recursive=True))]
    before = sum(sum(each.cpu_times()[:2]) for each in everyone)
    pages = OpenPages(url, tokens, versions)
    began = time.perf_counter()
    asyncio.run(pages.stay(seconds))
    spent = time.perf_counter() - began
    cpu = sum(sum(each.cpu_times()[:2]) for each in everyone) - before
    memory = sum(each.memory_info().rss for each in everyone) / 2**20
    late = sorted(pages.late)
    open_pages = f"{len(tokens):,} open pages"
    figure(f"looks of {open_pages}", pages.asked / spent, f"a second, of {len(tokens) / ASKS_EVERY:.0f} asked for")
    figure(f"cpu for {open_pages}", cpu / spent, "cores")
    figure(f"memory for {open_pages}", memory, "MB")
    good = figure(f"news not heard within the run by {open_pages}", len(pages.changed), f"of {len(late)}", goal=most(0))
    if not late:
        return False
    at = late[int(len(late) * 0.99)]
    return figure(f"news heard late by {open_pages}", at, "s (p99)", goal=most(NEWS_SECONDS)) and good


def main() -> int:
    """Measures and prints; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with Servers() as servers:
        tokens, versions = json.loads(servers.run("-c", _PREPARE.format(pages=options.pages + 1)).splitlines()[-1])
        floor = servers.start_floor()
        httpx.post(
            f"{floor}/insert", json={"amount": 49}, headers={"Authorization": f"Bearer {servers.key}"}
        ).raise_for_status()
        url = servers.start_ours()
        good = shares(url, floor, servers.key, tokens[0], options.seconds / 10)
        ours = psutil.Process(servers.running[-1].pid)
        # The first page was looked at, so its version is another by now.
        return 0 if news(url, tokens[1:], versions[1:], [ours], options.seconds) and good else 1


if __name__ == "__main__":
    sys.exit(main())
