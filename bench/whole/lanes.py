"""Whether providers that never answer delay anything else: the end of sessions, and payments on other networks.

    python -m bench lanes [--networks 11] [--rounds 12]

The whole system with so many networks whose provider takes every call and answers none. Sessions' ends and payments on
the sandbox are timed without them and beside them. Goal: neither takes more than twice as long.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx
import psycopg

from bench.tools.figures import figure, most
from bench.whole.shop import TERMS
from bench.whole.system import System, until
from checkout_project.running.secrets import demo_file
from tests.loopback import Asked, LoopbackServer, Response

NETWORKS = (
    "ethereum", "base", "arbitrum", "optimism", "polygon", "bsc", "avalanche", "gnosis", "linea", "celo", "unichain",
)  # fmt: skip
MOST = 2.0
# After the start, until each has been asked a few times.
SETTLING_SECONDS = 30.0


class Silent(LoopbackServer):
    """Takes every call, and answers none."""

    def respond(self, asked: Asked) -> Response:  # noqa: ARG002  (whatever it is)
        self.hang()
        return None


def main() -> int:
    """Tells both delays, without and with."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=len(NETWORKS))
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    ends, pays = measure({}, options.rounds)
    with Silent() as silent:
        hanging = {f"RPC_URL_{name.upper()}": silent.url for name in NETWORKS[: options.networks]}
        beside_ends, beside_pays = measure(hanging, options.rounds)
    beside, floor = f"beside {len(hanging)} silent networks", "that without them"
    good = True
    for what, usual, now in (("a session's end", ends, beside_ends), ("a payment", pays, beside_pays)):
        ratio = median(now) / median(usual)
        good &= figure(f"{what}, {beside}, is noticed after", now, "s", ratio=ratio, floor=floor, goal=most(MOST))
    return 0 if good else 1


def measure(env: dict[str, str], rounds: int) -> tuple[list[float], list[float]]:
    """Seconds until an end is noticed, and until a payment is completed."""
    folder = Path(tempfile.mkdtemp(prefix="lanes-"))
    with System(folder, env=env) as system:
        for name in system.ports:
            until(lambda name=name: answers(system.url(name)), 120, name)  # type: ignore[misc]
        time.sleep(SETTLING_SECONDS)
        key = json.loads(demo_file(folder).read_text(encoding="utf-8"))["api_key"]
        with (
            httpx.Client(
                base_url=f"{system.url('web-1')}/api/v1/", headers={"Authorization": f"Bearer {key}"}, timeout=30
            ) as api,
            psycopg.connect(system.postgres.url, autocommit=True) as database,
        ):
            pairs = [(_end(api, database), _payment(api)) for _ in range(rounds)]
    return [end for end, _ in pairs], [payment for _, payment in pairs]


def answers(url: str) -> bool:
    """Whether a web process does."""
    try:
        return httpx.get(f"{url}/healthz", timeout=5, trust_env=False).status_code < 500
    except httpx.TransportError:
        return False


def open_session(api: httpx.Client) -> str:
    made = api.post("checkout", json=TERMS | {"email": "pat@example.com", "metadata": {}}).raise_for_status()
    return str(made.json()["id"])


def _end(api: httpx.Client, database: "psycopg.Connection[tuple[object, ...]]") -> float:
    session = open_session(api)
    began = time.monotonic()
    database.execute("UPDATE sessions_app_checkoutsession SET expires_at = now() WHERE public_id = %s", [session])
    asked = "SELECT status FROM sessions_app_checkoutsession WHERE public_id = %s"  # a call would notice it by itself
    until(lambda: database.execute(asked, [session]).fetchone() == ("expired",), 120, "an end")
    return time.monotonic() - began


def _payment(api: httpx.Client) -> float:
    session = open_session(api)
    api.post(f"checkout/{session}/simulate", json={"scenario": "exact", "asset": "USDC"}).raise_for_status()
    began = time.monotonic()
    until(lambda: api.get(f"checkout/sessions/{session}").json()["status"] == "completed", 120, "a payment")
    return time.monotonic() - began


if __name__ == "__main__":
    os.environ |= {"DJANGO_SETTINGS_MODULE": "checkout_project.settings"}
    sys.exit(main())
