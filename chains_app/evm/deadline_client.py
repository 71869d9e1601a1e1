"""An HTTP client whose exchanges end in time, whatever the other side does.

Its usual time-outs are between two pieces of an answer: a server that drips byte after byte, of the head or of the
body, would never reach them, and whoever waits for it would wait for ever.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from ssl import SSLContext
from threading import local
from typing import Any

import httpcore
import httpx
from typing_extensions import override

_exchange = local()


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """What this thread's clients do within fails by then, with a time-out of httpx. Of several the soonest counts."""
    outer = _ends_at()
    _exchange.ends_at = min(outer, time.monotonic() + seconds)
    try:
        yield
    finally:
        _exchange.ends_at = outer


def client(**options: Any) -> httpx.Client:
    """A client that keeps to deadlines, and to no proxy of the environment."""
    return httpx.Client(transport=_Transport(), trust_env=False, **options)


class _Transport(httpx.BaseTransport):
    """As httpx's own, which takes no network of ours."""

    def __init__(self) -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=_trusted(), network_backend=_Backend())

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _faults_of_httpx():
            answer = self._pool.handle_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    @override
    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    @override
    def __iter__(self) -> Iterator[bytes]:
        with _faults_of_httpx():
            yield from self._answer.iter_stream()

    @override
    def close(self) -> None:
        self._answer.close()


@contextmanager
def _faults_of_httpx() -> Iterator[None]:
    """Both libraries call them by the same names."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
    ) as fault:
        raise getattr(httpx, type(fault).__name__)(str(fault)) from fault


class _Backend(httpcore.SyncBackend):
    @override
    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **options: Any
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(super().connect_tcp(host, port, left, *args, **options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    @override
    def close(self) -> None:
        self._inner.close()

    @override
    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    @override
    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _ends_at() -> float:
    ends_at: float = getattr(_exchange, "ends_at", math.inf)
    return ends_at


def _left(timeout: float | None, too_late: type[Exception]) -> float | None:
    left = min(_ends_at() - time.monotonic(), math.inf if timeout is None else timeout)
    if left <= 0:
        raise too_late("the exchange took too long")
    return None if left == math.inf else left


@cache
def _trusted() -> SSLContext:
    """The certificate authorities, read once: that takes longer than a call."""
    return httpx.create_ssl_context(trust_env=False)
