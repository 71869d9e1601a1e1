"""A shop's webhook receiver whose manners can be chosen, by path or for all."""

import ssl
import threading

from tests.loopback import HANG_UP, Asked, LoopbackServer, Reply, Response


class Receiver(LoopbackServer):
    """`/status/404` answers so, `/hang` waits till the end, `/reset` drops the line."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self.answer: tuple[int, bytes, dict[str, str]] = (200, b"ok", {})
        self._held = ""
        self._let_go = threading.Event()

    def respond(self, asked: Asked) -> Response:
        if asked.method != "POST":
            return Reply(405)
        if asked.path.startswith("/hang"):
            self.hang()
        if self._held == asked.path:
            self._let_go.wait(30)
        if asked.path.startswith(("/hang", "/reset")):
            return HANG_UP
        status, text, headers = self.answer
        if asked.path.startswith("/status/"):
            status = int(asked.path.removeprefix("/status/")[:3])
        return Reply(status, text, headers)

    def hold(self, path: str) -> None:
        """What comes to the path is answered once it is released."""
        self._held = path

    def release(self) -> None:
        """Answers it."""
        self._let_go.set()

    @property
    def messages(self) -> list[Asked]:
        """What was posted."""
        return [asked for asked in self.asked if asked.method == "POST"]

    def at(self, path: str) -> list[Asked]:
        """What came to a path."""
        return [message for message in self.messages if message.path == path]
