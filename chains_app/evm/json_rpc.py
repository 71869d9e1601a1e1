"""JSON-RPC over HTTP, to one node: batches, limits, and what can go wrong, kind by kind.

Callers learn three things: the node answered; it answered that this call cannot be done (RpcError); or it cannot be
used just now (NodeFailed) and another one may. No message shows more of a URL than its host: the rest may be a key.
"""

import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from chains_app.evm.deadline_client import client, deadline
from chains_app.reading.reader import ReaderUnavailable

# A full block of a busy chain, times the blocks of one batch, with room to spare.
MOST_BYTES = 128 * 1024 * 1024
MOST_CALLS_PER_BATCH = 100
_TIMEOUT = httpx.Timeout(20, connect=5)
LONGEST_EXCHANGE = 45.0
_HEADERS = {"Content-Type": "application/json"}
REFUSALS_LAST = 300.0
_SHORTEST_REST, _LONGEST_REST = 2.0, 120.0
# JSON-RPC has no code of its own for this; these are what the large providers send, besides HTTP 429.
_RATE_LIMIT_CODES = {429, -32029, -32097}
_RATE_LIMIT_WORDS = ("rate limit", "too many requests", "request limit", "compute units per second", "throughput")
_PASSING_WORDS = ("timeout", "timed out", "internal", "busy", "overloaded", "try again", "temporar", "aborted")

_DEEPEST = 100
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Call(NamedTuple):
    """A method and its parameters."""

    method: str
    params: tuple[Any, ...] = ()


