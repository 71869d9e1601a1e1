"""A mail server on loopback that takes letters, or says to whom it will not deliver and what it will not have."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class MailServer(socketserver.ThreadingTCPServer):
    """Replies by reader's address: `to_reader` when the reader is named, `to_letter` when the letter has come."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Line)
        self.to_reader: dict[str, str] = {}
        self.to_letter: dict[str, str] = {}
        self.asked: list[str] = []
        self.taken: list[str] = []


class _Line(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 ready")
        reader = ""
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"QUIT":
                self._say("221 bye")
                return
            if word == b"RCPT":
                reader = line.decode().partition("<")[2].partition(">")[0]
                self.server.asked.append(reader)
                self._say(self.server.to_reader.get(reader, "250 ok"))
            elif word == b"DATA":
                self._say("354 go on")
                while self.rfile.readline().strip() != b".":
                    pass
                reply = self.server.to_letter.get(reader, "250 taken")
                if reply.startswith("250"):
                    self.server.taken.append(reader)
                self._say(reply)
            else:
                self._say("250 ok")

    def _say(self, reply: str) -> None:
        self.wfile.write(f"{reply}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Runs one for a while."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
