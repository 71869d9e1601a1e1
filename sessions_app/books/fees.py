"""What the networks took for collections and refunds: asked for once these are final, booked as lines of their own."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.utils import timezone

from chains_app.calls.transactions import Cost, costs_of
from chains_app.networks.networks import Asset, Network
from merchants_app.businesses.days import booking_day
from merchants_app.models import Merchant
from sessions_app.books.payers import paid_it, refunds_sent_with
from sessions_app.books.worths import Worths
from sessions_app.models import BookLine, LineKind, UnbookedFee
from sessions_app.models.book_line import OF_COLLECTIONS

# Transactions that one look asks for, and how long it asks for one that is in no block.
MOST_ASKED = 100
_ASKED_FOR = timedelta(days=7)


class _Key(NamedTuple):
    """A transaction of a business, as rows of fees name it."""

    merchant: int
    mode: str
    network: str
    tx_hash: str


def book_fees(network: Network) -> None:
    """Asks for what is not booked yet. Raises ReaderUnavailable, WrongChain."""
    waiting = UnbookedFee.objects.filter(network=network.id)
    # By chance: those that are in no block must not hold up those that are.
    hashes = list(dict.fromkeys(waiting.order_by("?").values_list("tx_hash", flat=True)[:MOST_ASKED]))
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
        asking = defaultdict(list)
        for row in rows.select_related("merchant").order_by("id"):
            asking[row.tx_hash].append(row)
        bearing = _bearing(network, asking, now)
        lines: list[BookLine] = []
        done: list[int] = []
        for tx_hash, of_it in asking.items():
            cost, borne_by = costs[tx_hash], bearing[tx_hash]
            payers = of_it if cost is None else [row for row in of_it if paid_it(row, cost)]
            if {_who(each) for each in payers} <= {_who(each) for each in borne_by}:
                done += [row.pk for row in of_it]
            elif cost is None:
                if max(row.at for row in of_it) < now - _ASKED_FOR:
                    done += [row.pk for row in of_it]
            elif borne_by:
                # They learned of it earlier, and bear all of it so far. At the next look it is booked to all together.
                take_back_fees(borne_by, now=now)
                UnbookedFee.objects.bulk_create(borne_by, ignore_conflicts=True)
            else:
                lines += _lines(payers, cost, coin, now)
                done += [row.pk for row in of_it]
        BookLine.objects.bulk_create(lines, ignore_conflicts=True)
        UnbookedFee.objects.filter(pk__in=done).delete()


def ask_fee(*, merchant: Merchant, mode: str, network: str, tx_hash: str, at: datetime) -> None:
    """Has it asked for, once."""
    fee = UnbookedFee(merchant=merchant, mode=mode, network=network, tx_hash=tx_hash, at=at)
    UnbookedFee.objects.bulk_create([fee], ignore_conflicts=True)


def take_back_fees_of_nothing(fees: Iterable[UnbookedFee], *, now: datetime) -> None:
    """Those of transactions that moved nothing for the business after all: of many payments, the last has gone.

    Within the transaction that has booked what is gone.
    """
    once = {_key(each): each for each in fees}
    theirs = _of_any(once)
    # Of two that take back the last two payments at once, the second sees what the first has taken back.
    list(UnbookedFee.objects.select_for_update(of=("self",)).filter(theirs).order_by("id"))
    list(BookLine.objects.select_for_update(of=("self",)).filter(theirs, session=None).order_by("id"))
    take_back_fees([each for each in once.values() if not _moved_something(each)], now=now)


def take_back_fees(fees: Iterable[UnbookedFee], *, now: datetime) -> None:
    """The chain has lost these transactions: then nothing was paid for them."""
    theirs = _of_any(map(_key, fees))
    UnbookedFee.objects.filter(theirs).delete()
    booked: dict[_Key, list[BookLine]] = defaultdict(list)
    for line in BookLine.objects.filter(theirs, session=None).select_related("merchant").order_by("id"):
        booked[_key(line)].append(line)
    back = [taken for lines in booked.values() if (taken := _taken_back(lines, now))]
    BookLine.objects.bulk_create(back, ignore_conflicts=True)


def fee_booked(name: str, tx_hash: str, merchant: Merchant, mode: str) -> Subquery:
    """Something of the fee that was booked last for a transaction; also where another line has taken it back since."""
    lines = BookLine.objects.filter(
        merchant=merchant, mode=mode, network=OuterRef("network"), tx_hash=OuterRef(tx_hash), session=None
    )
    return Subquery(lines.filter(kind=LineKind.NETWORK_FEE).exclude(tx_hash="").order_by("-turn").values(name)[:1])


def fee_asked(merchant: Merchant, mode: str) -> Exists:
    """Whether what the transaction cost is still to be booked, as far as it is the business's."""
    of = {"network": OuterRef("network"), "tx_hash": OuterRef("tx_hash")}
    return Exists(UnbookedFee.objects.filter(merchant=merchant, mode=mode, **of))


