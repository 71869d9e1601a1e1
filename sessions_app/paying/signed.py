"""Of payments that buyers only signed: which may still move their money, as far as the chain has shown.

A row says what was handed over to be brought; the chain alone says what came of it.
"""

from django.db.models import QuerySet

from chains_app.networks.networks import all_networks
from chains_app.reading.health import CLOCKS_DIFFER_BY, read_until
from sessions_app.models import Authorization, AuthorizationStage, CheckoutSession, Payment
from sessions_app.state.children import payments_of


def under_way(session: CheckoutSession) -> Authorization | None:
    """The signed payment that was handed over and may still move the buyer's money; None when there is none."""
    rows = rows_of(session).filter(stage__in=(AuthorizationStage.SETTLING, AuthorizationStage.SETTLED)).order_by("id")
    return next((row for row in rows if not seen(row, session) and not is_past(row)), None)


def is_dropped(row: Authorization, session: CheckoutSession) -> bool:
    """Whether the chain showed its transfer and does no more, and nobody has brought it anew since."""
    gone_at = [payment.vanished_at for payment in _transfers(row, session)]
    gone_since = [at for at in gone_at if at and (row.settled_at is None or at >= row.settled_at)]
    return bool(gone_since) and all(gone_at)


def is_past(row: Authorization) -> bool:
    """Whether its chain was read beyond the time until which the contract takes it. Our clock alone proves nothing."""
    network = all_networks().get(row.network)
    until = read_until(network) if network else None
    return until is not None and until > row.valid_before + CLOCKS_DIFFER_BY


def seen(row: Authorization, session: CheckoutSession) -> Payment | None:
    """Its transfer on the chain, while it is there."""
    return next((payment for payment in _transfers(row, session) if not payment.vanished_at), None)


def rows_of(session: CheckoutSession) -> QuerySet[Authorization]:
    """All that was signed for it."""
    return Authorization.objects.filter(session=session)


def _transfers(row: Authorization, session: CheckoutSession) -> list[Payment]:
    """Its transfer as it was seen, whichever transactions brought it: all but one of them vanished."""
    what = (row.network, row.asset, row.sender, row.amount_units)
    return [
        payment
        for payment in payments_of(session)
        if payment.tx_hash == row.tx_hash
        or (
            (payment.network, payment.asset, payment.sender, payment.amount_units) == what
            and payment.seen_at >= row.created_at
        )
    ]
