"""What stands between the server and Django, so that nobody can hold a thread by being slow.

The server (granian) reads headers and sends answers by itself. Here, in its loop, a request is either refused by its
headers or read whole, within a total time; only then does a thread of Django's begin, and it hands over a whole answer.
Files that may be of any size are no whole answers: they are streamed (`streams`).
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from checkout_project.api_limits import late_answer, picture_bytes
from checkout_project.observing.requests import NO_ROUTE, count
from checkout_project.web.bodies import (
    ClientGoneError,
    Receive,
    Send,
    drop_body,
    has_body,
    is_worth_reading,
    whole_body,
)
from checkout_project.web.environ import Environ, Scope, environ_of, put_body
from checkout_project.web.lifespan import give_signs_while_served
from checkout_project.web.open_pages import OpenPages
from checkout_project.web.sockets import forget_deaf_clients
from checkout_project.web.streams import stream
from checkout_project.web.threads import Threads

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_log = structlog.get_logger()


class Answer(NamedTuple):
    """Whole, so that whoever reads it slowly holds nothing of ours; or what it is still to be made of."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    rest: Iterable[bytes] | None = None


_ALIVE = Answer(200, [(b"content-type", b"application/json"), (b"cache-control", b"no-store")], b'{"status": "ok"}')
_UNCHANGED = Answer(304, [(b"cache-control", b"no-store, private")], b"")
_BROKEN = Answer(500, [(b"content-type", b"text/plain")], b"Something broke here; it is in the log.\n")


class Bridge:
    """An ASGI application around a WSGI one."""

    def __init__(self, application: "WSGIApplication", *, threads: int, limit: int, seconds: float) -> None:
        """threads: that answer. limit: bytes of a body. seconds: for all of a body."""
        self.application = application
        self.threads = Threads(threads)
        self.open_pages = OpenPages(self.threads)
        self.limit, self.seconds = limit, seconds
        self.is_open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or lives along with the server; anything else is nothing for us."""
        if scope["type"] == "lifespan":
            await give_signs_while_served(receive, send)
            return
        if scope["type"] != "http":
            return
        if not self.is_open:
            self.is_open = True
            forget_deaf_clients()
        # By no thread, since all of them may wait for a database.
        if scope["path"] == "/healthz" and scope["method"] in {"GET", "HEAD"}:
            await _tell(send, _ALIVE)
            return
        environ = environ_of(scope)
        if not has_body(environ) and await self.open_pages.is_unchanged(environ):
            etag = (b"etag", environ["HTTP_IF_NONE_MATCH"].encode("latin-1"))
            await _tell(send, _UNCHANGED._replace(headers=[*_UNCHANGED.headers, etag]))
            return
        try:
            is_whole = not has_body(environ) or await self._read(environ, receive)
        except ClientGoneError:
            return
        except TimeoutError:
            is_whole, answer = False, _late(environ, self.seconds)
        else:
            answer = await self.threads.call(lambda: _answer_of(self.application, environ))
        if not is_whole:
            answer.headers.append((b"connection", b"close"))
        await _tell(send, answer)
        if not is_whole:
            await drop_body(receive)

    async def _read(self, environ: Environ, receive: Receive) -> bool:
        """Puts the body where Django looks for it; False when some of it was left. Raises TimeoutError."""
        limit = self.limit + picture_bytes(environ)
        if not is_worth_reading(environ, limit=limit):
            return False
        body = await whole_body(receive, limit=limit, seconds=self.seconds)
        put_body(environ, body)
        return len(body) <= limit


async def _tell(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    if answer.rest is not None:
        await stream(answer.rest, send)
        return
    await send({"type": "http.response.body", "body": answer.body})


def _late(environ: Environ, seconds: float) -> Answer:
    late = late_answer(environ, seconds=seconds)
    count(NO_ROUTE, environ["REQUEST_METHOD"], late.status_code, seconds=seconds)
    return Answer(late.status_code, [(n.lower().encode(), v.encode()) for n, v in late.items()], late.content)


def _answer_of(application: "WSGIApplication", environ: Environ) -> Answer:
    """Runs in a thread, from the request's start to its very end: Django's database connections belong to threads."""
    head: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], None]:
        head[:] = int(status[:3]), [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return _write_nothing

    try:
        pieces = application(environ, start_response)
        if _is_endless(pieces):
            status, headers = head
            return Answer(status, headers, b"", rest=pieces)
        try:
            body = b"".join(pieces)
        finally:
            if hasattr(pieces, "close"):
                pieces.close()
        status, headers = head
    except Exception:  # noqa: BLE001  (whatever it is, the client gets an answer, and the thread lives on)
        _log.exception("web.no_answer", path=environ["PATH_INFO"])
        return _BROKEN._replace(headers=list(_BROKEN.headers))
    return Answer(status, headers, body)


def _is_endless(pieces: object) -> bool:
    """Of no known length, made while it is sent. A file's (WhiteNoise's, say) is known."""
    return bool(getattr(pieces, "streaming", False)) and not hasattr(pieces, "file_to_stream")


def _write_nothing(_piece: bytes) -> None:
    raise NotImplementedError("Django returns what it has to say.")
