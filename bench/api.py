"""How fast the API is, as a share of the floor of the same run (a bare Django view with one authenticated INSERT).

    python -m bench api [--seconds 2] [--connections 8]

Runs on a database of its own beside the given one, on loopback, two server processes with four threads each, the
generator on the same cores. Exits with 1 when a goal is missed. `--url` and `--key` measure a Tallystick that runs
already, without a floor; with `--bitcart STORE` what runs there is a Bitcart (its API's address, a token as key).
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from math import inf
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx
import psycopg

from bench.load import Request, Result, drive, request

ROOT = Path(__file__).resolve().parent.parent
TERMS = {
    "amount": 49, "currency": "USD", "successUrl": "https://shop.example/thanks",
    "cancelUrl": "https://shop.example/cart", "name": "Pat Payer", "productId": "box-1",
    "productName": "Winter box, 1 kg", "productDescription": "Three single origins", "allowedAssets": [],
}  # fmt: skip
ROUNDS = 9  # short ones, ours and the floor in turn: a shared machine is not as fast from one minute to the next
PACED = 5
MOST_TAIL = 4.0
GOALS = {"create": 0.60, "get": 0.75, "list of 20": 0.40}


def creates(url: str, key: str) -> Request:
    """Everything on: an idempotency key, a reference, one of a thousand customers.

    What differs is put into bytes that are ready: the generator's time counts against the server, on the same cores.
    """
    name, buyer = f"{time.time_ns():x}-00000000", "pat000"
    body = {**TERMS, "email": f"{buyer}@example.com", "metadata": {"orderId": name}, "reference": name}
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": name}
    first = request("POST", url, "/api/v1/checkout", headers, json.dumps(body).encode())
    run = name.removesuffix("00000000").encode()
    ready = first.replace(name.encode(), run + b"%(number)08d").replace(buyer.encode(), b"pat%(buyer)03d")

    def make(number: int) -> bytes:
        return ready % {b"number": number, b"buyer": number % 1000}

    return make


def asks(url: str, key: str, path: str) -> Request:
    """The same GET again and again."""
    ready = request("GET", url, path, {"Authorization": f"Bearer {key}"})
    return lambda _number: ready


def bitcart_creates(url: str, key: str, store: str) -> Request:
    """An invoice of a Bitcart: the same price, an order number of its own."""
    run = f"{time.time_ns():x}"

    def make(number: int) -> bytes:
        body = {"price": 49, "currency": "USD", "store_id": store, "order_id": f"{run}-{number}"}
        path = f"{urlsplit(url).path.rstrip('/')}/invoices"
        return request("POST", url, path, {"Authorization": f"Bearer {key}"}, json.dumps(body).encode())

    return make


def inserts(url: str, key: str) -> Request:
    """The floor's write."""
    body = {**TERMS, "email": "pat@example.com", "metadata": {"orderId": "1"}, "reference": "1"}
    ready = request("POST", url, "/insert", {"Authorization": f"Bearer {key}"}, json.dumps(body).encode())
    return lambda _number: ready


def selects(url: str, key: str) -> Request:
    """The floor's read."""
    return asks(url, key, "/select/1")


class Servers:
    """The floor and the API, each as two processes, on a database made for this run."""

    def __init__(self) -> None:
        self.database = f"bench_{os.getpid()}"
        self.server = os.environ["DATABASE_URL"]
        self.environment = os.environ | {
            "DATABASE_URL": urlsplit(self.server)._replace(path=f"/{self.database}").geturl(),
            "PYTHONPATH": str(ROOT),
            "RATE_LIMIT_PER_KEY": str(10**9),
            "RATE_LIMIT_PER_ADDRESS": str(10**9),
            "DEBUG": "0",
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Servers":
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"create database {self.database}")
        self.run("manage.py", "migrate", "--verbosity=0")
        made = self.run("-c", _PREPARE)
        self.key = made.strip().splitlines()[-1]
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"drop database {self.database} with (force)")

    def run(self, *arguments: str) -> str:
        """A Python command in the servers' environment."""
        done = subprocess.run(
            [sys.executable, *arguments], env=self.environment, cwd=ROOT, check=True, capture_output=True, text=True
        )
        return done.stdout

    def start_ours(self, *, port: int) -> str:
        """As the Procfile does. Returns the address."""
        options = ["--interface", "asginl", "--http", "1", "checkout_project.asgi:application"]
        return self.start(options, "checkout_project.settings", port=port)

    def start_floor(self, *, port: int) -> str:
        """As Django is served most simply. Returns the address."""
        options = ["--interface", "wsgi", "--blocking-threads", "4", "--factory", "bench.floor:make_application"]
        return self.start(options, "bench.floor_settings", port=port)

    def start(self, options: list[str], settings: str, *, port: int) -> str:
        """Two processes with four threads each. Returns the address."""
        command = [
            str(Path(sys.executable).with_name("granian")), "--port", str(port),
            "--workers", "2", "--log-level", "error", "--no-ws",
            "--workers-kill-timeout", "5",  # a worker that is told to stop while it starts may not hear of it
            *options,
        ]  # fmt: skip
        environment = self.environment | {"DJANGO_SETTINGS_MODULE": settings, "WEB_THREADS": "4"}
        self.running.append(subprocess.Popen(command, env=environment, cwd=ROOT))
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{url}/healthz", timeout=5)
            except httpx.HTTPError:
                time.sleep(0.2)
            else:
                return url
        raise TimeoutError(f"{options[-1]} does not answer")

    def settle_down(self, options: argparse.Namespace) -> None:
        """The customers of the run, and what autovacuum would do within a minute: without statistics PostgreSQL plans
        for empty tables."""
        url = self.start_ours(port=8173)
        asyncio.run(drive(url, creates(url, self.key), connections=options.connections, seconds=3))
        self.stop()
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("vacuum analyze")

    def stop(self) -> None:
        """Ends them."""
        for process in self.running:
            process.terminate()
            process.wait(20)
        self.running.clear()


