"""Changes what a buyer is shown and told of an open session. Price, currency and assets were agreed: they stay."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from pydantic.alias_generators import to_camel

from sessions_app.models import CheckoutSession
from sessions_app.state.conflicts import not_open
from sessions_app.state.customers import customer_of
from sessions_app.state.expiry import up_to_date
from sessions_app.state.lifecycle import News, lock, reassess
from sessions_app.status import Status


def change_session(session: CheckoutSession, changes: Mapping[str, Any], *, actor: str) -> CheckoutSession:
    """Changes what is given, by the session's fields, with a line in its timeline. Raises `SessionNotOpen`."""
    up_to_date(session)
    with transaction.atomic():
        kept = lock(session.pk)
        if kept.status != Status.OPEN:
            raise not_open(kept)
        changed = [name for name, value in changes.items() if getattr(kept, name) != value]
        if not changed:
            return kept
        known = kept.email
        for name in changed:
            setattr(kept, name, changes[name])
        if {"email", "name"} & set(changed):
            kept.customer_id = customer_of(kept, known_by=known)
        kept.save(update_fields=[*changed, "customer"])
        # Names only: the values may be personal, and stand in the session.
        reason = f"Changed: {', '.join(to_camel(name) for name in changed)}."
        return reassess(kept.pk, News(reason=reason, actor=actor, noted=True))
