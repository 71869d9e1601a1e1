"""A buyer's word that they have sent a payment: kept for their own page, believed by nothing else."""

import re
from datetime import datetime, timedelta

from django.utils.translation import gettext

from sessions_app.errors import NotATransaction, OptionUnavailable
from sessions_app.models import Announcement, CheckoutSession
from sessions_app.state.children import payments_of
from sessions_app.status import Status

# So long the page says "sent" without having seen it: exchanges may take an hour (`look/pay`), wallets seconds. After
# that it asks for the payment again, which by then is the likelier truth.
BELIEVED = timedelta(hours=1)
_HASH = re.compile(r"0x[0-9a-f]{64}")
# A wallet's window may be open while the session ends: what its buyer agrees to a moment later is on its way as well.
_AWAITED = frozenset({Status.OPEN, Status.EXPIRED, Status.CANCELLED})


def announce(session: CheckoutSession, *, tx_hash: str, amount: str, now: datetime) -> None:
    """Notes that the buyer sent what the quote in force asks for. tx_hash: empty when an exchange sends it.

    The last word counts. Does nothing once the session is paid, or another one has its place. Raises `NotATransaction`,
    and `OptionUnavailable` while nothing was picked.
    """
    tx_hash = tx_hash.strip().lower()
    if tx_hash and not _HASH.fullmatch(tx_hash):
        raise NotATransaction(
            gettext("A transaction's hash is 0x and 64 digits from 0 to f. Your wallet shows it beside the payment."),
            attr="tx_hash",
        )
    if session.status not in _AWAITED or session.superseded_by:
        return
    if session.quote is None:
        raise OptionUnavailable(gettext("Choose first what to pay with."))
    Announcement.objects.update_or_create(
        session=session, defaults={"network": session.quote.network, "amount": amount, "tx_hash": tx_hash, "at": now}
    )


def announced(session: CheckoutSession, *, now: datetime) -> Announcement | None:
    """What is said to be on its way and has not been seen yet; None when there is nothing, or for too long already.

    Without further query when `announcement` was selected with the session.
    """
    said = getattr(session, "announcement", None)
    if said is None or now - said.at > BELIEVED:
        return None
    seen = payments_of(session)
    if said.tx_hash:
        return None if any(payment.tx_hash == said.tx_hash for payment in seen) else said
    return None if any(payment.seen_at >= said.at for payment in seen) else said
