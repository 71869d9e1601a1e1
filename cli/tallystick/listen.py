"""`tallystick listen`: events of test mode arrive at a local URL, signed like webhooks, without any tunnel."""

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any

import httpx

from tallystick.client import Client, Refused
from tallystick.terminal import Terminal

PAGE = 100


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def key_in(secret: str) -> bytes:
    """What a signing secret signs with. Raises ValueError for anything but `whsec_` and base 64."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    if not (key and secret.startswith("whsec_")):
        raise ValueError("no signing secret")
    return key


def sign(*, secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of a message."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key_in(secret), signed, hashlib.sha256).digest()).decode()


def last_position(client: Client) -> int:
    """The position of the newest event, 0 when there is none: found in a few dozen calls, however many there are."""

    def is_something_after(position: int) -> bool:
        return bool(client.get("events", after=position, limit=1))

    low, high = 0, 1
    while is_something_after(high):
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if is_something_after(middle) else (low, middle)
    return low if low > 1 or is_something_after(0) else 0


class Forwarder:
    """Reads events in order and posts each to one URL."""

    def __init__(self, *, client: Client, to: str, secret: str, terminal: Terminal, types: set[str]) -> None:
        self.client, self.to, self.secret, self.terminal, self.types = client, to, secret, terminal, types
        self.local = httpx.Client(timeout=20)
        self.position = last_position(client)

    def forward_new(self) -> None:
        """Forwards what came after the position, which moves on with each event: none is forwarded twice."""
        for event in self.client.get("events", after=self.position, limit=PAGE):
            if not self.types or event["type"] in self.types:
                self.forward(event)
            self.position = event["position"]

    def forward(self, event: dict[str, Any]) -> None:
        """One event, byte for byte as a webhook would carry it."""
        body = self.client.raw("GET", f"events/{event['id']}").content
        timestamp = int(time.time())
        headers = {
            "content-type": "application/json",
            "webhook-id": event["id"],
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(secret=self.secret, message_id=event["id"], timestamp=timestamp, body=body),
        }
        try:
            answer = self.local.post(self.to, content=body, headers=headers)
        except httpx.HTTPError as error:
            outcome = self.terminal.paint(f"no answer ({error})", "bad")
        else:
            outcome = self.terminal.paint(str(answer.status_code), "good" if answer.is_success else "bad")
        when = time.strftime("%H:%M:%S")
        self.terminal.line(f"{when}  {event['type']:<26} {event['subject']}  → {outcome}")


def listen(
    *, client: Client, to: str, secret: str, terminal: Terminal, types: set[str], every: float, stop_after: int | None
) -> None:
    """Until Ctrl-C, or until that many rounds of looking. A gateway that is away for a moment is waited for."""
    forwarder = Forwarder(client=client, to=to, secret=secret, terminal=terminal, types=types)
    terminal.line(f"Ready. Signing secret: {terminal.paint(secret, 'strong')}")
    terminal.line(f"Forwarding test events to {to} (Ctrl-C ends it)")
    rounds = 0
    while stop_after is None or rounds < stop_after:
        try:
            forwarder.forward_new()
        except Refused as reason:
            terminal.line(terminal.paint(str(reason), "bad"))
        rounds += 1
        time.sleep(every)
