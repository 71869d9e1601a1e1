"""A node that misbehaves: JSON-RPC over loopback HTTP, in front of a real node or alone.

    with FakeNode(upstream=anvil.url) as node:          # everything else is answered by the real one
        node.answer("eth_chainId", "0x2105")            # a value, or a function of the parameters
        node.refuse("eth_getLogs", "range too wide", when=lambda where: ...)
        node.reply(429, headers={"Retry-After": "7"})   # every request, until well()
        assert node.count("eth_getLogs") == 3

A value that is UNANSWERED leaves the call out of the answer.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import httpx

UNANSWERED = object()


class Refusal(Exception):
    """Raised by an answering function: the call is answered by this error."""

    def __init__(self, message: str, code: int = -32000) -> None:
        super().__init__(message)
        self.code = code


class FakeNode:
    """One server. Use as a context manager."""

    def __init__(self, *, upstream: str | None = None) -> None:
        self._upstream = upstream
        self._client = httpx.Client(timeout=20, trust_env=False, verify=False)
        self._answers: dict[str, Callable[..., Any]] = {}
        self._reply: tuple[int, Mapping[str, str], bytes] | None = None
        self.calls: list[tuple[str, list[Any]]] = []
        self.requests = 0
        self.largest_batch = 0
        self.batch_limit: int | None = None
        self.drips = ""  # "head" or "body": sends this byte by byte, without end

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        self._client.close()

    @property
    def url(self) -> str:
        """With a key in its path, as providers have it; no message may show it."""
        return f"http://127.0.0.1:{self._server.server_port}/v2/SECRETKEY"

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
        self._reply = status, headers or {}, body

    def well(self) -> None:
        """Everything is answered as it should be again."""
        self._reply = None
        self._answers.clear()

    # --- what it was asked

    def count(self, method: str) -> int:
        return sum(1 for name, _ in self.calls if name == method)

    def forget(self) -> None:
        self.calls.clear()
        self.requests = 0

    # --- the server

    def respond(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body."""
        self.requests += 1
        if self._reply is not None:
            return self._reply
        asked = json.loads(body)
        if isinstance(asked, dict):
            return 200, {}, json.dumps(self._one(asked)).encode()
        self.largest_batch = max(self.largest_batch, len(asked))
        if self.batch_limit is not None and len(asked) > self.batch_limit:
            error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batch too large"}}
            return 400, {}, json.dumps(error).encode()
        answers = [answer for each in asked if (answer := self._one(each)) is not None]
        # In any order, as the specification allows.
        return 200, {}, json.dumps(answers[::-1]).encode()

    def _one(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        method, params = asked["method"], asked["params"]
        self.calls.append((method, params))
        answer = {"jsonrpc": "2.0", "id": asked["id"]}
        try:
            value = self._answers.get(method, self._plain(method))(self._ask_upstream, *params)
        except Refusal as refusal:
            return answer | {"error": {"code": refusal.code, "message": str(refusal)}}
        return None if value is UNANSWERED else answer | {"result": value}

    def _plain(self, method: str) -> Callable[..., Any]:
        return lambda upstream, *params: upstream(method, *params)

    def _ask_upstream(self, method: str, *params: Any) -> Any:
        if self._upstream is None:
            raise Refusal(f"the method {method} does not exist", -32601)
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self._client.post(self._upstream, json=request).json()
        if error := answer.get("error"):
            raise Refusal(error["message"], error["code"])
        return answer["result"]


def _handler(node: FakeNode) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Answers in one packet; with Nagle's algorithm the second would wait for an acknowledgement.
        wbufsize = -1

        def do_POST(self) -> None:
            status, headers, body = node.respond(self.rfile.read(int(self.headers["Content-Length"])))
            if node.drips:
                self.drip("HTTP/1.1 200 OK\r\nX-Drip: " if node.drips == "head" else "HTTP/1.1 200 OK\r\n\r\n")
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def drip(self, start: str) -> None:
            """Until the client hangs up."""
            self.close_connection = True
            with suppress(OSError):
                self.connection.sendall(start.encode())
                while True:
                    self.connection.sendall(b" ")
                    time.sleep(0.02)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler
