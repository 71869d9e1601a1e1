"""How fast the API is, as a share of the floor of the same run (a bare Django view with one authenticated INSERT).

    python -m bench api [--seconds 2] [--rounds 9] [--connections 8]

Runs on a database of its own beside the given one, on loopback, two server processes with four threads each, the
generator on the same cores. Exits with 1 when a goal is missed. `--url` and `--key` measure a Tallystick that runs
already, without a floor; with `--bitcart STORE` what runs there is a Bitcart (its API's address, a token as key).
"""

import argparse
import asyncio
import json
import sys
import time
from math import inf
from statistics import median
from urllib.parse import urlsplit

import httpx

from bench.tools.figures import figure, least, most
from bench.tools.load import Request, Result, drive, request
from bench.tools.servers import TERMS, Servers

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


def settle_down(servers: Servers, options: argparse.Namespace) -> None:
    """The customers of the run, before anything is measured."""
    url = servers.start_ours()
    asyncio.run(drive(url, creates(url, servers.key), connections=options.connections, seconds=3))
    servers.stop()
    servers.analyze()


def measure(url: str, make: Request, options: argparse.Namespace, *, rate: float = inf) -> Result:
    """A short warm-up, then the run."""
    asyncio.run(drive(url, make, connections=options.connections, seconds=options.seconds / 4, rate=rate))
    return asyncio.run(drive(url, make, connections=options.connections, seconds=options.seconds, rate=rate))


def tell(name: str, rounds: list[tuple[Result, Result | None]], paced: list[Result]) -> bool:
    """The figures; whether the goals are met. Each round has its floor beside it: a shared machine's speed changes by
    the minute.

    The tail is that of `paced` runs, at half the rate that was reached: where every core is taken, slow answers tell of
    the machine's scheduler, and the floor's are as far from its middle as ours.
    """
    for result in (*(each for pair in rounds for each in pair if each), *paced):
        if result.wrong:
            print(f"{name}: {result}")
    tails = [result.percentile(0.99) / result.percentile(0.5) for result in paced]
    calm = figure(f"{name}, p99 at half that rate", tails, "times its p50", goal=most(MOST_TAIL))
    rates = [result.rate for result, _ in rounds]
    shares = [result.rate / floor.rate for result, floor in rounds if floor]
    if not shares:
        return figure(name, rates, "a second") and calm
    return figure(name, rates, "a second", ratio=shares, floor="a bare view", goal=least(GOALS[name])) and calm


def calls_of(url: str, key: str) -> dict[str, Request]:
    """Tallystick's."""
    mine = {"Authorization": f"Bearer {key}"}
    newest = httpx.get(f"{url}/api/v1/checkout?limit=1", headers=mine, timeout=60).json()[0]["id"]
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
            for _ in range(options.rounds)
        ]
        half = median(result.rate for result, _ in rounds) / 2
        good &= tell(name, rounds, [measure(url, ours, options, rate=half) for _ in range(PACED)])
    return good


def main() -> int:
    """Measures and prints; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2, help="of each round")
    # Short ones, ours and the floor in turn: a shared machine is not as fast from one minute to the next.
    parser.add_argument("--rounds", type=int, default=9)
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
        settle_down(servers, options)
        floor = servers.start_floor()
        asyncio.run(drive(floor, inserts(floor, servers.key), connections=1, seconds=0.1))
        url = servers.start_ours()
        return 0 if measure_api(url, servers.key, options, calls_of(url, servers.key), floor) else 1


if __name__ == "__main__":
    sys.exit(main())
