"""What operators do to sessions in Django admin: by the rules of everybody, with a line in the business's own log."""

from django.db import transaction

from merchants_app.audit import record
from merchants_app.models import User
from merchants_app.people.operators import operator_name
from sessions_app.models import CheckoutSession
from sessions_app.state import lifecycle
from sessions_app.status import Status


@transaction.atomic
def expire(session: CheckoutSession, *, by: User) -> CheckoutSession:
    """Ends an open session. Raises SessionNotOpen."""
    was_open = session.status == Status.OPEN
    expired = lifecycle.expire(session, actor=operator_name(by))
    if was_open:
        record(
            merchant=session.merchant,
            mode=session.mode,
            actor=operator_name(by),
            action="session.expired",
            subject=session.public_id,
            status=f"{session.status} → {expired.status}",
        )
    return expired
