"""What messages are sent with: no socket inside whatever a name leads to, nothing that a receiver left, no proxy."""

import asyncio
import socket
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.webhooks_app.receiver import Receiver
from webhooks_app.queue.delivery import Claim, Outcome
from webhooks_app.sending.attempts import attempt, open_client
from webhooks_app.sending.targets import Target

CLAIM = Claim(1, 1, 1, 0, datetime.now(UTC), "evt_1", "checkout.created", b"{}")


def sent_to(*urls: str) -> list[Outcome]:
    """What became of a message to each, one after the other, by one client."""

    async def run() -> list[Outcome]:
        async with open_client() as client:
            return [await attempt(client, Target(url, (b"key",), {}, is_on=True), CLAIM) for url in urls]

    return asyncio.run(run())


@pytest.fixture
def named(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> str:
    """A URL with a name that leads to a receiver on this machine."""

    def look_up(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return f"http://shop.example:{receiver.port}/hooks"


def test_no_message_goes_to_a_private_address_that_a_name_leads_to(
    named: str, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE, settings.WEBHOOK_PORTS = False, [receiver.port]
    [outcome] = sent_to(named)
    assert (outcome.problem, outcome.status_code) == ("private_address", None)
    assert outcome.detail == "shop.example leads to the private address 127.0.0.1."
    assert receiver.messages == []


def test_a_cookie_that_a_receiver_sets_comes_back_to_nobody(named: str, receiver: Receiver) -> None:
    receiver.answer = (200, b"ok", {"Set-Cookie": "shop=1; Path=/"})
    assert [each.status_code for each in sent_to(named, named)] == [200, 200]
    assert [message.headers.get("cookie") for message in receiver.messages] == [None, None]


def test_a_message_takes_twenty_seconds_at_most_and_connecting_ten_and_no_proxy_is_asked() -> None:
    async def client() -> tuple[Any, ...]:
        async with open_client() as opened:
            limits = opened.timeout
            return limits.total, limits.connect, limits.sock_connect, opened.trust_env, opened.auto_decompress

    assert asyncio.run(client()) == (20, 10, 10, False, False)
