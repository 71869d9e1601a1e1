"""What is refused because of where a session stands: in words, and for programs which session and what can be done.

Nothing is advised that would be refused as well.
"""

from sessions_app.errors import MoneyOnItsWay, NothingToDecide, ReferencePaid, ReferenceTaken, SessionNotOpen
from sessions_app.models import HOLDS_REFERENCE, CheckoutSession
from sessions_app.state.children import Session, has_address, payments_of
from sessions_app.status import Status, possible_actions

_WAIT = "Its payment is being confirmed: wait for its next event."


def about(session: Session, *, is_signed: bool = False) -> dict[str, object]:
    """Which session it is, where it stands, and what can be done. For `DomainError.about`.

    `is_signed`: money may come for it by a signature that was handed over.
    """
    actions = possible_actions(
        session.status,
        has_money=is_signed or (has_address(session) and bool(payments_of(session))),
        needs_decision=session.needs_decision,
        has_reference=session.reference is not None,
        is_order_paid=session.order_paid_by is not None,
    )
    return {
        "sessionId": session.public_id,
        "sessionStatus": session.status,
        "paymentStatus": session.payment_status,
        "actions": [each.value for each in actions],
    }


def shown_otherwise(session: Session) -> NothingToDecide:
    """Of a decision on what was shown before something came or went."""
    return NothingToDecide(
        "Something came or went since you were shown this: look at the session again.", about=about(session)
    )


def not_open(session: Session) -> SessionNotOpen:
    """Of what only an open session can be asked for."""
    if session.superseded_by:
        newest = _newest(session.superseded_by)
        return SessionNotOpen(f"The session was superseded: {newest.public_id} has its place.", about=about(newest))
    then = _WAIT if session.status == Status.PROCESSING else "This is for open ones only."
    return SessionNotOpen(f"The session is {session.status}. {then}", about=about(session))


def _newest(successor: str) -> CheckoutSession:
    """The last of the chain that goes on with that session."""
    session = CheckoutSession.objects.get(public_id=successor)
    while session.superseded_by:
        session = CheckoutSession.objects.get(public_id=session.superseded_by)
    return session


def money_on_its_way(session: Session) -> MoneyOnItsWay:
    """Of a session that was to be superseded."""
    then = _WAIT if session.status == Status.PROCESSING else "Send its buyer to its page, or cancel it."
    return MoneyOnItsWay(
        f"Money was seen for the session {session.public_id} of this reference, so it cannot be superseded. {then}",
        attr="onConflict",
        about=about(session),
    )


def signed_for(session: Session) -> MoneyOnItsWay:
    """Of a session that was to be superseded by one that is paid to another wallet."""
    return MoneyOnItsWay(
        f"A signed payment for the session {session.public_id} of this reference may still be used, and goes to a "
        "wallet that you have given up. Try again in a few minutes, or cancel it.",
        attr="onConflict",
        about=about(session, is_signed=True),
    )


def reference_taken(session: Session, differing: list[str]) -> ReferenceTaken:
    """Of a reference that a live session has, on other terms."""
    then = (
        _WAIT
        if session.status == Status.PROCESSING
        else 'Send the same terms to get it back, `"onConflict": "supersede"` to end it for this one, or cancel it.'
    )
    others = f" and another {', '.join(differing)}" if differing else ""
    return ReferenceTaken(
        f"The live session {session.public_id} has this reference{others}. {then}",
        attr="reference",
        about=about(session),
    )


def reference_paid(session: Session) -> ReferencePaid:
    """Of a reference that is paid."""
    return ReferencePaid(
        f'The session {session.public_id} of this reference is paid. Send `"allowRepeat": true` if it is to be paid '
        "once more.",
        attr="reference",
        about=about(session),
    )


def reference_is_anothers(session: CheckoutSession) -> ReferenceTaken:
    """Of a session that was to be opened again, beside one that has its reference by now."""
    beside = CheckoutSession.objects.filter(
        HOLDS_REFERENCE, merchant=session.merchant_id, mode=session.mode, reference=session.reference
    )
    other = beside.exclude(pk=session.pk).first()
    then = _WAIT if other and other.status == Status.PROCESSING else "Cancel that one first."
    return ReferenceTaken(
        f"Another session has the reference {session.reference!r} by now. {then}",
        attr="reference",
        about=about(other) if other else None,
    )
