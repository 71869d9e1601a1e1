"""All commands that send one call and print its answer: account, issues, refunds, endpoints, links, customers.

A command is a line of the table. What it needs beside an id are options, named as the API names them.
"""

import argparse
import re
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallystick.client import Client, Refused
from tallystick.terminal import Terminal

_ID = re.compile("[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Call:
    """`tallystick GROUP VERB [ID …]`. In the path `{0}` is the first id. Options with a `!` must be given."""

    help: str
    method: str
    path: str
    options: tuple[str, ...] = ()

    @property
    def ids(self) -> int:
        """How many ids it takes."""
        return self.path.count("{")


CALLS: dict[str, dict[str, Call]] = {
    "account": {"show": Call("whose key it is, and whether all is ready", "GET", "account")},
    "issues": {
        "list": Call("what waits for a decision", "GET", "issues", ("limit", "after")),
        "resolve": Call(
            "decide about a session's issue", "POST", "checkout/{0}/resolve", ("decision!", "txHash", "note", "issue")
        ),
    },
    "refunds": {
        "list": Call("the refunds of a session", "GET", "checkout/{0}/refunds"),
        "create": Call(
            "send money of a session back: a number, all, or excess",
            "POST",
            "checkout/{0}/refunds",
            ("amount!", "currency", "rate", "address", "reason"),
        ),
        "get": Call("one refund", "GET", "refunds/{0}"),
        "sent": Call("say which transaction it is", "POST", "refunds/{0}/sent", ("txHash!",)),
        "withdraw": Call("do not send it after all", "POST", "refunds/{0}/withdraw"),
    },
    "endpoints": {
        "list": Call("all webhook endpoints", "GET", "webhook-endpoints"),
        "put": Call(
            "make one, or change the one of that key or URL",
            "PUT",
            "webhook-endpoints",
            ("url!", "clientKey", "events"),
        ),
        "test": Call("send a test event", "POST", "webhook-endpoints/{0}/test"),
        "deliveries": Call("what was sent", "GET", "webhook-endpoints/{0}/deliveries", ("status", "limit", "after")),
        "rotate-secret": Call("make a new secret", "POST", "webhook-endpoints/{0}/rotate-secret"),
        "delete": Call("take it away", "DELETE", "webhook-endpoints/{0}"),
    },
    "resend": {
        "event": Call("an event, to all who want it", "POST", "events/{0}/resend"),
        "endpoint": Call("all that failed, or all since a time", "POST", "webhook-endpoints/{0}/resend", ("since",)),
        "delivery": Call("one delivery of an endpoint", "POST", "webhook-endpoints/{0}/deliveries/{1}/resend"),
    },
    "links": {
        "list": Call("payment links", "GET", "payment-links", ("limit", "after")),
        "create": Call(
            "a new payment link", "POST", "payment-links", ("currency!", "productName!", "amount", "successUrl")
        ),
        "get": Call("one payment link", "GET", "payment-links/{0}"),
        "off": Call("switch it off", "DELETE", "payment-links/{0}"),
    },
    "customers": {
        "list": Call("who bought", "GET", "customers", ("email", "limit", "after")),
        "get": Call("one customer", "GET", "customers/{0}"),
        "export": Call("all that is kept about one", "GET", "customers/{0}/export"),
        "erase": Call("forget who one is", "POST", "customers/{0}/erase"),
    },
    "sandbox": {"advance": Call("let time pass in test mode", "POST", "sandbox/advance", ("seconds!",))},
}
# Options that are no text in the body, and how they are read.
_KINDS = {
    "amount": lambda text: Decimal(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else text,
    "seconds": int,
    "events": lambda text: text.split(",") if text else [],
}


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Makes the table's lines commands."""
    for group, calls in CALLS.items():
        verbs = commands.add_parser(group, help=", ".join(calls)).add_subparsers(
            dest="verb", required=True, metavar="VERB"
        )
        for verb, call in calls.items():
            command = verbs.add_parser(verb, help=call.help)
            if call.ids:
                command.add_argument("ids", nargs=call.ids, metavar="ID", type=_id)
            for option in call.options:
                name = option.rstrip("!")
                # Not by its own name: the server has a --url, too.
                command.add_argument(
                    f"--{name}", dest=f"said_{name}", type=_KINDS.get(name, str), required=option.endswith("!")
                )
            command.set_defaults(do=_do, call=call)


def _do(client: Client, terminal: Terminal, options: argparse.Namespace) -> None:
    call: Call = options.call
    path = call.path.format(*getattr(options, "ids", ()))
    named = [option.rstrip("!") for option in call.options]
    said = {name: getattr(options, f"said_{name}") for name in named}
    given = {name: value for name, value in said.items() if value is not None}
    if call.method == "GET":
        terminal.json(client.get(path, **given))
    elif call.method == "POST":
        terminal.json(client.post(path, given, idempotency_key=str(uuid.uuid4())))
    else:
        _send(client, terminal, call.method, path, given)


def _send(client: Client, terminal: Terminal, method: str, path: str, given: dict[str, Any]) -> None:
    answer = client.raw(method, path, **({"json": given} if given else {}))
    if not answer.content:
        terminal.line("Done.")
        return
    try:
        terminal.json(answer.json())
    except ValueError:
        raise Refused("What answered is not Tallystick: look at --url.") from None


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no id: those have letters, digits and _ only")
    return text
