"""A node that misbehaves: JSON-RPC over loopback HTTP, in front of a real node or alone.

    with FakeNode(upstream=anvil.url) as node:          # everything else is answered by the real one
        node.answer("eth_chainId", "0x2105")            # a value, or a function of the parameters
        node.refuse("eth_getLogs", "range too wide", when=lambda where: ...)
        node.reply(429, headers={"Retry-After": "7"})   # every request, until well()
        assert node.count("eth_getLogs") == 3

A value that is UNANSWERED leaves the call out of the answer.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from tests.loopback import ON_LOOPBACK, Asked, LoopbackServer, Reply, Response

UNANSWERED = object()


class Refusal(Exception):
    """Raised by an answering function: the call is answered by this error."""

    def __init__(self, message: str, code: int = -32000) -> None:
        super().__init__(message)
        self.code = code


class FakeNode(LoopbackServer):
    """One server. Use as a context manager."""

    def __init__(self, *, upstream: str | None = None) -> None:
        super().__init__()
        self._upstream = upstream
        self._client = httpx.Client(timeout=20, **ON_LOOPBACK)
        self._answers: dict[str, Callable[..., Any]] = {}
        self._reply: Reply | None = None
        self.calls: list[tuple[str, list[Any]]] = []
        self.largest_batch = 0
        self.batch_limit: int | None = None
        self.drips = ""  # "head" or "body": sends this byte by byte, without end

    @property
    def url(self) -> str:
        """With a key in its path, as providers have it; no message may show it."""
        return f"{super().url}/v2/SECRETKEY"

    # --- what it does

    def answer(self, method: str, value: Any) -> None:
        """Answers the method with this value, or with what a function makes of the parameters.

        A function gets `upstream`, which asks the real node, as its first argument.
        """
        self._answers[method] = value if callable(value) else lambda _, *params: value

    def refuse(
        self, method: str, message: str, *, code: int = -32000, when: Callable[..., bool] = lambda *_: True
    ) -> None:
        """Answers the method with an error, for the parameters that `when` says."""

        def answer(upstream: Callable[..., Any], *params: Any) -> Any:
            if when(*params):
                raise Refusal(message, code)
            return upstream(method, *params)

        self._answers[method] = answer

    def reply(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Every request gets this HTTP response."""
        self._reply = Reply(status, body, headers or {})

    def well(self) -> None:
        """Everything is answered as it should be again."""
        self._reply = None
        self._answers.clear()

    # --- what it was asked

    @property
    def requests(self) -> int:
        return len(self.asked)

    def count(self, method: str) -> int:
        return sum(1 for name, _ in self.calls if name == method)

    def forget(self) -> None:
        self.calls.clear()
        self.asked.clear()

    # --- the server

    def respond(self, asked: Asked) -> Response:
        if self.drips:
            return self._drip("HTTP/1.1 200 OK\r\nX-Drip: " if self.drips == "head" else "HTTP/1.1 200 OK\r\n\r\n")
        if self._reply is not None:
            return self._reply
        calls = asked.json
        if isinstance(calls, dict):
            return Reply(200, json.dumps(self._one(calls)).encode())
        self.largest_batch = max(self.largest_batch, len(calls))
        if self.batch_limit is not None and len(calls) > self.batch_limit:
            error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batch too large"}}
            return Reply(400, json.dumps(error).encode())
        answers = [answer for each in calls if (answer := self._one(each)) is not None]
        # In any order, as the specification allows.
        return Reply(200, json.dumps(answers[::-1]).encode())

    def _drip(self, start: str) -> Iterator[bytes]:
        yield start.encode()
        while True:
            yield b" "
            self.over.wait(0.02)

    def _one(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        method, params = asked["method"], asked["params"]
        self.calls.append((method, params))
        answer = {"jsonrpc": "2.0", "id": asked["id"]}
        try:
            value = self._answers.get(method, self._plain(method))(self.ask_upstream, *params)
        except Refusal as refusal:
            return answer | {"error": {"code": refusal.code, "message": str(refusal)}}
        return None if value is UNANSWERED else answer | {"result": value}

    def _plain(self, method: str) -> Callable[..., Any]:
        return lambda upstream, *params: upstream(method, *params)

    def ask_upstream(self, method: str, *params: Any) -> Any:
        if self._upstream is None:
            raise Refusal(f"the method {method} does not exist", -32601)
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self._client.post(self._upstream, json=request).json()
        if error := answer.get("error"):
            raise Refusal(error["message"], error["code"])
        return answer["result"]
