"""Paying again: the buyer of a session that ended unpaid begins anew, on the same terms and in the present time.

Of a payment link everybody may, as long as it is open: the link would give them another session anyway. Of a shop's
session only where the shop says so, since the order may be gone. The new session has the former's place and address
(`selling.superseding`), so money that comes late counts for it.
"""

from datetime import datetime
from functools import partial

from django.db import IntegrityError
from django.db.models import F
from django.utils.translation import gettext

from merchants_app.businesses.ways import has_switched_off
from merchants_app.treasuries.treasuries import treasury_for
from sessions_app.errors import MoneyOnItsWay, NotPayableAgain
from sessions_app.models import HOLDS_REFERENCE, CheckoutSession, StatusChange
from sessions_app.paying.announcing import announced
from sessions_app.paying.signed import under_way
from sessions_app.selling.creation import SessionTerms, session_on
from sessions_app.selling.payment_links import why_closed
from sessions_app.selling.superseding import NotOpened, open_after
from sessions_app.state.children import payments_of
from sessions_app.status import Status

BUYER = "buyer"  # as timelines name the actor
_TRIES = 3


def may_pay_again(session: CheckoutSession, now: datetime) -> bool:
    """Whether its buyer can begin anew: it ended, nothing came or is said to be on its way, and somebody may pay it."""
    if session.status not in {Status.EXPIRED, Status.CANCELLED} or session.superseded_by or session.order_paid_by:
        return False
    if (
        payments_of(session)
        or _is_on_its_way(session, now)
        or session.watch_until <= now
        or session.merchant.suspended_at
        or has_switched_off(session.merchant, session.mode, session.allowed_assets)
    ):
        return False
    # Its address leads to that wallet for good: no new money goes to one that the business has given up.
    if getattr(treasury_for(session.merchant, session.mode, now), "pk", None) != session.treasury_id:
        return False
    if session.payment_link:
        return not why_closed(session.payment_link, now)
    return session.allow_pay_again and not ended_by_shop(session) and not _is_anothers_by_now(session)


def pay_again(session: CheckoutSession, *, now: datetime) -> CheckoutSession:
    """The session that goes on in its place; pressed twice, the same one. Raises `NotPayableAgain`."""
    for left in reversed(range(_TRIES)):
        if not session.superseded_by and not may_pay_again(session, now):
            break
        made = session_on(session.merchant, session.mode, _terms_of(session))
        try:
            return open_after(session, made, actor=BUYER, is_awaited=partial(_is_on_its_way, now=now))
        except IntegrityError:
            if not left:
                raise
        except (NotOpened, MoneyOnItsWay):
            break  # at this moment its reference has become another's, or money has come
    raise NotPayableAgain(gettext("This payment cannot be begun anew. Go back to the shop and order from there."))


def _is_on_its_way(session: CheckoutSession, now: datetime) -> bool:
    """Whether its buyer has said, or signed, what nobody has seen yet."""
    return announced(session, now=now) is not None or under_way(session) is not None


def ended_by_shop(session: CheckoutSession) -> bool:
    """And not by its time or by the buyer: what the shop ended itself, it does not want to sell."""
    moves = StatusChange.objects.filter(session=session, to_status=session.status).exclude(from_status=F("to_status"))
    return moves.order_by("-id").values_list("actor", flat=True).first() not in {"", BUYER}


def _is_anothers_by_now(session: CheckoutSession) -> bool:
    """Whether another session has the order: it can be paid there, or is paid."""
    if session.reference is None:
        return False
    same = CheckoutSession.objects.filter(
        merchant=session.merchant, mode=session.mode, reference=session.reference
    ).exclude(pk=session.pk)
    return same.filter(HOLDS_REFERENCE).exists() or same.filter(status=Status.COMPLETED).exists()


def _terms_of(session: CheckoutSession) -> SessionTerms:
    return SessionTerms(
        amount=session.amount,
        currency=session.currency,
        success_url=session.success_url,
        cancel_url=session.cancel_url,
        email=session.email,
        name=session.name,
        metadata=session.metadata,
        product_id=session.product_id,
        product_name=session.product_name,
        product_description=session.product_description,
        allowed_assets=session.allowed_assets,
        reference=session.reference,
        locale=session.locale,
        allow_pay_again=session.allow_pay_again,
    )
