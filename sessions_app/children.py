"""What a session has several of: as it was read together with the session, else from the database.

`session.payments` and its like stay Django's own managers, filtered by the session, so that whatever is asked of them
is the session's: a cache put into their place once showed one business another's refunds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sessions_app.models import CheckoutSession, Decision, Payment, Refund


@dataclass(frozen=True, slots=True, kw_only=True)
class Children:
    """All of them, read with the session (`reading_sql`)."""

    payments: Sequence[Payment] = ()
    decisions: Sequence[Decision] = ()
    refunds: Sequence[Refund] = ()


NONE = Children()


def payments_of(session: CheckoutSession) -> Sequence[Payment]:
    """Every payment of the session, vanished ones too, in no order."""
    known = session.children
    return known.payments if isinstance(known, Children) else list(session.payments.all())


def decisions_of(session: CheckoutSession) -> Sequence[Decision]:
    """Every decision about the session, oldest first."""
    known = session.children
    return known.decisions if isinstance(known, Children) else list(session.decisions.all())


def refunds_of(session: CheckoutSession) -> Sequence[Refund]:
    """Every refund of the session, withdrawn ones too, in no order."""
    known = session.children
    return known.refunds if isinstance(known, Children) else list(session.refunds.all())
