"""What the networks took for collections and refunds: asked for once these are final, booked as lines of their own."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from chains_app.calls.transactions import Cost, costs_of
from chains_app.networks.networks import Asset, Network
from sessions_app.books.days import booking_day
from sessions_app.books.worths import Worths
from sessions_app.models import BookLine, LineKind, UnbookedFee

# Transactions that one look asks for, and how long it asks for one that is in no block.
MOST_ASKED = 100
_ASKED_FOR = timedelta(days=7)


def book_fees(network: Network) -> None:
    """Asks for what is not booked yet. Raises ReaderUnavailable, WrongChain."""
    waiting = UnbookedFee.objects.filter(network=network.id).order_by("id")
    hashes = list(dict.fromkeys(waiting.values_list("tx_hash", flat=True)[:MOST_ASKED]))
    coin = network.native
    if coin is None:
        waiting.delete()  # nobody could say what it is
    if not hashes or coin is None:
        return
    costs = costs_of(network, hashes)
    now = timezone.now()
    with transaction.atomic():
        # Who takes a transaction back meanwhile waits for this, or was first and has left nothing to book.
        rows = UnbookedFee.objects.select_for_update(of=("self",)).filter(network=network.id, tx_hash__in=hashes)
        shared = defaultdict(list)
        for row in rows.select_related("merchant").order_by("id"):
            shared[row.tx_hash].append(row)
        lines: list[BookLine] = []
        done: list[int] = []
        also_paid = _booked_to_others(network, shared)
        for tx_hash, of_it in shared.items():
            cost = costs[tx_hash]
            if cost is not None and also_paid[tx_hash]:
                # They learned of it earlier, and bear all of it so far. At the next look it is booked to all together.
                take_back_fees(also_paid[tx_hash], now=now)
                UnbookedFee.objects.bulk_create(also_paid[tx_hash], ignore_conflicts=True)
                continue
            if cost is not None:
                lines += _lines(of_it, cost, coin, now)
            if cost is not None or of_it[0].at < now - _ASKED_FOR:
                done += [row.pk for row in of_it]
        BookLine.objects.bulk_create(lines, ignore_conflicts=True)
        UnbookedFee.objects.filter(pk__in=done).delete()


def take_back_fees(fees: Iterable[UnbookedFee], *, now: datetime) -> None:
    """The chain has lost these transactions: then nothing was paid for them."""
    for each in fees:
        same = UnbookedFee.objects.filter(merchant=each.merchant, mode=each.mode, network=each.network)
        same.filter(tx_hash=each.tx_hash).delete()
        booked = list(BookLine.objects.filter(**_cause(each)).order_by("id"))
        paid = [line for line in booked if line.kind == LineKind.NETWORK_FEE]
        back = len(booked) - len(paid)
        if len(paid) > back:
            line = paid[-1]
            line.pk, line.kind, line.turn, line.at = None, LineKind.FEE_TAKEN_BACK, back + 1, now
            line.written_at = now
            line.booked_on = booking_day(now, merchant=each.merchant, now=now)
            BookLine.objects.bulk_create([line], ignore_conflicts=True)


def _booked_to_others(network: Network, waiting: Mapping[str, Sequence[UnbookedFee]]) -> dict[str, list[UnbookedFee]]:
    """By transaction, whom its fee is booked to already, of those who do not wait for it."""
    found: dict[str, list[UnbookedFee]] = {tx_hash: [] for tx_hash in waiting}
    lines = BookLine.objects.filter(network=network.id, tx_hash__in=list(waiting), session=None)
    stands = Count("id", filter=Q(kind=LineKind.NETWORK_FEE)) - Count("id", filter=Q(kind=LineKind.FEE_TAKEN_BACK))
    of_businesses = lines.order_by().values_list("tx_hash", "merchant", "mode").annotate(stands=stands, at=Max("at"))
    for tx_hash, merchant, mode, _, at in of_businesses.filter(stands__gt=0):
        if (merchant, mode) not in {(each.merchant_id, each.mode) for each in waiting[tx_hash]}:
            found[tx_hash].append(
                UnbookedFee(merchant_id=merchant, mode=mode, network=network.id, tx_hash=tx_hash, at=at)
            )
    return found


def _cause(fee: UnbookedFee) -> dict[str, Any]:
    return {
        "merchant": fee.merchant, "mode": fee.mode, "network": fee.network, "tx_hash": fee.tx_hash, "session": None,
    }  # fmt: skip


def _lines(rows: Sequence[UnbookedFee], cost: Cost, coin: Asset, now: datetime) -> list[BookLine]:
    """Of one transaction, one for each business that it was for: who shares it shares what it cost."""
    share, rest = divmod(cost.units, len(rows))
    shares = [share + (1 if place < rest else 0) for place in range(len(rows))]
    return [_line(row, units, cost, coin, now) for row, units in zip(rows, shares, strict=True) if units]


def _line(row: UnbookedFee, units: int, cost: Cost, coin: Asset, now: datetime) -> BookLine:
    back = BookLine.objects.filter(**_cause(row), kind=LineKind.FEE_TAKEN_BACK).count()
    currency = row.merchant.reporting_currency
    worth = Worths((), now=now).market(
        coin.symbol, currency, mode=row.mode, units=Decimal(units), decimals=coin.decimals, at=cost.at
    )
    return BookLine(
        merchant=row.merchant,
        mode=row.mode,
        kind=LineKind.NETWORK_FEE,
        # One that stands already has this very turn, and is not written twice.
        turn=back + 1,
        booked_on=booking_day(cost.at, merchant=row.merchant, now=now),
        at=cost.at,
        network=row.network,
        asset=coin.symbol,
        decimals=coin.decimals,
        amount_units=units,
        reporting_currency=currency,
        reporting_value=worth.value,
        reporting_rate=worth.rate,
        reporting_sources=worth.sources,
        reporting_rate_at=worth.at,
        tx_hash=row.tx_hash,
    )
