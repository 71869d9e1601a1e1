"""Slow, silent and endless clients against the web process alone, started by the Procfile's own line."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from bench.api.half_open import Place
from tests.stack import Stack, real_database
from tests.waiting import wait_until

EACH = 60
# Generous: on a busy machine an answer takes a while. A jammed door gives none at all.
SECONDS = 20.0
BODY_SECONDS = 3
HEADER_SECONDS = 15
KINDS = tuple(Place(host="127.0.0.1", port=1, key="k", pay="/").half_open())


@pytest.fixture(scope="module")
def web(django_db_setup: None) -> Iterator[Stack]:
    """The web process and nothing else."""
    with (
        real_database() as database_url,
        Stack(database_url=database_url, env={"BODY_SECONDS": str(BODY_SECONDS)}, processes=("web",)) as stack,
    ):
        yield stack


@pytest.fixture
def connect(web: Stack) -> Iterator[Any]:
    """Opens a connection and sends; all are closed at the end."""
    with ExitStack() as opened:

        def opening(text: str | bytes) -> socket.socket:
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", web.port), timeout=SECONDS))
            connection.sendall(text if isinstance(text, bytes) else text.encode())
            return connection

        yield opening


def call(web: Stack, **headers: str) -> str:
    """The headers of a create."""
    lines = {"Host": f"127.0.0.1:{web.port}", "Content-Type": "application/json"} | headers
    return "POST /api/v1/checkout HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in lines.items()) + "\r\n"


def received(connection: socket.socket) -> str:
    """All that comes until the server closes."""
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces).decode()


@pytest.mark.parametrize("kind", KINDS)
def test_half_open_connections_hold_nobody_up(web: Stack, connect: Any, kind: str) -> None:
    place = Place(host="127.0.0.1", port=web.port, key=web.demo["api_key"], pay="/")
    for _ in range(EACH):
        connect(place.half_open()[kind])
    time.sleep(0.5)
    assert httpx.get(f"{web.url}/healthz", timeout=SECONDS, trust_env=False).status_code == 200
    listed = httpx.get(f"{web.url}/api/v1/checkout", headers=web.authorization, timeout=SECONDS, trust_env=False)
    assert listed.status_code == 200
    assert httpx.get(f"{web.url}/accounts/login/", timeout=SECONDS, trust_env=False).status_code == 200


@pytest.mark.parametrize("length", [{"Content-Length": "60000"}, {"Transfer-Encoding": "chunked"}])
def test_a_call_without_a_key_is_refused_before_its_body_is_sent(
    web: Stack, connect: Any, length: dict[str, str]
) -> None:
    answer = received(connect(call(web, **length)))
    assert answer.startswith("HTTP/1.1 401")
    assert "connection: close" in answer.lower()
    assert "not_authenticated" in answer


def test_a_body_that_is_announced_too_long_is_refused_before_it_is_sent(web: Stack, connect: Any) -> None:
    answer = received(connect(call(web, **web.authorization, **{"Content-Length": "900000"})))
    assert answer.startswith("HTTP/1.1 413")
    assert "body_too_large" in answer


def test_a_page_refuses_a_long_form_in_words(web: Stack, connect: Any) -> None:
    head = f"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nContent-Length: 900000\r\n\r\n"
    answer = received(connect(head))
    assert answer.startswith("HTTP/1.1 413")
    assert "That did not arrive" in answer


def test_whoever_sends_on_all_the_same_still_reads_why(web: Stack, connect: Any) -> None:
    connection = connect(call(web, **web.authorization, **{"Content-Length": "900000"}))
    connection.sendall(b"x" * 900_000)
    assert "body_too_large" in received(connection)


def test_endless_chunks_are_refused_when_they_are_too_many(web: Stack, connect: Any) -> None:
    connection = connect(call(web, **web.authorization, **{"Transfer-Encoding": "chunked"}))
    connection.sendall(b"8000\r\n" + b"x" * 0x8000 + b"\r\n8000\r\n" + b"x" * 0x8000 + b"\r\n1\r\nx\r\n")
    assert "body_too_large" in received(connection)


@pytest.mark.parametrize("length", [{"Content-Length": "4000"}, {"Transfer-Encoding": "chunked"}])
def test_a_body_that_drips_has_a_deadline_for_all_of_it(web: Stack, connect: Any, length: dict[str, str]) -> None:
    began = time.monotonic()
    connection = connect(call(web, **web.authorization, **length))
    piece = b"1\r\n \r\n" if "Transfer-Encoding" in length else b" "
    connection.settimeout(0.3)
    while time.monotonic() < began + SECONDS:
        connection.sendall(piece)
        try:
            answer = connection.recv(65536).decode()
        except TimeoutError:
            continue
        assert answer.startswith("HTTP/1.1 408")
        assert "body_too_slow" in answer
        assert time.monotonic() >= began + BODY_SECONDS - 0.5
        return
    pytest.fail("It was listened to for as long as it dripped.")


def test_a_body_in_chunks_is_read(web: Stack, connect: Any) -> None:
    head = call(web, **web.authorization, **{"Transfer-Encoding": "chunked", "Connection": "close"})
    answer = received(connect(f'{head}1\r\n{{\r\n8\r\n"nope":1\r\n1\r\n}}\r\n0\r\n\r\n'))
    assert answer.startswith("HTTP/1.1 400")
    assert "unknown_field" in answer


def test_one_connection_carries_several_requests(web: Stack) -> None:
    with httpx.Client(base_url=web.url, headers=web.authorization, trust_env=False, timeout=SECONDS) as client:
        answers = [client.post("/api/v1/checkout", json={"nope": 1}), client.head("/accounts/login/")]
        answers.append(client.get("/api/v1/checkout"))
        assert [answer.status_code for answer in answers] == [400, 200, 200]
        assert "connection" not in answers[0].headers
        assert int(answers[1].headers["Content-Length"]) > 0


def test_headers_and_silence_end_by_themselves(web: Stack, connect: Any) -> None:
    began = time.monotonic()
    half, silent = connect("GET /healthz HTTP/1.1\r\nHost: 127"), connect("")
    for connection in (half, silent):
        connection.settimeout(HEADER_SECONDS + SECONDS)
        received(connection)
        assert time.monotonic() - began > HEADER_SECONDS - 2


def test_it_stops_when_told_however_many_are_half_open(web: Stack, connect: Any) -> None:
    place = Place(host="127.0.0.1", port=web.port, key=web.demo["api_key"], pay="/")
    for text in place.half_open().values():
        connect(text)
    web.end("web")
    web.launch("web")
    wait_until(web.answers, seconds=60)
