"""A shop's webhook receiver: a real HTTP server on loopback whose manners can be chosen, by path or for all."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Message:
    """One POST as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    def verified(self, secret: str) -> dict[str, Any]:
        """The event, checked by the reference library; raises when the signature is wrong."""
        Webhook(secret).verify(self.body, dict(self.headers))
        return self.event


class Receiver:
    """Use as a context manager. `/status/404` answers so, `/hang` waits till the end, `/reset` drops the line."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.answer: tuple[int, bytes, dict[str, str]] = (200, b"ok", {})
        self._released = threading.Event()
        self._held = ""
        self._let_go = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.messages.append(Message(self.path, headers, body))
                if self.path.startswith("/hang"):
                    receiver._released.wait(30)
                if receiver._held == self.path:
                    receiver._let_go.wait(30)
                if self.path.startswith(("/hang", "/reset")):
                    self.close_connection = True
                    return
                status, text, more = receiver.answer
                if self.path.startswith("/status/"):
                    status = int(self.path.removeprefix("/status/")[:3])
                self.send_response_only(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_GET(self) -> None:
                self.send_response(405)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def hold(self, path: str) -> None:
        """What comes to the path is answered once it is released."""
        self._held = path

    def release(self) -> None:
        """Answers it."""
        self._let_go.set()

    def at(self, path: str) -> list[Message]:
        """What came to a path."""
        return [message for message in self.messages if message.path == path]

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self.server.shutdown()
        self.server.server_close()
