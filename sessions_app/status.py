"""The words of a session's state, and the moves allowed between them. Imports nothing of ours."""

from django.db import models


class Status(models.TextChoices):
    """Where a session is."""

    OPEN = "open", "Open"
    PROCESSING = "processing", "Processing"
    COMPLETED = "completed", "Completed"
    EXPIRED = "expired", "Expired"
    CANCELLED = "cancelled", "Cancelled"


class PaymentStatus(models.TextChoices):
    """How much of the price has arrived; derived from the payments, never added up."""

    UNPAID = "unpaid", "Unpaid"
    PARTIAL = "partial", "Partly paid"
    PAID = "paid", "Paid"
    OVERPAID = "overpaid", "Overpaid"


class Issue(models.TextChoices):
    """What is odd about a session; kept for the books once settled."""

    UNDERPAID = "underpaid", "Underpaid"
    OVERPAID = "overpaid", "Overpaid"
    LATE = "late", "Paid late"
    PAID_TWICE = "paid_twice", "Paid twice"
    WRONG_ASSET = "wrong_asset", "Wrong asset"
    REVERSED = "reversed", "Payment reversed"


class Ended(models.TextChoices):
    """How a session was ended before it was paid."""

    EXPIRED = "expired", "Expired"
    CANCELLED = "cancelled", "Cancelled"


class DecisionKind(models.TextChoices):
    """What a merchant can decide about an odd payment."""

    ACCEPT = "accept", "Accept as paid"
    ASK_REST = "ask_rest", "Ask for the rest"
    REFUNDED = "refunded", "Refunded"
    WRITE_OFF = "write_off", "Write off"


# DESIGN §5. `lifecycle.py` refuses every other move; staying is always allowed.
ALLOWED_MOVES: dict[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.PROCESSING, Status.COMPLETED, Status.EXPIRED, Status.CANCELLED}),
    Status.PROCESSING: frozenset({Status.COMPLETED, Status.OPEN, Status.EXPIRED, Status.CANCELLED}),
    # Late money that covers; `ask_rest` reopens. A decision to accept completes.
    Status.EXPIRED: frozenset({Status.PROCESSING, Status.COMPLETED, Status.OPEN}),
    Status.CANCELLED: frozenset({Status.PROCESSING, Status.COMPLETED, Status.OPEN}),
    Status.COMPLETED: frozenset(),
}


def may_move(before: str, after: str) -> bool:
    """Whether a session may go from one status to the other in one step."""
    return before == after or Status(after) in ALLOWED_MOVES[Status(before)]


def is_live(status: str) -> bool:
    """A buyer can still pay it, or has paid and it is being confirmed."""
    return status in {Status.OPEN, Status.PROCESSING}
