"""A line to the database that can go dark: nothing comes through any more, and nobody is told."""

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import connection


class DarkLine:
    """Passes on what comes to a socket in the folder."""

    def __init__(self, folder: Path, *, host: str, port: str) -> None:
        self._database = host, port or "5432"
        self._dark = threading.Event()
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(folder / ".s.PGSQL.5432"))
        self._server.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def go_dark(self) -> None:
        """For all connections there are; those to come reach the database."""
        self._dark.set()
        self._dark = threading.Event()

    def close(self) -> None:
        """Takes no more connections."""
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                near = self._server.accept()[0]
            except OSError:
                return
            far, dark = _connected(*self._database), self._dark
            for source, drain in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=[source, drain, dark], daemon=True).start()


def _pass_on(source: socket.socket, drain: socket.socket, dark: threading.Event) -> None:
    try:
        while data := source.recv(65536):
            if not dark.is_set():
                drain.sendall(data)
    except OSError:
        pass
    with suppress(OSError):
        drain.shutdown(socket.SHUT_RDWR)
    drain.close()


def _connected(host: str, port: str) -> socket.socket:
    if not host.startswith("/"):
        return socket.create_connection((host, int(port)))
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.connect(f"{host}/.s.PGSQL.{port}")
    return line


@contextmanager
def dark_line() -> Iterator[DarkLine]:
    """New connections of Django's settings go through it meanwhile."""
    folder = Path(tempfile.mkdtemp(prefix="line-"))
    given = connection.settings_dict
    before = {"HOST": given["HOST"], "PORT": given["PORT"]}
    line = DarkLine(folder, host=before["HOST"], port=str(before["PORT"]))
    given |= {"HOST": str(folder), "PORT": ""}
    try:
        yield line
    finally:
        given |= before
        line.close()
        shutil.rmtree(folder)
