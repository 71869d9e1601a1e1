"""What the reference's examples tell: each call and message shows a session, or a refund, as it stands then.

The fields' own examples are of a session that was paid in full. Here is what is otherwise elsewhere.
"""

from typing import Any

Story = dict[str, Any]

_ENDED = "2030-01-31T12:40:00.000Z"
_OPEN: Story = {
    "status": "open",
    "paymentStatus": "unpaid",
    "receiptUrl": None,
    "payment": None,
    "payments": [],
    "amountNet": 0,
    "updatedAt": "2030-01-31T11:40:00.000Z",
    "completedAt": None,
}
# An asset was picked, and nothing has come.
_DUE: Story = {
    "amountReceived": "0",
    "amountRemaining": "49.00",
    "valueReceived": 0,
    "shortfall": 49.0,
    "uri": "ethereum:0x8ba1f109551bD432803012645Ac136ddd64DBA72@1?value=49000000",
}
_PICKED: Story = {name: told for name, told in _OPEN.items() if name != "payment"} | {"payment": _DUE}
_PART = {"amountReceived": "20.00", "amountRemaining": "29.00", "valueReceived": 20.0, "shortfall": 29.0}
_TOO_MUCH: Story = {
    "paymentStatus": "overpaid",
    "issue": "overpaid",
    "amountNet": 60.0,
    "payment": {"amountReceived": "60.00", "valueReceived": 60.0},
    "payments": {"amount": "60.00", "value": 60.0},
}

_NOT_SENT: Story = {"txHash": None, "seenAt": None, "confirmedAt": None}
_REFUNDS: dict[str, Story] = {
    "waiting": _NOT_SENT | {"status": "waiting_for_address", "address": None, "preparedAt": None},
    "prepared": _NOT_SENT | {"status": "prepared"},
    "seen": {"status": "seen", "confirmedAt": None, "call": None},
    "confirmed": {"call": None},
    "withdrawn": _NOT_SENT | {"status": "withdrawn", "withdrawnAt": _ENDED, "call": None},
}
_ALL_BACK: Story = {"paymentStatus": "refunded", "amountRefunded": 49.0, "amountNet": 0}

# By the operation's id: what its answer tells.
_ANSWERS: dict[str, Story] = {
    "create_session": _OPEN,
    "change_session": _OPEN,
    "quote_session": _PICKED,
    "simulate_session": _PICKED,
    "resolve_session": _TOO_MUCH,
    "create_refund": _REFUNDS["prepared"],
    "list_refunds": _REFUNDS["confirmed"],
    "get_refund": _REFUNDS["confirmed"],
    "tell_refund_sent": _REFUNDS["seen"],
    "simulate_refund": _REFUNDS["prepared"] | {"toldTxHash": "0x" + "ab" * 32},
    "withdraw_refund": _REFUNDS["withdrawn"],
}

# By the kind of message: its number among the session's, and what its session tells.
_MESSAGES: dict[str, tuple[int, Story]] = {
    "checkout.created": (1, _OPEN),
    "checkout.partially_paid": (
        2,
        _PICKED
        | {"paymentStatus": "partial", "amountNet": 20.0, "payment": _DUE | _PART}
        | {"payments": {"amount": "20.00", "value": 20.0}},
    ),
    "checkout.processing": (
        2,
        {"status": "processing", "receiptUrl": None, "completedAt": None}
        | {"payments": {"status": "seen", "confirmedAt": None}},
    ),
    "checkout.expired": (2, _OPEN | {"status": "expired", "updatedAt": _ENDED}),
    "checkout.cancelled": (2, _OPEN | {"status": "cancelled", "updatedAt": _ENDED}),
    "checkout.extended": (2, _PICKED | {"expiresAt": "2030-01-31T13:10:00.000Z"}),
    "checkout.issue_opened": (4, _TOO_MUCH | {"needsDecision": True}),
    "checkout.issue_resolved": (5, _TOO_MUCH),
    "payment.reversed": (
        4,
        {"issue": "reversed", "needsDecision": True, "paymentStatus": "unpaid", "amountNet": 0}
        | {"payment": {"amountReceived": "0", "valueReceived": 0, "shortfall": 49.0}}
        | {"payments": {"status": "vanished", "counts": False, "rateBasis": "none", "vanishedAt": _ENDED}},
    ),
    "refund.created": (4, {"refund": _REFUNDS["waiting"]}),
    "refund.prepared": (5, {"refund": _REFUNDS["prepared"]}),
    "refund.seen": (6, {"refund": _REFUNDS["seen"]}),
    "refund.confirmed": (7, _ALL_BACK | {"refund": _REFUNDS["confirmed"]}),
    "refund.withdrawn": (6, {"refund": _REFUNDS["withdrawn"]}),
}


def answer(name: str, example: Any) -> Any:
    """The example of that call's answer, as the session or refund stands then."""
    return _told(example, _ANSWERS.get(name, {}))


def message(kind: str, example: Story) -> Story:
    """The example of that kind of message; `data.current` says the same of the session as `data`."""
    number, story = _MESSAGES.get(kind, (example["sequence"], {}))
    data = _told(example["data"], story)
    if "refund" in data:
        data["refunds"] = [data["refund"]]
    if "current" in data:
        data["current"] = {name: data.get(name) for name in data["current"]} | {"sequence": number}
    return example | {"type": kind, "sequence": number, "data": data}


def _told(example: Any, story: Any) -> Any:
    """The example with what the story changes, field by field, and in each thing of a list."""
    if isinstance(story, dict) and isinstance(example, list):
        return [_told(each, story) for each in example]
    if isinstance(story, dict) and isinstance(example, dict):
        return example | {name: _told(example[name], told) for name, told in story.items() if name in example}
    return story
