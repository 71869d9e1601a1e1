"""The part of a shop's plugin that keeps an order's state. No network, no database: it can be copied and tested.

Messages may be late, doubled or in any order. Each tells in `data.current` how its session stands when it leaves, with
a running number, and the highest one counts. docs/write-a-plugin.md has the tables.
"""

from dataclasses import dataclass, field
from typing import Any

# An order's sessions may be in several states: that of the order is the one that stands first here.
STATES = ("paid", "partly refunded", "being paid", "on hold", "waiting", "refunded", "cancelled")


@dataclass
class Order:
    """What the shop keeps of an order, which is known by `data.reference`: of each session the newest `current`."""

    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self, event: dict[str, Any]) -> None:
        """An event of this order, once its signature was verified."""
        if "current" not in event["data"]:
            return  # `endpoint.test`: about no session
        session, now = event["data"]["id"], event["data"]["current"]
        if session not in self.sessions or now["sequence"] > self.sessions[session]["sequence"]:
            self.sessions[session] = now

    @property
    def state(self) -> str:
        """Of all that its sessions are in, the state that stands first."""
        return min((state_of(now) for now in self.sessions.values()), key=STATES.index, default="waiting")


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
    return "waiting" if session["status"] == "open" else "cancelled"
