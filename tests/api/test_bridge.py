"""What reaches Django of a request, and what a whole answer leaves behind."""

import asyncio
import gc
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client

from checkout_project.web.bridge import Bridge
from checkout_project.web.environ import environ_of
from common.network.client_address import trusted_proxies

LIMIT = 100


def scope(path: str = "/", *headers: tuple[str, str], method: str = "GET") -> dict[str, Any]:
    """As an ASGI server tells of a request."""
    return {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": b"a=%20", "server": ("127.0.0.1", "80"), "client": ("9.9.9.9", "1"),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }  # fmt: skip


def asked(bridge: Bridge, request: dict[str, Any], *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer; the client sends these pieces and hangs up."""
    arriving = [{"type": "http.request", "body": piece, "more_body": piece is not pieces[-1]} for piece in pieces]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return arriving.pop(0) if arriving else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(bridge(request, receive, send))
    if not sent:
        return 0, {}, b""
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, sent[1]["body"]


@pytest.fixture
def bridge() -> Bridge:
    """Ours, around an application that answers with what it was sent."""

    def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Said", environ.get("HTTP_X_SAID", "-"))])
        return [environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH", 0)))]

    return Bridge(echo, threads=1, limit=LIMIT, seconds=5)  # type: ignore[arg-type]


def test_an_answer_that_is_made_while_it_is_sent_is_never_whole_anywhere() -> None:
    made: list[int] = []
    sent: list[int] = []

    class Endless:
        streaming = True
        closed = False

        def __iter__(self) -> Any:
            for number in range(100):
                made.append(number)
                yield b"%02d" % number

        def close(self) -> None:
            self.closed = True

    answer = Endless()

    def application(_environ: dict[str, Any], start_response: Any) -> Endless:
        start_response("200 OK", [])
        return answer

    async def send(message: dict[str, Any]) -> None:
        sent.append(len(message.get("body", b"")))
        assert len(made) <= len(sent) + 8  # what waits for the reader, and what is in the maker's hands

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    asyncio.run(Bridge(application, threads=1, limit=LIMIT, seconds=5)(scope(), receive, send))  # type: ignore[arg-type]
    assert (sum(sent), made[-1], answer.closed) == (200, 99, True)


def test_headers_with_underscores_count_for_nothing() -> None:
    environ = environ_of(
        scope("/", ("x_forwarded_for", "6.6.6.6"), ("x_forwarded_proto", "https"), ("x-forwarded-for", "9.9.9.9"))
    )
    assert environ["HTTP_X_FORWARDED_FOR"] == "9.9.9.9"
    assert "HTTP_X_FORWARDED_PROTO" not in environ


def test_a_second_line_adds_to_a_header_and_replaces_nothing() -> None:
    environ = environ_of(
        scope("/", ("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "9.9.9.9"), ("cookie", "a=1"), ("cookie", "b=2"))
    )
    assert environ["HTTP_X_FORWARDED_FOR"] == "6.6.6.6,9.9.9.9"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"


def test_letters_beyond_ascii_arrive_as_django_reads_them() -> None:
    environ = environ_of(scope("/caf\u00e9", ("x-said", "\u00e9")) | {"raw_path": b"/caf%C3%A9"})
    assert (environ["PATH_INFO"].encode("latin-1"), environ["HTTP_X_SAID"]) == ("/caf\u00e9".encode(), "\u00e9")


@pytest.mark.parametrize("header", [("content-length", "4"), ("transfer-encoding", "chunked")])
def test_a_body_in_pieces_is_whole(bridge: Bridge, header: tuple[str, str]) -> None:
    assert asked(bridge, scope("/", header, method="POST"), b"ab", b"", b"cd")[2] == b"abcd"


def test_of_endless_chunks_no_more_is_read_than_shows_that_they_are_too_many(bridge: Bridge) -> None:
    pieces = [b"%064d" % number for number in range(50)]
    _, headers, body = asked(bridge, scope("/", ("transfer-encoding", "chunked"), method="POST"), *pieces)
    assert body == pieces[0] + pieces[1]
    assert headers["connection"] == "close"


@pytest.mark.parametrize(("path", "words"), [("/api/v1/checkout", b"body_too_slow"), ("/accounts/login/", b"Nothing")])
def test_a_body_that_is_late_is_told_so(bridge: Bridge, path: str, words: bytes) -> None:
    bridge.seconds = 0.05
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b" ", "more_body": len(sent) == 0}

    async def send(message: Any) -> None:
        sent.append(message)

    key = ("authorization", "Bearer sk_test_x")
    asyncio.run(bridge(scope(path, key, ("transfer-encoding", "chunked"), method="POST"), receive, send))
    assert (sent[0]["status"], words in sent[1]["body"]) == (408, True)
    assert {name for name, _ in sent[0]["headers"]} >= {b"connection", b"request-id", b"cache-control"}


def test_nobody_is_answered_who_hung_up_in_the_middle(bridge: Bridge) -> None:
    more = {"type": "http.request", "body": b"ab", "more_body": True}
    sent: list[Any] = []

    async def ask() -> None:
        arriving = iter([more, {"type": "http.disconnect"}])

        async def receive() -> dict[str, Any]:
            return next(arriving)

        async def send(message: Any) -> None:
            sent.append(message)

        await bridge(scope("/", ("content-length", "9"), method="POST"), receive, send)

    asyncio.run(ask())
    assert sent == []


def test_what_breaks_is_a_500_and_the_next_request_is_answered(bridge: Bridge) -> None:
    assert asked(bridge, scope("/", ("x-said", "\u00e9")))[0] == 200
    whole, bridge.application = bridge.application, lambda *_: 1 / 0  # type: ignore[assignment, return-value]
    assert asked(bridge, scope("/"))[0] == 500
    bridge.application = whole
    assert asked(bridge, scope("/"))[0] == 200


def test_a_request_leaves_no_circle(bridge: Bridge) -> None:
    request = scope("/", ("content-length", "2"), method="POST")
    assert asked(bridge, request, b"ab")[2] == b"ab"
    gc.collect()
    gc.disable()
    try:
        once, often = _found(bridge, request, times=1), _found(bridge, request, times=21)
    finally:
        gc.enable()
    assert often - once < 20  # one circle would hold several objects of each request


def _found(bridge: Bridge, request: dict[str, Any], *, times: int) -> int:
    """Objects left for the collector by so many requests in one loop."""

    async def ask() -> None:
        for _ in range(times):
            arriving = [{"type": "http.request", "body": b"ab"}]

            async def receive() -> dict[str, Any]:
                return arriving.pop()  # noqa: B023  (used within the same turn)

            async def send(_message: Any) -> None:
                return None

            await bridge(request, receive, send)

    asyncio.run(ask())
    return gc.collect()


@pytest.mark.parametrize(("peer", "is_secure"), [("10.0.0.1", True), ("9.9.9.9", False)])
def test_only_our_own_proxy_says_that_it_came_by_https(settings: Any, peer: str, is_secure: bool) -> None:
    settings.TRUSTED_PROXIES = trusted_proxies(["10.0.0.0/8"])
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.ROOT_URLCONF = __name__
    answer = Client(REMOTE_ADDR=peer).get("/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "6.6.6.6"})
    seen: HttpRequest = answer.wsgi_request
    assert seen.is_secure() == is_secure
    assert ("X-Forwarded-For" in seen.headers) == is_secure


urlpatterns: list[Any] = []
