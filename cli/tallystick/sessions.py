"""`tallystick sessions …` and `tallystick trigger …`."""

import argparse
import re
import time
import uuid
from decimal import Decimal
from typing import Any

from tallystick.client import Client
from tallystick.terminal import Terminal

# A session for trying things out; every field can be set by an option.
SAMPLE = {
    "amount": "49",
    "currency": "USD",
    "successUrl": "https://example.com/success",
    "cancelUrl": "https://example.com/cancel",
    "email": "pat@example.com",
    "name": "Pat Doe",
    "productId": "sample",
    "productName": "Sample product",
    "productDescription": "Made by the tallystick command",
}
WAIT_SECONDS = 20.0
# Field and value that show a scenario at its end, where that is another than a completed session.
ENDS = {
    "short": ("paymentStatus", "partial"),
    "late_short": ("issue", "late"),
    "twice": ("issue", "paid_twice"),
    "wrong_asset": ("issue", "wrong_asset"),
    "reorged": ("issue", "reversed"),
}


def terms_from(options: argparse.Namespace) -> dict[str, Any]:
    """The body of a create call: the sample with what was given."""
    given = {name: getattr(options, name, None) for name in [*SAMPLE, "reference", "expiresAt"]}
    body: dict[str, Any] = SAMPLE | {name: value for name, value in given.items() if value is not None}
    body["amount"] = amount(body["amount"])
    body["metadata"] = dict(getattr(options, "metadata", None) or [])
    body["allowedAssets"] = getattr(options, "asset", None) or []
    return body


def amount(text: str) -> Decimal:
    """A number from the command line, digit by digit. Raises ValueError."""
    if not re.fullmatch(r"\d{1,20}(\.\d{1,4})?", text):
        raise ValueError(text)
    return Decimal(text)


def pair(text: str) -> tuple[str, str]:
    """NAME=VALUE from the command line. Raises ValueError."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ValueError(text)
    return name, value


def create(client: Client, terminal: Terminal, options: argparse.Namespace) -> None:
    """A new session, printed."""
    terminal.json(client.post("checkout", terms_from(options), idempotency_key=str(uuid.uuid4())))


def get(client: Client, terminal: Terminal, options: argparse.Namespace) -> None:
    """One session, printed."""
    terminal.json(client.get(f"checkout/sessions/{options.id}"))


def show_list(client: Client, terminal: Terminal, options: argparse.Namespace) -> None:
    """The newest sessions, a line each."""
    found = client.get("checkout", limit=options.limit, status=options.status)
    if options.json:
        terminal.json(found)
        return
    for session in found:
        price = f"{session['amount']:>12} {session['currency']}"
        mood = terminal.status(session["status"]) + " " * (11 - len(session["status"]))
        terminal.line(f"{session['id']}  {mood} {price}  {session['email']}  {session['createdAt']}")


def end(client: Client, terminal: Terminal, options: argparse.Namespace) -> None:
    """Expires or cancels one."""
    client.send(f"checkout/{options.id}/{options.what}", idempotency_key=str(uuid.uuid4()))
    terminal.line(f"{options.id} {terminal.status(client.get(f'checkout/sessions/{options.id}')['status'])}")


def trigger(client: Client, terminal: Terminal, options: argparse.Namespace) -> None:
    """A fresh session, played through a scenario; its states as they come."""
    terms = terms_from(options)
    if options.scenario == "wrong_asset":
        terms["allowedAssets"] = terms["allowedAssets"] or ["USDC"]  # else none would be wrong
    session = client.post("checkout", terms, idempotency_key=str(uuid.uuid4()))
    terminal.line(f"{session['id']}  {session['url']}")
    client.send(f"checkout/{session['id']}/simulate", {"scenario": options.scenario})
    end = ENDS.get(options.scenario, ("status", "completed"))
    watch(client, terminal, session["id"], seconds=options.wait, end=end)


def watch(client: Client, terminal: Terminal, session_id: str, *, seconds: float, end: tuple[str, str]) -> None:
    """Prints each new state of a session, until a field has the value that ends it or the seconds are over."""
    shown, deadline = None, time.monotonic() + seconds
    while True:
        session = client.get(f"checkout/sessions/{session_id}")
        state = (session["status"], session["paymentStatus"], session["issue"])
        if state != shown:
            terminal.end_progress()
            odd = f", issue {terminal.paint(session['issue'], 'bad')}" if session["issue"] else ""
            terminal.line(f"{session['updatedAt']}  {terminal.status(session['status'])}, {state[1]}{odd}")
            shown = state
        left = deadline - time.monotonic()
        field, value = end
        if session[field] == value or left <= 0:
            terminal.end_progress()
            return
        terminal.progress(f"watching for {left:.0f} s more")
        time.sleep(0.5)
