"""Real HTTP servers on loopback for what Tallystick calls: a thread for each connection, all that is asked is kept.

class Shop(LoopbackServer):
    def respond(self, asked: Asked) -> Response:
        return Reply(200, b"Thank you") if asked.method == "GET" else HANG_UP

with Shop() as shop:
    httpx.get(f"{shop.url}/thanks")
    assert [each.path for each in shop.asked] == ["/thanks"]
"""

import json
import ssl
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

from standardwebhooks import Webhook

# How httpx asks there: by no proxy, and without reading all authorities of certificates, which takes 25 ms a client.
ON_LOOPBACK: dict[str, Any] = {"trust_env": False, "verify": False}
# Longer than anybody waits for an answer; then a server that hangs or drips gives up by itself.
MOST_SECONDS = 60


@dataclass(frozen=True)
class Asked:
    """One request as it came; names of headers in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    port: int  # of the client, by which its process can be found

    @property
    def json(self) -> Any:
        """What the body says."""
        return json.loads(self.body)

    def verified(self, secret: str) -> dict[str, Any]:
        """The webhook's event, checked by the reference library; raises when the signature is wrong."""
        Webhook(secret).verify(self.body, dict(self.headers))
        return dict(self.json)


@dataclass(frozen=True)
class Reply:
    """An answer, its length told."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


# The line drops without an answer.
HANG_UP = None
# Pieces are sent as they are, head and all, until the client hangs up or they end.
Response = Reply | Iterable[bytes] | None


class LoopbackServer:
    """One server. Use as a context manager; a subclass says how it responds."""

    protocol: ClassVar[str] = "HTTP/1.1"

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.over = threading.Event()  # set when the server ends: whoever makes a client wait waits for this
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_port
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def respond(self, asked: Asked) -> Response:
        """What is answered. Runs in the connection's own thread."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        """What was asked for."""
        return [asked.path for asked in self.asked]

    def hang(self) -> None:
        """Waits till the server ends."""
        self.over.wait(MOST_SECONDS)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def _handler(server: LoopbackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = server.protocol
        # Answers in one packet; with Nagle's algorithm the second would wait for an acknowledgement.
        wbufsize = -1

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            asked = Asked(self.command, self.path, headers, body, self.client_address[1])
            server.asked.append(asked)
            response = server.respond(asked)
            with suppress(OSError):  # the client is gone
                if isinstance(response, Reply):
                    self.reply(response)
                    return
                self.close_connection = True
                for piece in response or ():
                    self.wfile.write(piece)
                    self.wfile.flush()
                    if server.over.is_set():
                        return

        do_POST = do_GET

        def reply(self, told: Reply) -> None:
            self.send_response_only(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler
