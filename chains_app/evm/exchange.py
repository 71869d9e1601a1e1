"""One HTTP exchange with a node, and what can go wrong with it, kind by kind.

No message shows more of a URL than its host: the rest may be a key.
"""

import json
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from chains_app.evm.deadline_client import client, deadline
from chains_app.reading.reader import ReaderUnavailable
from common.measures.counted import RPC_REQUESTS, RPC_SECONDS

# A full block of a busy chain, times the blocks of one batch, with room to spare.
MOST_BYTES = 128 * 1024 * 1024
LONGEST_EXCHANGE = 45.0
_TIMEOUT = httpx.Timeout(20, connect=5)
_HEADERS = {"Content-Type": "application/json"}
# What took longer is not tried again just so.
QUICK = 2.0
TOO_LARGE = 413
# JSON-RPC has no code of its own for this; these are what the large providers send, besides HTTP 429.
_RATE_LIMIT_CODES = {429, -32029, -32097}
_RATE_LIMIT_WORDS = ("rate limit", "too many requests", "request limit", "compute units per second", "throughput")
_PASSING_WORDS = ("timeout", "timed out", "internal", "busy", "overloaded", "try again", "temporar", "aborted")
_TOO_LONG_WORDS = ("entity too large", "request body", "request too large", "payload too large")

_DEEPEST = 100
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class RpcError(Exception):
    """The node refused one call. `code` and the message are the node's."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message[:200]} ({code})")
        self.code = code
        self.message = message

    @property
    def is_rate_limit(self) -> bool:
        """Whether it refused because it was asked too often."""
        return self.code in _RATE_LIMIT_CODES or self._says(_RATE_LIMIT_WORDS)

    @property
    def is_passing(self) -> bool:
        """Whether it says that it may do the same another time."""
        return self._says(_PASSING_WORDS)

    @property
    def is_about_batch(self) -> bool:
        """Whether it says that it is not the call but its company that it refuses."""
        return self._says(("batch",))

    @property
    def is_too_long(self) -> bool:
        """Whether it says that the request is too long (and not what it asks for)."""
        return self.code == TOO_LARGE or self._says(_TOO_LONG_WORDS)

    def _says(self, words: tuple[str, ...]) -> bool:
        text = self.message.lower()
        return any(each in text for each in words)


class NodeFailed(ReaderUnavailable):
    """The node cannot be used at the moment. `rest` is how many seconds it asked to be left alone, if it did."""

    def __init__(self, reason: str, *, rest: float | None = None, clock: str = "") -> None:
        super().__init__(reason, clock=clock)
        self.rest = rest


class TooMuch(NodeFailed):
    """It took too long, its answer would be too long, or it gave none that can be used: less may do.

    `is_plain`: it said that it is too much, or took its time: the same again is of no use.
    """

    def __init__(self, reason: str, *, rest: float | None = None, is_plain: bool = False) -> None:
        super().__init__(reason, rest=rest)
        self.is_plain = is_plain


class Throttled(NodeFailed):
    """It was asked too often. `rest` is for how long it wants to be left alone, if it says so."""


class Exchange:
    """A connection to one node."""

    def __init__(self, url: str, *, network: str = "") -> None:
        self._url, self._network = url, network
        self.host = host_of(url)
        self._client = client(timeout=_TIMEOUT, headers=_HEADERS)

    def post(self, body: Any) -> Any:
        """The decoded JSON of its answer, which an HTTP error may hold too. Raises NodeFailed, of a kind."""
        began, outcome = time.monotonic(), "failed"
        try:
            answer = self._answer(body, began)
            outcome = "ok"
        except Throttled:
            outcome = "throttled"
            raise
        except TooMuch:
            outcome = "too_much"
            raise
        finally:
            RPC_REQUESTS.labels(self._network, self.host, outcome).inc()
            RPC_SECONDS.labels(self._network, self.host).observe(time.monotonic() - began)
        return answer

    def _answer(self, body: Any, began: float) -> Any:
        try:
            status, content, rest = self._post(json.dumps(body))
        except httpx.TimeoutException as error:
            if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
                raise TooMuch(f"{self.host} did not answer in time.", is_plain=True) from None
            raise self._away(error) from None
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:  # it hung up
            raise TooMuch(self._away(error).args[0], is_plain=time.monotonic() - began > QUICK) from None
        except httpx.HTTPError as error:
            raise self._away(error) from None
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise Throttled(f"{self.host} asks for fewer requests.", rest=rest)
        try:
            return _loaded(content)
        except ValueError:
            if status == TOO_LARGE:
                return {"error": {"code": TOO_LARGE, "message": "request too large, HTTP 413"}}
            is_ok = httpx.codes.is_success(status)
            reason = "something that is not JSON" if is_ok else f"HTTP {status}"
            is_slow = time.monotonic() - began > QUICK
            raise TooMuch(f"{self.host} answered {reason}.", rest=rest, is_plain=is_slow) from None

    def _post(self, body: str) -> tuple[int, bytes, float | None]:
        with deadline(LONGEST_EXCHANGE), self._client.stream("POST", self._url, content=body) as response:
            content = bytearray()
            for piece in response.iter_bytes():
                content += piece
                if len(content) > MOST_BYTES:
                    raise TooMuch(f"{self.host} sent more than {MOST_BYTES} bytes.", is_plain=True)
            return response.status_code, bytes(content), _retry_after(response)

    def _away(self, error: httpx.HTTPError) -> NodeFailed:
        return NodeFailed(f"{self.host} cannot be reached: {type(error).__name__}.")


def host_of(url: str) -> str:
    """Its host and port: all of a URL that may be told."""
    return urlsplit(url).netloc.rpartition("@")[2]


def error_in(method: str, answer: Any) -> RpcError | None:
    """The error that stands in an answer; None when there is none."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if error is None:
        return None
    if not isinstance(error, dict):
        return RpcError(method, 0, str(error))
    code = error.get("code")
    return RpcError(method, code if type(code) is int else 0, str(error.get("message", "")))


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date."""
    value = response.headers.get("Retry-After", "")
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None


def _loaded(content: bytes) -> Any:
    """The JSON. Raises ValueError, also for absurd nesting.

    Python's parser recurses in C. Its own limit does not protect us: some libraries raise it so far for the whole
    process (py_ecc does) that a node could end the process with a few kilobytes of brackets.
    """
    depth = 0
    for bracket in content.translate(None, _ALL_BUT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
    return json.loads(content)
