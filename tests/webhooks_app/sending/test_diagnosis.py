"""Every way in which an attempt can fail, made to happen for real, and told in words."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from common.network.outbound_http import OutboundRules, guarded_connector
from tests.certificates import make_certificate
from tests.common.test_outbound_http import Names
from tests.webhooks_app.receiver import Receiver
from webhooks_app.problems import EXPLANATIONS, Problem, explain
from webhooks_app.queue.delivery import Claim, Outcome
from webhooks_app.sending.attempts import attempt
from webhooks_app.sending.targets import Target

CLAIM = Claim(1, 1, 1, 0, datetime(2030, 1, 1, tzinfo=UTC), "evt_1", "checkout.created", b"{}")


def outcome(
    url: str, *, private: bool = True, names: Names | None = None, trust: ssl.SSLContext | None = None,
    keys: tuple[bytes, ...] = (b"key",), seconds: float = 5,
) -> Outcome:  # fmt: skip
    """What an attempt at the URL comes to."""

    async def run() -> Outcome:
        connector = guarded_connector(OutboundRules(allow_private=private), resolver=names, trust=trust)
        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=seconds / 2)
        async with aiohttp.ClientSession(connector=connector, timeout=limits) as client:
            return await attempt(client, Target(url, keys, {}, True), CLAIM)

    return asyncio.run(run())


def explanation(found: Outcome) -> str:
    why = explain(problem=found.problem, status=found.status_code, detail=found.detail)
    return f"{why.what} {why.advice}" if why else ""


@pytest.mark.parametrize(
    ("status", "problem", "words"),
    [
        (301, "redirect", "wants the message elsewhere"),
        (400, "rejected", "answered 400"),
        (401, "unauthorized", "password"),
        (403, "forbidden", "Cloudflare"),
        (404, "not_found", "nothing at this path"),
        (405, "method_not_allowed", "Allow POST"),
        (410, "gone", "switch the endpoint on again"),
        (413, "too_large", "limit"),
        (415, "media_type", "JSON"),
        (422, "rejected", "answered 422"),
        (429, "too_many_requests", "rate limit"),
        (500, "server_error", "server's log"),
        (502, "unavailable", "proxy"),
        (503, "unavailable", "proxy"),
        (600, "odd_status", "answered 600"),
    ],
)
def test_an_answer_that_is_no_success(receiver: Receiver, status: int, problem: str, words: str) -> None:
    found = outcome(f"{receiver.url}/status/{status}")
    assert (found.problem, found.status_code, found.answer_excerpt) == (problem, status, "ok")
    assert words in explanation(found)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(receiver: Receiver, status: int) -> None:
    receiver.answer = (status, b"", {})
    found = outcome(receiver.url)
    assert (found.succeeded, found.problem, explanation(found)) == (True, "", "")


def test_a_redirect_says_where_to(receiver: Receiver) -> None:
    receiver.answer = (308, b"", {"Location": "https://www.shop.example/hooks/"})
    assert "https://www.shop.example/hooks/" in explanation(outcome(receiver.url))


def test_a_firewall_is_named(receiver: Receiver) -> None:
    receiver.answer = (403, b"blocked", {"Server": "cloudflare"})
    assert "It calls itself cloudflare." in explanation(outcome(receiver.url))


def test_of_a_long_answer_the_first_kb_is_kept(receiver: Receiver) -> None:
    receiver.answer = (500, "ä".encode() * 100_000, {})
    assert outcome(receiver.url).answer_excerpt == "ä" * 512


def test_nobody_listens() -> None:
    found = outcome(f"http://127.0.0.1:{unused_port()}/")
    assert (found.problem, found.status_code) == ("refused", None)
    assert "Nothing listens" in explanation(found)


def test_no_such_name() -> None:
    class Nowhere(Names):
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[object]:  # type: ignore[override]
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    found = outcome("http://no-such-shop.example/", names=Nowhere())
    assert found.problem == "dns"
    assert "Name or service not known" in explanation(found)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://inside.example/"])
def test_a_private_address(url: str) -> None:
    found = outcome(url, private=False, names=Names(inside_example=[["10.0.0.1"]]))
    assert found.problem == "private_address"


def test_a_port_that_is_not_allowed() -> None:
    found = outcome("http://far.example:6379/", private=False, names=Names(far_example=[["93.184.215.14"]]))
    assert found.problem == "port_not_allowed"


def test_an_answer_that_never_comes(receiver: Receiver) -> None:
    found = outcome(f"{receiver.url}/hang", seconds=0.5)
    assert found.problem == "timeout"
    assert "20 seconds" in explanation(found)


def test_a_line_that_is_dropped(receiver: Receiver) -> None:
    assert outcome(f"{receiver.url}/reset").problem == "reset"


@contextmanager
def speaking(say: bytes) -> Iterator[int]:
    """A port that says this to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                line.recv(65536)
                line.sendall(say)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def test_something_that_is_no_web_server() -> None:
    with speaking(b"220 mail.example ESMTP ready\r\n\r\n") as port:
        assert outcome(f"http://127.0.0.1:{port}/").problem == "not_http"


def test_a_port_without_tls() -> None:
    with speaking(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert outcome(f"https://127.0.0.1:{port}/").problem == "tls"


def test_a_secret_that_cannot_be_read() -> None:
    assert outcome("http://127.0.0.1/", keys=()).problem == "secret_unreadable"


def test_a_url_that_is_none() -> None:
    assert outcome("http:///nowhere").problem == "url_unusable"


@pytest.mark.parametrize(
    ("name", "days", "trusted", "problem"),
    [
        ("shop.example", 1, True, ""),
        ("shop.example", 1, False, "tls_untrusted"),
        ("shop.example", -1, True, "tls_expired"),
        ("other.example", 1, True, "tls_name"),
    ],
)
def test_a_certificate(tmp_path: Path, name: str, days: int, trusted: bool, problem: str) -> None:
    certificate, key = make_certificate(tmp_path, name, days=days)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    trust = ssl.create_default_context(cafile=str(certificate)) if trusted else None
    with Receiver(tls=server) as receiver:
        url = f"https://shop.example:{receiver.port}/"
        found = outcome(url, names=Names(shop_example=[["127.0.0.1"]]), trust=trust)
    assert found.problem == problem


def test_every_problem_has_its_words() -> None:
    assert set(EXPLANATIONS) == set(Problem)
    for problem in Problem:
        why = explain(problem=problem, status=500, detail="x")
        assert why
        assert "{" not in why.what