class RpcError(Exception):
    """The node refused one call. `code` and the message are the node's."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message[:200]} ({code})")
        self.code = code
        self.message = message

    @property
    def is_rate_limit(self) -> bool:
        """Whether it refused because it was asked too often."""
        text = self.message.lower()
        return self.code in _RATE_LIMIT_CODES or any(words in text for words in _RATE_LIMIT_WORDS)

    @property
    def is_passing(self) -> bool:
        """Whether it says that it may do the same another time."""
        return any(words in self.message.lower() for words in _PASSING_WORDS)


class NodeFailed(ReaderUnavailable):
    """The node cannot be used at the moment. `rest` is how many seconds it asked to be left alone, if it did."""

    def __init__(self, reason: str, *, rest: float | None = None) -> None:
        super().__init__(reason)
        self.rest = rest


class TooMuch(NodeFailed):
    """It took too long, or its answer would be too long: less may do."""


class _BatchRefused(Exception):
    """The node answered a batch as a whole with an error; a smaller one may do."""


class Node:
    """One node. Keeps its connection, and what was learned of its limits and health."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.host = urlsplit(url).netloc.rpartition("@")[2]
        self._client = client(timeout=_TIMEOUT, headers=_HEADERS)
        self._batch_limit = MOST_CALLS_PER_BATCH
        self._failures = 0
        self.rests_until = 0.0  # on the clock of `time.monotonic`
        self.problem = ""  # what was wrong when it last failed, or made no sense
        self.calls = 0  # JSON-RPC calls made
        self.requests = 0  # HTTP requests they took
        self.log_span = 2000  # blocks that one eth_getLogs may span, as far as is known
        self._refused: dict[str, float] = {}
        self.is_checked = False  # whether it has said that it belongs to the right chain

    def refuses(self, what: str) -> bool:
        """Whether it refused this lately: perhaps by a passing fault, so it is not remembered long."""
        return time.monotonic() < self._refused.get(what, 0.0)

    def refused(self, what: str) -> None:
        """It refused this."""
        self._refused[what] = time.monotonic() + REFUSALS_LAST

    @property
    def resting(self) -> float:
        """Seconds until it may be asked again; 0 when it may be."""
        return max(0.0, self.rests_until - time.monotonic())

    def failed(self, problem: NodeFailed) -> None:
        """Leaves it alone for the time it asked for, or for ever longer times while it keeps failing."""
        self._failures += 1
        self.problem = str(problem)
        rest = problem.rest if problem.rest is not None else _SHORTEST_REST * 2 ** min(self._failures - 1, 5)
        self.rests_until = time.monotonic() + min(max(rest, _SHORTEST_REST), _LONGEST_REST)

    def worked(self) -> None:
        """It is well again."""
        self._failures = 0

    def call(self, method: str, *params: Any) -> Any:
        """The result of one call. Raises RpcError, NodeFailed."""
        (result,) = self.batch([Call(method, params)])
        if isinstance(result, RpcError):
            raise result
        return result

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Results in the order of the calls; an RpcError stands for each that was refused. Raises NodeFailed."""
        results: list[Any] = []
        while len(results) < len(calls):
            part = calls[len(results) : len(results) + self._batch_limit]
            try:
                results += self._post(part)
            except _BatchRefused as refusal:
                if len(part) == 1:
                    raise NodeFailed(f"{self.host}: {refusal}") from None
                self._batch_limit = max(1, len(part) // 2)
        return results

    def _post(self, calls: Sequence[Call]) -> list[Any]:
        self.calls += len(calls)
        self.requests += 1
        bodies = [
            {"jsonrpc": "2.0", "id": number, "method": call.method, "params": call.params}
            for number, call in enumerate(calls)
        ]
        status, answer = self._exchange(json.dumps(bodies if len(bodies) > 1 else bodies[0]))
        if isinstance(answer, dict) and len(calls) == 1:
            answer = [answer | {"id": 0}]  # whoever refuses a request as a whole often names no id
        if not isinstance(answer, list):
            self._raise_for_whole(status, answer)
        return list(self._matched(calls, answer))

    def _exchange(self, body: str) -> tuple[int, Any]:
        """HTTP status and decoded JSON. An error status counts only when its body is no JSON-RPC answer."""
        try:
            with deadline(LONGEST_EXCHANGE), self._client.stream("POST", self._url, content=body) as response:
                if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                    raise NodeFailed(f"{self.host} asks for fewer requests.", rest=_retry_after(response))
                content = bytearray()
                for piece in response.iter_bytes():
                    content += piece
                    if len(content) > MOST_BYTES:
                        raise TooMuch(f"{self.host} sent more than {MOST_BYTES} bytes.")
        except httpx.ReadTimeout:
            raise TooMuch(f"{self.host} did not answer in time.") from None
        except httpx.HTTPError as error:
            raise NodeFailed(f"{self.host} cannot be reached: {type(error).__name__}.") from None
        try:
            return response.status_code, _loaded(content)
        except ValueError:
            if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
                return response.status_code, {"error": {"code": 413, "message": "request too large"}}
            reason = "something that is not JSON" if response.is_success else f"HTTP {response.status_code}"
            kind = TooMuch if response.status_code == httpx.codes.GATEWAY_TIMEOUT else NodeFailed
            raise kind(f"{self.host} answered {reason}.", rest=_retry_after(response)) from None

    def _raise_for_whole(self, status: int, answer: Any) -> None:
        """A batch was answered by one object: an error that stands for all of it."""
        error = _error_in("batch", answer)
        if error is None:
            raise NodeFailed(f"{self.host} answered HTTP {status} with something that is not JSON-RPC.")
        if error.is_rate_limit:
            raise NodeFailed(f"{self.host} asks for fewer requests.")
        raise _BatchRefused(str(error))

    def _matched(self, calls: Sequence[Call], answers: list[Any]) -> Iterator[Any]:
        by_id = {answer.get("id"): answer for answer in answers if isinstance(answer, dict)}
        for number, call in enumerate(calls):
            answer = by_id.get(number, {})
            if error := _error_in(call.method, answer):
                if error.is_rate_limit:
                    raise NodeFailed(f"{self.host} asks for fewer requests.")
                yield error
            elif "result" in answer:
                yield answer["result"]
            else:
                raise NodeFailed(f"{self.host} did not answer {call.method} as JSON-RPC.")


def _error_in(method: str, answer: Any) -> RpcError | None:
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


def _loaded(content: bytes | bytearray) -> Any:
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
