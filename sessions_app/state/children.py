"""What a session has several of, of a session to be written to (the ORM's) or of one that was read (`SessionView`)."""

from collections.abc import Sequence
from typing import overload

from sessions_app.models import CheckoutSession, Decision, Payment, Refund
from sessions_app.state.session_view import DecisionView, PaymentView, RefundView, SessionView

Session = CheckoutSession | SessionView


@overload
def payments_of(session: CheckoutSession) -> Sequence[Payment]: ...
@overload
def payments_of(session: SessionView) -> Sequence[PaymentView]: ...
def payments_of(session: Session) -> Sequence[Payment] | Sequence[PaymentView]:
    """Every payment of the session, vanished ones too, in no order."""
    return session.payments if isinstance(session, SessionView) else list(session.payments.all())


def decisions_of(session: Session) -> Sequence[Decision] | Sequence[DecisionView]:
    """Every decision about the session, oldest first."""
    return session.decisions if isinstance(session, SessionView) else list(session.decisions.all())


def refunds_of(session: Session) -> Sequence[Refund] | Sequence[RefundView]:
    """Every refund of the session, withdrawn ones too, in no order."""
    return session.refunds if isinstance(session, SessionView) else list(session.refunds.all())


def has_address(session: Session) -> bool:
    """Whether money can have come for it: a buyer was shown where to pay, for it or for the one that it supersedes."""
    if isinstance(session, SessionView):
        return session.deposit is not None
    return (session.quote_id is not None or session.supersedes is not None) and hasattr(session, "deposit")
