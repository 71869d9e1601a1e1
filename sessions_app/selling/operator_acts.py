"""What operators do to sessions in Django admin: by the rules of everybody, with a line in the business's own log."""

import json
from typing import Any

from django.db import transaction

from common.api.exact_json import ExactEncoder
from merchants_app.audit import record
from merchants_app.models import User
from merchants_app.people.operators import given_reason, operator_name
from sessions_app.models import CheckoutSession, Customer
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


def see_buyer(row: CheckoutSession | Customer, *, by: User, reason: str) -> dict[str, str]:
    """Who a session or customer is, for an operator who says why: the owners read that in their log.

    Returns what each thing is called, and what it is. Raises ReasonMissing.
    """
    record(
        merchant=row.merchant,
        mode=row.mode,
        actor=operator_name(by),
        action="buyer.seen",
        subject=row.public_id,
        reason=given_reason(reason),
    )
    return {words: _text(getattr(row, name)) for name, words in row.NAMES_BUYER.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, cls=ExactEncoder)
