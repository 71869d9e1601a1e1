"""What a merchant can decide about an odd payment: checked here, written by `lifecycle.decide`, with an audit line."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from merchants_app.audit import record
from sessions_app.errors import NothingToDecide
from sessions_app.lifecycle import decide as write_decision
from sessions_app.models import CheckoutSession, Decision
from sessions_app.status import DecisionKind, Issue

# Which decisions answer which issue; the first is the one that the queue suggests.
ANSWERS: dict[Issue, tuple[DecisionKind, ...]] = {
    Issue.UNDERPAID: (
        DecisionKind.ASK_REST,
        DecisionKind.ACCEPT,
        DecisionKind.REFUNDED,
        DecisionKind.WRITE_OFF,
    ),
    Issue.LATE: (DecisionKind.ASK_REST, DecisionKind.ACCEPT, DecisionKind.REFUNDED, DecisionKind.WRITE_OFF),
    Issue.OVERPAID: (DecisionKind.REFUNDED, DecisionKind.ACCEPT, DecisionKind.WRITE_OFF),
    Issue.PAID_TWICE: (DecisionKind.REFUNDED, DecisionKind.ACCEPT, DecisionKind.WRITE_OFF),
    Issue.WRONG_ASSET: (DecisionKind.ACCEPT, DecisionKind.REFUNDED, DecisionKind.WRITE_OFF),
    Issue.REVERSED: (DecisionKind.WRITE_OFF, DecisionKind.ACCEPT),
}


def decide(
    *,
    session: CheckoutSession,
    kind: DecisionKind,
    actor: str,
    tx_hash: str = "",
    note: str = "",
    now: datetime | None = None,
) -> CheckoutSession:
    """Settles the session's open issue. Raises `NothingToDecide` when there is none that this decision answers.

    `ask_rest` reopens the session for the merchant's usual time; `refunded` names the refund's transaction.
    """
    if not session.needs_decision or session.issue is None:
        raise NothingToDecide("This session has nothing to decide.")
    possible = ANSWERS[Issue(session.issue)]
    if kind not in possible:
        names = ", ".join(possible)
        raise NothingToDecide(f"{kind} does not answer {session.issue}: choose one of {names}.", attr="decision")
    decision = Decision(session=session, kind=kind, issue=session.issue, tx_hash=tx_hash, note=note, actor=actor)
    with transaction.atomic():
        decided = write_decision(decision, reopen_minutes=session.merchant.session_minutes, now=now or timezone.now())
        record(
            merchant=session.merchant,
            mode=session.mode,
            actor=actor,
            action=f"session.{kind}",
            subject=session.public_id,
            issue=session.issue,
            note=note,
            tx_hash=tx_hash,
        )
    return decided
