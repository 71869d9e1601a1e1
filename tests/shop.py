"""A shop that takes the buyer back and the webhooks in, checked by the reference library."""

from typing import Any

from tests.loopback import Asked, LoopbackServer, Reply, Response


class Shop(LoopbackServer):
    """Set `secret` once the endpoint is made; webhooks before that are refused."""

    protocol = "HTTP/1.0"  # a connection for each, as simple shops have it

    def __init__(self) -> None:
        super().__init__()
        self.secret = ""
        self.received: list[dict[str, Any]] = []

    def respond(self, asked: Asked) -> Response:
        if asked.method == "GET":
            return Reply(200, b"<!doctype html><title>Shop</title><h1>Thank you</h1>")
        # Raises when the signature is wrong: the delivery then fails, and the journey with it.
        self.received.append(asked.verified(self.secret))
        return Reply(204)

    def types_of(self, session_id: str) -> list[str]:
        """The events received about a session, by their sequence."""
        about = [event for event in self.received if event["data"]["id"] == session_id]
        return [event["type"] for event in sorted(about, key=lambda event: event["sequence"])]
