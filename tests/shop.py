"""A shop: a real HTTP server that takes the buyer back and the webhooks in, checked by the reference library."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook


class Shop:
    """Use as a context manager. Set `secret` once the endpoint is made; webhooks before that are refused."""

    def __init__(self) -> None:
        self.secret = ""
        self.received: list[dict[str, Any]] = []
        self.visits: list[str] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shop.visits.append(self.path)
                self._answer(200, b"<!doctype html><title>Shop</title><h1>Thank you</h1>")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                # Raises when the signature is wrong: the delivery then fails, and the journey with it.
                Webhook(shop.secret).verify(body, {name.lower(): value for name, value in self.headers.items()})
                shop.received.append(json.loads(body))
                self._answer(204, b"")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def types_of(self, session_id: str) -> list[str]:
        """The events received about a session, by their sequence."""
        about = [event for event in self.received if event["data"]["id"] == session_id]
        return [event["type"] for event in sorted(about, key=lambda event: event["sequence"])]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
