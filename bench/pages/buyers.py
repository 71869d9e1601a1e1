"""Open pages: what a look at one costs, and how late they hear of news when thousands are open.

    python -m bench buyers [--pages 1000 5000] [--seconds 20] [--rounds 5]

On a database of its own, two server processes with four threads each, the buyers on the same cores. Prints the page and
its unchanged status as shares of a bare Django view with one authenticated SELECT (goal for the status: 0.7), then how
late news are with so many pages open (goal: 3 s), and what that costs whom: with pages that ask, as they do, and with
pages that are told (`bench/pages/told.py`). Exits with 1 when a goal is missed.
"""

import argparse
import asyncio
import json
import resource
import sys

import httpx
import psutil
import uvloop

from bench.api.calls import selects
from bench.pages.open_pages import ASKS_EVERY, NEWS_SECONDS, AskingPage, Costs, Crowd, ToldPage, looks
from bench.tools.figures import figure, least, most
from bench.tools.load import drive, request
from bench.tools.servers import PRODUCT, Servers

GOAL = 0.7
_SETUP = """
import json, os; os.environ["DJANGO_SETTINGS_MODULE"] = "checkout_project.settings"
from datetime import timedelta
from bench.tools.shop import open_sessions, open_shop, show_addresses
from django.db import connection
from django.utils import timezone
from sessions_app.models import CheckoutSession
from sessions_app.paying.page_rows import page_rows
from sessions_app.shown.states import PLAIN, State, version_of
now = timezone.now()
"""
_PREPARE = """
sessions = open_sessions(open_shop(now), {number}, now=now, ends=now + timedelta(hours=1))
show_addresses(sessions, now=now)
connection.cursor().execute("analyze")
"""
# Of pages that nobody has opened or paid for yet; a version says for some minutes how they look.
_VERSIONS = """
found = CheckoutSession.objects.filter(opened_at=None, announcement=None).select_related("quote")
sessions = list(found.prefetch_related("payments")[:{number}])
rows = page_rows([each.page_token for each in sessions], now=now)
send = dict(state=State.SEND, language="en", wanted=PLAIN, now=now, is_signed=False)
print(json.dumps({{each.page_token: version_of(each, rows[each.page_token].versions, **send) for each in sessions}}))
"""


def shares(url: str, floor: str, key: str, token: str, *, rounds: int, seconds: float) -> bool:
    """What the page and its unchanged status reach of the bare view; whether the goal is met."""
    page, status = f"/pay/{token}", f"{url}/pay/{token}/status"
    httpx.get(f"{url}{page}", timeout=60)  # that it was opened is news
    etag = httpx.get(status, timeout=60).headers["ETag"]
    again = httpx.get(status, headers={"If-None-Match": etag}, timeout=60)
    assert again.status_code == httpx.codes.NOT_MODIFIED, again
    good = True
    for name, look, goal in (
        ("page", request("GET", url, page, {"Accept-Encoding": "gzip"}), None),
        ("status, unchanged", looks(url, token, etag.removeprefix("W/").strip('"')), least(GOAL)),
    ):
        rates, found = list[float](), list[float]()
        for _ in range(rounds):
            ours = asyncio.run(drive(url, lambda _number, look=look: look, connections=8, seconds=seconds))
            bare = asyncio.run(drive(floor, selects(floor, key), connections=8, seconds=seconds))
            rates.append(ours.rate)
            found.append(ours.rate / bare.rate)
        good &= figure(f"looks at the {name}", rates, "a second", ratio=found, floor="a bare view", goal=goal)
    return good


def look_at_one(servers: Servers, *, rounds: int, seconds: float) -> bool:
    """`shares`, on servers that are started for it."""
    floor, who = servers.start_floor(), {"Authorization": f"Bearer {servers.key}"}
    httpx.post(f"{floor}/insert", json={"amount": 49}, headers=who).raise_for_status()
    [token] = untouched(servers, 1)
    good = shares(servers.start_ours(), floor, servers.key, token, rounds=rounds, seconds=seconds)
    servers.stop()
    return good


def untouched(servers: Servers, number: int) -> dict[str, str]:
    """The versions of so many pages, by their tokens."""
    found: dict[str, str] = json.loads(servers.run("-c", (_SETUP + _VERSIONS).format(number=number)).splitlines()[-1])
    return found


def news(servers: Servers, number: int, kind: type[AskingPage], seconds: float) -> bool:
    """How late they are, and what it costs; whether the goal is met."""
    who = f"{number:,} pages that {'are told' if kind is ToldPage else 'ask'}"
    url = servers.start_ours("bench.pages.told:application" if kind is ToldPage else PRODUCT)
    versions = untouched(servers, number)
    costs = Costs(psutil.Process(servers.running[-1].pid), servers.environment["DATABASE_URL"])
    crowd = Crowd(url, versions, kind)
    uvloop.run(crowd.stay(seconds, costs))
    servers.stop()
    asked_for = f", of {number / ASKS_EVERY:.0f} asked for" if kind is AskingPage else ""
    figure(f"looks of {who}", crowd.looks / costs.seconds, f"a second{asked_for}")
    for whose, cores in costs.cores.items():
        figure(f"{whose} for {who}", cores, f"of {psutil.cpu_count()} cores")
    figure(f"memory for {who}", costs.megabytes, "MB")
    figure(f"open files for {who}", costs.files, f"of the server; {crowd.lost} connections were ended by it")
    late = sorted(crowd.late)
    unheard = f"of {len(late) + len(crowd.changed)}"
    good = figure(f"news not heard within the run by {who}", len(crowd.changed), unheard, goal=most(0))
    if not late:
        return False
    figure(f"news heard by {who}", late[len(late) // 2], "s (median)")
    at = late[int(len(late) * 0.99)]
    return figure(f"news heard late by {who}", at, "s (p99)", goal=most(NEWS_SECONDS)) and good


def main() -> int:
    """Measures and prints; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=5, help="of looks at one page; 0: none")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Servers() as servers:
        servers.run("-c", (_SETUP + _PREPARE).format(number=2 * max(options.pages)))
        good = not options.rounds or look_at_one(servers, rounds=options.rounds, seconds=options.seconds / 10)
        for number in options.pages:
            for kind in (AskingPage, ToldPage):
                good &= news(servers, number, kind, options.seconds)
        return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
