"""Bodies in chunks, as .NET's PostAsJsonAsync sends them, reach Django with a length."""

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from checkout_project.request_bodies import WholeBodies

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LIMIT = 10


def echo(environ: "WSGIEnvironment", _start_response: "StartResponse") -> Iterable[bytes]:
    """Answers as much of the body as the length says, like Django reads it."""
    yield environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def sent(body: bytes, **headers: str) -> bytes:
    environ: dict[str, Any] = {"wsgi.input": BytesIO(body), **headers}
    return b"".join(WholeBodies(echo, limit=LIMIT)(environ, lambda *_: lambda _piece: None))


def test_a_body_in_chunks_is_whole() -> None:
    assert sent(b"{}", HTTP_TRANSFER_ENCODING="chunked") == b"{}"


def test_of_a_body_in_chunks_no_more_is_read_than_shows_that_it_is_too_large() -> None:
    assert len(sent(b"x" * 1000, HTTP_TRANSFER_ENCODING="chunked")) == LIMIT + 1


def test_a_body_with_a_length_is_left_alone() -> None:
    assert sent(b"{}and the next request", CONTENT_LENGTH="2") == b"{}"
    assert sent(b"and the next request") == b""
