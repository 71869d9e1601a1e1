"""A line to PostgreSQL that can be cut: on loopback, in front of the test run's own server."""

import os
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit


class Relay:
    """Passes bytes on, as long as `mode` is "open"; "closed" refuses and hangs up, "silent" takes and says nothing."""

    def __init__(self, database_url: str) -> None:
        """database_url: of a server on a Unix socket."""
        parts = urlsplit(database_url)
        folder = parse_qs(parts.query)["host"][0]
        self._to = os.path.join(folder, ".s.PGSQL.5432")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.mode = "open"
        self.url = f"postgresql://postgres@127.0.0.1:{self._listener.getsockname()[1]}{parts.path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Hangs up on everybody, and refuses whoever comes."""
        self.mode = "closed"
        while self._open:
            with suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            if self.mode == "closed":
                caller.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._to)
            self._open += [caller, server]
            for source, target in ((caller, server), (server, caller)):
                threading.Thread(target=self._pass, args=[source, target], daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                while self.mode == "silent":
                    threading.Event().wait(0.05)
                target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