_PREPARE = """
import os; os.environ["DJANGO_SETTINGS_MODULE"] = "checkout_project.settings"
import django; django.setup()
from django.db import connection
from django.utils import timezone
from merchants_app.keys.api_keys import create_key
from merchants_app.models import Member, Merchant, Role, Treasury, User
from webhooks_app.endpoints.endpoints import create_endpoint
from bench.floor import TABLE
shop = Merchant.objects.create(name="Bench")
Member.objects.create(merchant=shop, user=User.objects.create_user("bench@example.com"), role=Role.OWNER)
Treasury.objects.create(merchant=shop, mode="test", address="0x" + "11" * 20, active_from=timezone.now())
create_endpoint(merchant=shop, mode="test", url="http://127.0.0.1:9/hooks", actor="bench")
connection.cursor().execute(TABLE)
print(create_key(merchant=shop, mode="test", name="bench")[1])
"""


def measure(url: str, make: Request, options: argparse.Namespace, *, rate: float = inf) -> Result:
    """A short warm-up, then the run."""
    asyncio.run(drive(url, make, connections=options.connections, seconds=options.seconds / 4, rate=rate))
    return asyncio.run(drive(url, make, connections=options.connections, seconds=options.seconds, rate=rate))


def tell(name: str, rounds: list[tuple[Result, Result | None]], paced: list[Result]) -> bool:
    """A line for each round, and the medians; whether the goals are met. The floor stands beside each: a shared
    machine's speed changes by the minute.

    The tail is that of `paced` runs, at half the rate that was reached: where every core is taken, slow answers tell of
    the machine's scheduler, and the floor's are as far from its middle as ours.
    """
    for result, floor in rounds:
        print(f"{name:<12}{result}" + (f"   floor {floor}" if floor else ""))
    tail = median(result.percentile(0.99) / result.percentile(0.5) for result in paced)
    for result in paced:
        print(f"{name:<12}{result}   at half that rate")
    shares = [result.rate / floor.rate for result, floor in rounds if floor]
    share = f", {median(shares):4.2f} of the floor (goal {GOALS[name]:.2f})" if shares else ""
    print(f"{name:<12}median {median(result.rate for result, _ in rounds):.0f}/s, p99/p50 {tail:.1f} (goal 4){share}")
    return tail <= MOST_TAIL and (not shares or median(shares) >= GOALS[name])


def calls_of(url: str, key: str) -> dict[str, Request]:
    """Tallystick's."""
    newest = httpx.get(f"{url}/api/v1/checkout?limit=1", headers={"Authorization": f"Bearer {key}"}).json()[0]["id"]
    return {
        "create": creates(url, key),
        "get": asks(url, key, f"/api/v1/checkout/sessions/{newest}"),
        "list of 20": asks(url, key, "/api/v1/checkout?limit=20"),
    }


def bitcart_calls(url: str, key: str, store: str) -> dict[str, Request]:
    """The same of a Bitcart that has at least one invoice."""
    path = f"{urlsplit(url).path.rstrip('/')}/invoices"
    answer = httpx.get(f"{url.rstrip('/')}/invoices?limit=1", headers={"Authorization": f"Bearer {key}"})
    newest = answer.raise_for_status().json()["result"][0]["id"]
    return {
        "create": bitcart_creates(url, key, store),
        "get": asks(url, key, f"{path}/{newest}"),
        "list of 20": asks(url, key, f"{path}?limit=20"),
    }


def measure_api(url: str, key: str, options: argparse.Namespace, calls: dict[str, Request], floor: str | None) -> bool:
    """Create, get and list, each beside its floor; whether all goals are met."""
    good = True
    for name, ours in calls.items():
        bare = (inserts if name == "create" else selects)(floor, key) if floor else None
        rounds = [
            (measure(url, ours, options), measure(floor, bare, options) if floor and bare else None)
            for _ in range(ROUNDS)
        ]
        half = median(result.rate for result, _ in rounds) / 2
        good &= tell(name, rounds, [measure(url, ours, options, rate=half) for _ in range(PACED)])
    return good


def main() -> int:
    """Measures and prints; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2, help="of each round")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--url")
    parser.add_argument("--key")
    parser.add_argument("--bitcart", metavar="STORE", help="id of the store there")
    options = parser.parse_args()
    if options.url:
        url, key = options.url, options.key
        calls = bitcart_calls(url, key, options.bitcart) if options.bitcart else calls_of(url, key)
        return 0 if measure_api(url, key, options, calls, None) else 1
    with Servers() as servers:
        servers.settle_down(options)
        floor = servers.start_floor(port=8171)
        asyncio.run(drive(floor, inserts(floor, servers.key), connections=1, seconds=0.1))
        url = servers.start_ours(port=8172)
        return 0 if measure_api(url, servers.key, options, calls_of(url, servers.key), floor) else 1


if __name__ == "__main__":
    sys.exit(main())
