"""Finds sessions: always from the merchant and the mode, so that nobody sees another's."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from merchants_app.models import Merchant
from sessions_app.errors import SessionNotFound
from sessions_app.expiry import up_to_date
from sessions_app.facts import with_facts
from sessions_app.models import CheckoutSession

# Filter of the list → look-up.
_FILTERS = {
    "status": "status",
    "paymentStatus": "payment_status",
    "email": "email",
    "reference": "reference",
    "productId": "product_id",
    "createdAfter": "created_at__gt",
    "createdBefore": "created_at__lt",
}


def sessions_of(merchant: Merchant, mode: str) -> QuerySet[CheckoutSession]:
    """All sessions of a merchant in one mode, newest first, with what their representation needs."""
    return with_facts(CheckoutSession.objects.filter(merchant=merchant, mode=mode), "merchant").order_by("-id")


def find_session(merchant: Merchant, mode: str, public_id: str) -> CheckoutSession:
    """One session as it is now. Raises `SessionNotFound`, also for another merchant's or mode's id."""
    session = sessions_of(merchant, mode).filter(public_id=public_id).first()
    if session is None:
        raise SessionNotFound(f"There is no session {public_id[:60]!r} for this key.", attr="id")
    return up_to_date(session)


def session_for_buyer(public_id: str) -> CheckoutSession:
    """The session that a buyer's link names, as it is now. Raises `SessionNotFound`."""
    session = with_facts(CheckoutSession.objects.filter(public_id=public_id), "merchant").first()
    if session is None:
        raise SessionNotFound("There is no such payment.")
    return up_to_date(session)


def undecided(merchant: Merchant, mode: str) -> QuerySet[CheckoutSession]:
    """The decision queue, oldest first."""
    return sessions_of(merchant, mode).filter(needs_decision=True).order_by("id")


def filtered(
    sessions: QuerySet[CheckoutSession], filters: Mapping[str, Any], metadata: Mapping[str, str]
) -> QuerySet[CheckoutSession]:
    """The list narrowed by checked filters; `metadata` matches top-level text values."""
    lookups = {_FILTERS[name]: value for name, value in filters.items()}
    if metadata:
        lookups["metadata__contains"] = dict(metadata)
    return sessions.filter(**lookups)


def page(
    sessions: QuerySet[CheckoutSession], *, of: QuerySet[CheckoutSession], limit: int, after: str | None
) -> tuple[list[CheckoutSession], str | None]:
    """A page of the list and the id to continue after, None at the end. Stable while rows arrive: a keyset, no offset.

    `of` is the list without filters: the session to continue after may have left the filter since its page was shown.
    """
    if after is not None:
        sessions = sessions.filter(pk__lt=_key_of(of, after))
    found = list(sessions[: limit + 1])
    rest = len(found) > limit
    found = found[:limit]
    return found, found[-1].public_id if rest else None


def _key_of(sessions: QuerySet[CheckoutSession], public_id: str) -> int:
    key = sessions.filter(public_id=public_id).values_list("pk", flat=True).first()
    if key is None:
        raise SessionNotFound(f"There is no session {public_id[:60]!r} to continue after.", attr="after")
    return key
