"""Collections that were final and are on the chain no more: what they took to the treasury waits again."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction

from chains_app.calls.chain_calls import collections_of
from chains_app.networks.networks import Network
from common.money import amount_text
from merchants_app.audit import record
from sessions_app.books.booking import book_payments
from sessions_app.models import Payment
from sessions_app.state.lifecycle import News, reassess_many

# No branch is given up that is older.
_LOOKED_BACK = timedelta(days=2)
_ASKED_AT_ONCE = 100


def take_back_lost(network: Network, now: datetime) -> None:
    """Asks for the transactions of the last days. Raises ReaderUnavailable, WrongChain."""
    final = Payment.objects.filter(network=network.id, collected_at__gt=now - _LOOKED_BACK).exclude(collected_tx="")
    hashes = list(final.order_by("collected_tx").values_list("collected_tx", flat=True).distinct())
    lost: list[str] = []
    for at in range(0, len(hashes), _ASKED_AT_ONCE):
        found = collections_of(network, hashes[at : at + _ASKED_AT_ONCE])
        lost += [tx_hash for tx_hash, emptied in found.items() if not emptied]
    if lost:
        with transaction.atomic():
            _wait_again(network, lost, now)


def _wait_again(network: Network, lost: list[str], now: datetime) -> None:
    """With a line in the timeline of each session, and in each business's log."""
    rows = Payment.objects.filter(network=network.id, collected_tx__in=lost, collected_at__isnull=False)
    payments = list(rows.select_related("session__merchant").order_by("id"))
    Payment.objects.filter(pk__in=[each.pk for each in payments]).update(collected_at=None, collected_tx="")
    book_payments([each.pk for each in payments], now=now)
    news: dict[int, News] = {}
    of_businesses = defaultdict(list)
    for payment in payments:
        amount = f"{amount_text(payment.amount_units, payment.decimals)} {payment.asset} on {network.name}"
        reason = f"The chain took back the collection of {amount}: it waits to be collected again."
        news[payment.session_id] = News(reason=reason, noted=True)
        of_businesses[payment.session.merchant, payment.session.mode, payment.collected_tx].append(payment)
    reassess_many(news, now=now)
    for (merchant, mode, tx_hash), theirs in of_businesses.items():
        record(merchant=merchant, mode=mode, actor=network.name, action="payments.collection_undone",
               subject=tx_hash[:60], network=network.id, payments=len(theirs))  # fmt: skip
