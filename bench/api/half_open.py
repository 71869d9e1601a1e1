"""Whether many half-open connections stop the web process: it alone, as the Procfile starts it, on loopback.

    python -m bench half_open [--connections 300]

For each kind in turn, and for all at once, it holds so many connections open and says nothing more on them, and tells
which of `/healthz`, a call of the API and a pay page suffers most, from the first silence until after their bodies'
deadline, and how long it takes then. Exits with 1 when one of them takes more than twice its usual time, three times
running: a shared machine is slow at times by itself.
"""

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from bench.tools.figures import figure, most
from bench.tools.load import request
from bench.tools.servers import ROOT, TERMS, Servers
from checkout_project.processes import commands
from checkout_project.running import children

MOST = 2.0
TRIES = 3
# How long each is asked for, and until when a body must be whole, so that what comes then is measured too.
AROUND_SECONDS, BODY_SECONDS = 1.0, 3
START_SECONDS = 60.0
PATIENCE_SECONDS = 30.0
SILENCE_SECONDS = 1.0  # between opening the connections and measuring


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the web process is, and what can be asked there."""

    host: str
    port: int
    key: str
    pay: str

    def half_open(self) -> dict[str, bytes]:
        """What each kind of attacker sends before it falls silent."""
        head = f"Host: {self.host}:{self.port}\r\n"
        key = f"Authorization: Bearer {self.key}\r\n"
        post = f"POST /api/v1/checkout HTTP/1.1\r\n{head}Content-Type: application/json\r\n"
        cookie = f"Cookie: csrftoken={'x' * 32}\r\n"  # without one, Django refuses a form before it reads it
        form = f"POST /accounts/login/ HTTP/1.1\r\n{head}{cookie}Content-Length: 400\r\nContent-Type: "
        kinds = {
            "nothing at all": "",
            "half headers": f"GET /healthz HTTP/1.1\r\n{head}X-Slow: ",
            "chunked, no key": f"{post}Transfer-Encoding: chunked\r\n\r\n1\r\n{{",
            "chunked, with key": f"{post}{key}Transfer-Encoding: chunked\r\n\r\n1\r\n{{",
            "long body": f"{post}{key}Content-Length: 900000\r\n\r\n{{",
            "half a body": f"{post}{key}Content-Length: 4000\r\n\r\n{{",
            "half a sign-in form": f"{form}application/x-www-form-urlencoded\r\n\r\nlogin=mia",
            "half a multipart form": f"{form}multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form",
            # Many answers asked for, none read.
            "slow readers": f"GET /static/css/base.css HTTP/1.1\r\n{head}\r\n" * 30,
        }
        return {name: text.encode() for name, text in kinds.items()}

    def pages(self) -> dict[str, tuple[str, dict[str, str]]]:
        """What an honest client asks for."""
        return {
            "/healthz": ("/healthz", {}),
            "API call": ("/api/v1/checkout?limit=5", {"Authorization": f"Bearer {self.key}"}),
            "pay page": (self.pay, {}),
        }


class Slowed(NamedTuple):
    """What a page took while others were half open."""

    ratio: float
    page: str
    milliseconds: float


class HalfOpen:
    """The connections of one attack."""

    def __init__(self, place: Place, kinds: Iterable[bytes], number: int) -> None:
        self.place, self.kinds, self.number = place, list(kinds), number
        self.writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> "HalfOpen":
        for kind in self.kinds:
            self.writers += await asyncio.gather(*(self._open(kind) for _ in range(self.number)))
        await asyncio.sleep(SILENCE_SECONDS)
        return self

    async def __aexit__(self, *_: object) -> None:
        for writer in self.writers:
            writer.transport.abort()

    async def _open(self, text: bytes) -> asyncio.StreamWriter:
        # With a buffer of one byte it stops reading: what comes stays in the system's, as with a deaf client.
        _, writer = await asyncio.open_connection(self.place.host, self.place.port, limit=1)
        writer.write(text)
        return writer


async def latencies(place: Place, seconds: float) -> dict[str, float]:
    """Each page in turn, for so long, on a new connection each time, as a new visitor has it: the medians in ms."""
    found: dict[str, list[float]] = {name: [] for name in place.pages()}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, (path, headers) in place.pages().items():
            ready = request("GET", f"http://{place.host}:{place.port}", path, headers | {"Connection": "close"})
            found[name].append(await _milliseconds(place, ready))
    return {name: median(times) for name, times in found.items()}


async def _milliseconds(place: Place, ready: bytes) -> float:
    began = time.perf_counter()
    async with asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection(place.host, place.port)
        writer.write(ready)
        answer = await reader.read()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 200"):
        raise ValueError(f"The web process answered {answer[:200]!r}")
    return (time.perf_counter() - began) * 1000


async def measure(place: Place, number: int, seconds: float) -> bool:
    """Attacks with each kind, then with all together; whether nobody noticed."""
    kinds = place.half_open()
    unnoticed = True
    await latencies(place, AROUND_SECONDS)  # the first answers are slower
    for name, texts in [*((name, [text]) for name, text in kinds.items()), ("all at once", list(kinds.values()))]:
        for _ in range(TRIES):
            if (worst := await _attack(place, texts, number, seconds)).ratio <= MOST:
                break
        what, floor = f"{worst.page} beside {number * len(texts)}: {name}", "that without them"
        unnoticed &= figure(what, worst.milliseconds, "ms", ratio=worst.ratio, floor=floor, goal=most(MOST))
    return unnoticed


async def _attack(place: Place, texts: list[bytes], number: int, seconds: float) -> Slowed:
    """One attack; the page that suffered most."""
    before = await latencies(place, AROUND_SECONDS)
    async with HalfOpen(place, texts, number):
        during = await latencies(place, seconds)
    return max(Slowed(during[page] / usual, page, during[page]) for page, usual in before.items())


def start_web(servers: Servers, port: int) -> str:
    """One web process, by the Procfile's own line. Returns its address."""
    command = commands()["web"]
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    environment = servers.environment | {
        "DJANGO_SETTINGS_MODULE": "checkout_project.settings", "PORT": str(port), "PATH": programs,
        "BODY_SECONDS": str(BODY_SECONDS),
    }  # fmt: skip
    servers.running.append(subprocess.Popen(["/bin/sh", "-c", command], env=environment, cwd=ROOT))
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/healthz", timeout=5, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return url
    raise TimeoutError("The web process does not answer.")


def main() -> int:
    """Measures and prints; 1 when somebody had to wait."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=300, help="of each kind, 1000 at most")
    parser.add_argument("--seconds", type=float, default=5, help="that each attack is measured for")
    options = parser.parse_args()
    number = min(options.connections, 1000)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Servers() as servers:
        url = start_web(servers, children.free_port())
        key = {"Authorization": f"Bearer {servers.key}"}
        body = TERMS | {"email": "pat@example.com", "metadata": {}}
        answer = httpx.post(f"{url}/api/v1/checkout", json=body, headers=key, trust_env=False)
        made = answer.json()
        assert answer.is_success, made
        parts = urlsplit(url)
        place = Place(
            host=str(parts.hostname), port=int(parts.port or 0), key=servers.key, pay=urlsplit(made["url"]).path
        )
        return 0 if asyncio.run(measure(place, number, options.seconds)) else 1


if __name__ == "__main__":
    sys.exit(main())