def _taken_back(booked: list[BookLine], now: datetime) -> BookLine | None:
    """The line that takes back the last of those for one transaction of a business; None where none stands."""
    paid = [line for line in booked if line.kind == LineKind.NETWORK_FEE]
    back = len(booked) - len(paid)
    if len(paid) <= back:
        return None
    line = paid[-1]
    line.pk, line.kind, line.turn, line.at = None, LineKind.FEE_TAKEN_BACK, back + 1, now
    line.written_at = now
    line.booked_on = booking_day(now, merchant=line.merchant, now=now)
    return line


def _bearing(network: Network, hashes: Iterable[str], now: datetime) -> dict[str, list[UnbookedFee]]:
    """By transaction, whom its fee is booked to already, as if they asked for it now."""
    found: dict[str, list[UnbookedFee]] = {tx_hash: [] for tx_hash in hashes}
    lines = BookLine.objects.filter(network=network.id, tx_hash__in=list(found), session=None)
    stands = Count("id", filter=Q(kind=LineKind.NETWORK_FEE)) - Count("id", filter=Q(kind=LineKind.FEE_TAKEN_BACK))
    businesses = lines.order_by().values_list("tx_hash", "merchant", "mode").annotate(stands=stands)
    for tx_hash, merchant, mode, _ in businesses.filter(stands__gt=0):
        fee = UnbookedFee(merchant_id=merchant, mode=mode, network=network.id, tx_hash=tx_hash, at=now)
        found[tx_hash].append(fee)
    return found


def _who(fee: UnbookedFee) -> tuple[int, str]:
    return fee.merchant_id, fee.mode


def _key(row: UnbookedFee | BookLine) -> _Key:
    return _Key(row.merchant_id, row.mode, row.network, row.tx_hash)


def _of_any(keys: Iterable[_Key]) -> Q:
    """The rows of these transactions; of none, no rows."""
    return reduce(or_, (Q(**key._asdict()) for key in keys), Q(pk__in=[]))


def _moved_something(fee: UnbookedFee) -> bool:
    """Whether a line of the business stands that says so: of a payment that it collected, or a refund that it is."""
    lines = BookLine.objects.filter(**_key(fee)._asdict()).order_by()
    moved = Counter(lines.filter(OF_COLLECTIONS).values_list("kind", flat=True))
    moved += Counter(lines.filter(refund__in=refunds_sent_with(fee)).values_list("kind", flat=True))
    return (
        moved[LineKind.COLLECTED] > moved[LineKind.COLLECTION_TAKEN_BACK]
        or moved[LineKind.REFUNDED] > moved[LineKind.REFUND_TAKEN_BACK]
    )


def _lines(rows: Sequence[UnbookedFee], cost: Cost, coin: Asset, now: datetime) -> list[BookLine]:
    """Of one transaction, one for each business that paid it: who shares it shares what it cost."""
    share, rest = divmod(cost.units, len(rows))
    shares = [share + (1 if place < rest else 0) for place in range(len(rows))]
    return [_line(row, units, cost, coin, now) for row, units in zip(rows, shares, strict=True) if units]


def _line(row: UnbookedFee, units: int, cost: Cost, coin: Asset, now: datetime) -> BookLine:
    back = BookLine.objects.filter(**_key(row)._asdict(), session=None, kind=LineKind.FEE_TAKEN_BACK).count()
    currency = row.merchant.reporting_currency
    worth = Worths((), now=now).market(
        coin.symbol, currency, mode=row.mode, units=Decimal(units), decimals=coin.decimals, at=cost.at
    )
    return BookLine(
        merchant=row.merchant,
        mode=row.mode,
        kind=LineKind.NETWORK_FEE,
        # Who books it at the same time has this very turn, and it is not written twice.
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
