"""The part of a shop's plugin that keeps an order's state. No network, no database: it can be copied and tested.

It believes snapshots and nothing else. Events may be late, doubled or in any order: each has its session as it was,
with a running number, and the highest one counts. docs/write-a-plugin.md has the table.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Order:
    """What the shop keeps of an order: of each of its sessions the newest snapshot it has seen."""

    sessions: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)

    def take(self, event: dict[str, Any]) -> None:
        """An event, once its signature was verified."""
        session, number = event["data"], event["sequence"]
        known, _ = self.sessions.get(session["id"], (0, {}))
        if number > known:
            self.sessions[session["id"]] = (number, session)

    @property
    def state(self) -> str:
        """The state of the order, by the session that nobody took the place of."""
        replaced = {session["supersedes"] for _, session in self.sessions.values()}
        present = [
            session
            for _, session in self.sessions.values()
            if session["supersededBy"] is None and session["id"] not in replaced
        ]
        return state_of(present[-1]) if present else "waiting"


def state_of(session: dict[str, Any]) -> str:
    """The table, from its first line to its last: the first that fits counts."""
    if session["paymentStatus"] == "refunded":
        return "refunded"
    if session["status"] == "completed" and session["issue"] == "reversed" and session["needsDecision"]:
        return "on hold"
    if session["status"] == "completed":
        return "partly refunded" if session["paymentStatus"] == "partially_refunded" else "paid"
    if session["needsDecision"]:
        return "on hold"
    if session["status"] == "processing":
        return "being paid"
    return {"open": "waiting", "expired": "cancelled", "cancelled": "cancelled"}[session["status"]]
