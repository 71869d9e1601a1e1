"""While Redis is away, or takes calls and says nothing: buyers pay, and nobody is let in uncounted."""

import socket
import socketserver
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.test import Client
from redis import RedisError

from chains_app.calls.gas import PLAIN_TRANSFER, plain_transfer_gas, prices_of, usual_price
from chains_app.networks.networks import enabled_networks
from chains_app.reading.attention import awake
from checkout_project.settings import redis_caches
from common.modes import Mode
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from tests.desk import PASSWORD, Desk

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["refuses", "says nothing"])
def _away(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        if request.param == "refuses":
            silent.close()
        settings.REDIS_URL, settings.CACHES = url, redis_caches(url)
        yield


@contextmanager
def silent_after_hello() -> Iterator[str]:
    """A Redis that answers how a connection begins, and nothing it is asked after that."""

    class Connected(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked = b""
            while data := self.request.recv(4096):
                asked += data
                if b"GET" not in asked:
                    self.request.sendall(b"+OK\r\n" * data.count(b"CLIENT"))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connected) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        server.shutdown()


@pytest.mark.usefixtures("_away")
def test_buyers_see_their_page_and_choose(client: Client, session: CheckoutSession) -> None:
    began = time.monotonic()
    page = f"/pay/{session.page_token}"
    assert client.get(page).status_code == 200
    assert client.post(f"{page}/choose", {"asset": "USDC", "network": "sandbox"}).status_code == 303
    assert client.get(page).status_code == 200
    assert client.get(f"{page}/status").status_code == 200
    assert time.monotonic() - began < 6  # all four together


@pytest.mark.usefixtures("_away")
def test_nobody_is_let_in_while_guesses_cannot_be_counted(client: Client, mia: Merchant) -> None:
    client.raise_request_exception = False
    for password in ("wrong", PASSWORD):
        answer = client.post("/accounts/login/", {"login": "mia@example.com", "password": password})
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert "attempts to sign in cannot be counted" in answer.content.decode()
    assert client.get("/accounts/login/").status_code == 200


@pytest.mark.usefixtures("_away")
def test_what_is_nice_to_know_is_unknown_and_what_is_claimed_is_refused() -> None:
    networks = enabled_networks(Mode.TEST)
    assert awake([each.id for each in networks]) == set()
    assert prices_of(networks) == {}
    assert plain_transfer_gas(networks[0]) == PLAIN_TRANSFER
    assert usual_price(networks[0]) is None
    caches["hints"].set("a", 1)
    for ask in (cache.get, cache.delete, lambda key: cache.add(key, 1), lambda key: cache.set(key, 1)):
        with pytest.raises(RedisError):
            ask("a")


def test_one_that_falls_silent_after_it_was_reached_is_left_alone_too(settings: Any) -> None:
    with silent_after_hello() as url:
        settings.CACHES = redis_caches(url)
        began = time.monotonic()
        for _ in range(20):
            assert caches["hints"].get("a") is None
        assert time.monotonic() - began < 10  # and not a second each


@pytest.mark.usefixtures("_away")
def test_whoever_is_signed_in_works_on(desk: Desk) -> None:
    assert "Redis" not in desk.read("sessions")
