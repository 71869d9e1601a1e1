"""The stock of a payment link: which pieces are sold, which are held for somebody who is paying, and who gets the last
one.

Nobody holds a piece by looking. Picking an asset takes one for as long as the quote holds, and money that has come
keeps it; without money it is free again by itself.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from zlib import crc32

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy

from sessions_app.errors import LinkClosed
from sessions_app.models import CheckoutSession, PaymentLink, Quote
from sessions_app.status import COVERED, PaymentStatus, Status

SOLD_OUT = gettext_lazy("This is sold out. If a payment that was begun is not finished, a piece becomes free again.")
_HELD_FOR = timedelta(minutes=15)
# Money that was sent in time is seen a little later; valuation gives it as long.
_ON_ITS_WAY = timedelta(minutes=2)
# Who asks for the price again keeps the piece, but not for ever: from then on it is given back first.
_KEPT_AT_MOST = timedelta(minutes=30)
_SOLD = Q(status__in=COVERED)


def hold_piece(session: CheckoutSession, now: datetime) -> datetime | None:
    """Takes a piece of its link's stock for the session, until its price lapses; returns when that must be.

    None when nothing limits it: no link, a link without stock, or money has come already. Raises `LinkClosed` when all
    pieces are sold or held. To be called in a transaction: until its end nobody else takes a piece of this link.
    """
    if session.payment_link_id is None:
        return None
    with connection.cursor() as cursor:
        # Of two who pick at the same moment, the second waits here and is refused.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, session.payment_link_id])
    stock = PaymentLink.objects.values_list("stock", flat=True).get(pk=session.payment_link_id)
    fresh = CheckoutSession.objects.only("held_until", "payment_status").get(pk=session.pk)
    if stock is None or fresh.payment_status != PaymentStatus.UNPAID:
        return None
    if fresh.held_until and now < fresh.held_until - _ON_ITS_WAY:
        return fresh.held_until - _ON_ITS_WAY
    held = _holding(session.payment_link_id, now)
    if not _kept_too_long(session, now):
        held = held.exclude(pk=session.pk)
    if held.count() >= stock:
        raise LinkClosed(str(SOLD_OUT))
    ends = now + _HELD_FOR
    CheckoutSession.objects.filter(pk=session.pk).update(held_until=ends + _ON_ITS_WAY)
    return ends


def is_sold_out(link: PaymentLink, now: datetime) -> bool:
    """Whether all pieces are sold or held at this moment."""
    return link.stock is not None and count_held(link, now) >= link.stock


def count_held(link: PaymentLink, now: datetime) -> int:
    """How many pieces are sold or being paid at this moment."""
    return _holding(link.pk, now).count()


def held_by(links: Collection[PaymentLink], now: datetime) -> Counter[int]:
    """The same for many, in one query: by the link's key."""
    sessions = CheckoutSession.objects.filter(_holds(now), payment_link__in=links)
    return Counter(dict(sessions.values_list("payment_link").annotate(Count("pk")).order_by()))


def oversold(session: CheckoutSession) -> str:
    """What a merchant must know when more is paid for than there was, as a sentence; empty when all is well.

    It happens when somebody pays after their piece was given back: the money counts all the same.
    """
    link = session.payment_link
    if link is None or link.stock is None:
        return ""
    sold = CheckoutSession.objects.filter(_SOLD, payment_link=link).count()
    return f"Its payment link has sold more than there is: {sold} of {link.stock}." if sold > link.stock else ""


def _holding(link_id: int, now: datetime) -> QuerySet[CheckoutSession]:
    return CheckoutSession.objects.filter(_holds(now), payment_link=link_id)


def _holds(now: datetime) -> Q:
    """Sold, or open and picked lately, or open with a part of the money there."""
    begun = Q(held_until__gt=now) | ~Q(payment_status=PaymentStatus.UNPAID)
    return _SOLD | (Q(status=Status.OPEN) & begun)


def _kept_too_long(session: CheckoutSession, now: datetime) -> bool:
    """By its own prices: those of a session that it has the place of came with the address."""
    own = Quote.objects.filter(session=session, created_at__gte=session.created_at)
    first = own.order_by("id").values_list("created_at", flat=True).first()
    return first is not None and first + _KEPT_AT_MOST <= now


_LOCK = crc32(b"payment link") & 0x7FFFFFFF
