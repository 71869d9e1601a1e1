"""The web process while its database is away, silent, read-only or of another version."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.loopback import ON_LOOPBACK
from tests.running.relay import Relay
from tests.stack import Stack, real_database
from tests.waiting import wait_until

SECONDS = 30.0


@pytest.fixture(scope="module")
def relay(django_db_setup: None) -> Iterator[Relay]:
    """The line between the two."""
    with real_database() as database_url, Relay(database_url) as relay:
        yield relay


@pytest.fixture(scope="module")
def alive_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("alive") / "web"


@pytest.fixture(scope="module")
def web(relay: Relay, alive_file: Path) -> Iterator[Stack]:
    """The web process and nothing else."""
    with Stack(database_url=relay.url, processes=("web",), env={"ALIVE_FILE": str(alive_file)}) as stack:
        yield stack


@pytest.fixture(autouse=True)
def _open_again(relay: Relay, web: Stack) -> Iterator[None]:
    yield
    relay.mode = "open"
    wait_until(lambda: listed(web).status_code == 200, seconds=SECONDS)


def ask(web: Stack, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{web.url}{path}", headers=headers, timeout=SECONDS, **ON_LOOPBACK)


def listed(web: Stack) -> httpx.Response:
    """A call that needs the database."""
    return ask(web, "/api/v1/checkout", **web.authorization)


def lines(web: Stack, event: str) -> list[dict[str, str]]:
    """What the log has of an event."""
    return [json.loads(each) for each in web.log("web").splitlines() if f'"{event}"' in each]


def test_while_it_is_away_calls_and_pages_say_so_and_the_log_says_it_once(web: Stack, relay: Relay) -> None:
    began = len(lines(web, "database.away"))
    relay.cut()
    for _ in range(5):
        answer = listed(web)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        [error] = answer.json()["errors"]
        assert (error["code"], error["attr"]) == ("unavailable", None)
        assert "Try again in a few seconds" in error["detail"]
    page = ask(web, "/pay/pg_00000000000000000000000000")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "Money that was sent is not lost" in page.text
    assert "tallystick_database_up 0.0" in ask(web, "/metrics").text
    ready = ask(web, "/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "unreachable")
    assert ask(web, "/healthz").json() == {"status": "ok"}
    relay.mode = "open"
    wait_until(lambda: listed(web).status_code == 200, seconds=SECONDS)
    assert len(lines(web, "database.away")) == began + 1
    [*_, back] = lines(web, "database.back")
    assert float(back["after_seconds"]) > 0
    assert "Traceback" not in web.log("web")


def test_whatever_hangs_it_is_alive(web: Stack, relay: Relay, alive_file: Path) -> None:
    assert alive_file.exists()  # by itself: nobody has to ask
    relay.mode = "silent"
    with ThreadPoolExecutor(20) as callers:
        waiting = [callers.submit(listed, web) for _ in range(20)]
        time.sleep(0.5)
        began = time.monotonic()
        assert ask(web, "/healthz").status_code == 200
        assert time.monotonic() - began < 5
        relay.cut()
        # Some may have been answered just before.
        assert {each.result().status_code for each in waiting} <= {200, 503}


def test_what_nothing_can_be_written_to_is_not_ready(web: Stack, relay: Relay) -> None:
    name = relay.url.rpartition("/")[2]
    with psycopg.connect(relay.url, autocommit=True) as connection:
        connection.execute(f"alter database {name} set default_transaction_read_only = on")
        relay.cut()
        relay.mode = "open"
    try:
        wait_until(lambda: ask(web, "/readyz").json()["database"] == "read-only", seconds=SECONDS)
        assert ask(web, "/readyz").status_code == 503
        made = httpx.post(
            f"{web.url}/api/v1/webhook-endpoints", headers=web.authorization, json={"url": "http://127.0.0.1:9/"},
            timeout=SECONDS, trust_env=False,
        )  # fmt: skip
        assert (made.status_code, made.json()["errors"][0]["code"]) == (503, "unavailable")
    finally:
        with psycopg.connect(relay.url, options="-c default_transaction_read_only=off", autocommit=True) as connection:
            connection.execute(f"alter database {name} reset default_transaction_read_only")
        relay.cut()


def test_probes_come_by_any_name(web: Stack) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        assert ask(web, path, Host="10.1.2.3:8000").status_code == 200
    assert ask(web, "/accounts/login/", Host="10.1.2.3:8000").status_code == 400
