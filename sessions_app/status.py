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
    PARTIALLY_REFUNDED = "partially_refunded", "Partly refunded"
    REFUNDED = "refunded", "Refunded"


class Issue(models.TextChoices):
    """What is odd about a session; kept for the books once settled."""

    UNDERPAID = "underpaid", "Underpaid"
    OVERPAID = "overpaid", "Overpaid"
    LATE = "late", "Paid late"
    PAID_TWICE = "paid_twice", "Paid twice"
    WRONG_ASSET = "wrong_asset", "Wrong asset"
    REVERSED = "reversed", "Payment reversed"


# Of these the price stays, and what is above it is asked about.
TOO_MUCH = frozenset({Issue.OVERPAID, Issue.PAID_TWICE})


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


# What its button says where that is not what the kind is called.
_OTHER_NAMES = {
    (DecisionKind.ACCEPT, Issue.OVERPAID): "Keep the excess",
    (DecisionKind.ACCEPT, Issue.PAID_TWICE): "Keep the excess",
    (DecisionKind.ACCEPT, Issue.REVERSED): "Leave it paid",
}


def decision_name(kind: DecisionKind, issue: Issue) -> str:
    """What a decision about such an issue is called: on its button, in the timeline, in what is answered."""
    return _OTHER_NAMES.get((kind, issue), str(kind.label))


class Action(models.TextChoices):
    """What a shop can do about a session that stands in its way."""

    REUSE = "reuse", "Send the buyer to its `url`"
    SUPERSEDE = "supersede", 'Create with `onConflict: "supersede"`'
    CANCEL = "cancel", "Cancel it"
    EXPIRE = "expire", "Expire it"
    WAIT = "wait", "Wait for its next event"
    RESOLVE = "resolve", "Decide about its issue"
    CREATE = "create", "Create another one"
    ALLOW_REPEAT = "allow_repeat", "Create with `allowRepeat: true`"
    RETRY = "retry", "Send the same again"


class RefundStatus(models.TextChoices):
    """Where a refund is."""

    WAITING_FOR_ADDRESS = "waiting_for_address", "Waits for the buyer's address"
    PREPARED = "prepared", "Waits for your signature"
    SEEN = "seen", "Seen, being confirmed"
    CONFIRMED = "confirmed", "Done"
    WITHDRAWN = "withdrawn", "Withdrawn"


class RefundKind(models.TextChoices):
    """How much goes back."""

    FULL = "full", "All that arrived"
    EXCESS = "excess", "The excess only"
    AMOUNT = "amount", "Another amount"


class RefundRate(models.TextChoices):
    """At which rate the amount is turned into the asset."""

    PAID = "paid", "The rate at which it was paid"
    TODAY = "today", "Today's rate"


class LetterKind(models.TextChoices):
    """What a letter to a buyer tells."""

    ASKED_TO_PAY = "asked_to_pay", "Please pay: the link"
    RECEIPT = "receipt", "Paid: the receipt"
    TAKEN_BACK = "taken_back", "The network took the payment back: the receipt does not hold"
    RESTORED = "restored", "The payment is there again: the receipt holds"
    EXPIRED = "expired", "The time is over, and money is here"
    REFUND_WHERE = "refund_where", "Where shall a refund go?"
    REFUND_SENT = "refund_sent", "A refund is on its way"
    REFUND_DONE = "refund_done", "A refund is final"
    REFUND_UNDONE = "refund_undone", "The network took a refund back that was final"
    REFUND_ADDRESS = "refund_address", "Another refund address was left"


class LetterOutcome(models.TextChoices):
    """What became of a letter to a buyer; none while it waits to be sent."""

    SENT = "sent", "Sent"
    REFUSED = "refused", "Refused by the mail server"
    OVERTAKEN = "overtaken", "No longer so when it was to be sent"
    NOBODY = "nobody", "The buyer was erased"
    GIVEN_UP = "given_up", "Tried too often"


# `paying/refund_states.py` writes them, and refuses every other move.
REFUND_MOVES: dict[RefundStatus, frozenset[RefundStatus]] = {
    RefundStatus.WAITING_FOR_ADDRESS: frozenset({RefundStatus.PREPARED, RefundStatus.WITHDRAWN}),
    RefundStatus.PREPARED: frozenset({RefundStatus.SEEN, RefundStatus.WITHDRAWN}),
    # Back to prepared: the transaction vanished.
    RefundStatus.SEEN: frozenset({RefundStatus.CONFIRMED, RefundStatus.PREPARED}),
    # It had been sent all the same.
    RefundStatus.WITHDRAWN: frozenset({RefundStatus.SEEN}),
    # The branch that had it was given up: it is gone, or in another block.
    RefundStatus.CONFIRMED: frozenset({RefundStatus.PREPARED, RefundStatus.SEEN}),
}


# A session changes one step at a time; `lifecycle.py` writes a row for each and refuses every other move.
ALLOWED_MOVES: dict[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.PROCESSING, Status.EXPIRED, Status.CANCELLED}),
    # Back to open: the payment vanished.
    Status.PROCESSING: frozenset({Status.COMPLETED, Status.OPEN}),
    # Late money that covers, or a decision; "ask for the rest" reopens.
    Status.EXPIRED: frozenset({Status.PROCESSING, Status.OPEN}),
    Status.CANCELLED: frozenset({Status.PROCESSING, Status.OPEN}),
    Status.COMPLETED: frozenset(),
}


class ForbiddenMove(RuntimeError):
    """A verdict asked for a move that the table does not allow: a defect, never a user's mistake."""


def steps(before: str, after: str) -> list[Status]:
    """The allowed moves that lead from one status to another, one after the other; none when they are the same.

    A payment that is already confirmed when it is first seen goes through `processing` all the same, and one that
    vanishes after the end goes back through `open`: receivers of events never see a jump.
    """
    start, goal = Status(before), Status(after)
    if start == goal:
        return []
    if goal in ALLOWED_MOVES[start]:
        return [goal]
    for between in ALLOWED_MOVES[start]:
        if goal in ALLOWED_MOVES[between]:
            return [between, goal]
    raise ForbiddenMove(f"{start} → {goal}")


def is_early(kind: str, issue: str) -> bool:
    """Whether a decision may be taken while the session still runs: what came so far is to be enough."""
    return (kind, issue) == (DecisionKind.ACCEPT, Issue.UNDERPAID)


def possible_actions(
    status: str, *, has_money: bool, needs_decision: bool, has_reference: bool, is_order_paid: bool = False
) -> list[Action]:
    """What can be done now, the most likely first; nothing that would be refused.

    `is_order_paid`: by another session of the reference.
    """
    match Status(status):
        case Status.OPEN if is_order_paid:
            found = [Action.CANCEL, Action.EXPIRE]
        case Status.OPEN:
            found = [Action.REUSE, Action.CANCEL, Action.EXPIRE]
            if has_reference and not has_money:
                found.insert(1, Action.SUPERSEDE)
        case Status.PROCESSING:
            found = [Action.WAIT]
        case Status.COMPLETED:
            found = [Action.ALLOW_REPEAT] if has_reference else []
        case _:
            found = [Action.ALLOW_REPEAT if is_order_paid else Action.CREATE]
    return [Action.RESOLVE, *found] if needs_decision else found


# A buyer can still pay it, or has paid and it is being confirmed.
LIVE = (Status.OPEN, Status.PROCESSING)
# The whole price is there: final, or being confirmed.
COVERED = (Status.PROCESSING, Status.COMPLETED)


def is_live(status: str) -> bool:
    """Whether it goes on."""
    return status in LIVE
