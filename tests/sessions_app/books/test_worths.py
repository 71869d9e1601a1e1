"""What booked money is worth, on whose word; and how lines are added up."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.books.definitions import EFFECTS, Money, Worth, book_sums, money, worth_by
from sessions_app.books.worths import UNKNOWN, Worths
from sessions_app.books.worths import Worth as OneWorth
from sessions_app.models import BookLine, CheckoutSession, LineKind, Payment, Quote
from sessions_app.models.payment import Basis
from sessions_app.paying.quoting import choose_option
from tests.cast import refreshed
from tests.locks.stage import shown

New = Callable[..., CheckoutSession]
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def counted(new_session: New) -> Payment:
    """In EUR, at a quote's rate."""
    session = new_session(currency="EUR")
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return shown(refreshed(session), "50.00")


SOURCES = [
    {"source": "kraken", "used": True, "fetchedAt": "2026-05-04T12:00:07+00:00"},
    {"source": "coinbase", "used": True, "fetchedAt": "2026-05-04T12:00:03+00:00"},
    {"source": "bitstamp", "used": False, "fetchedAt": "2026-05-04T11:00:00+00:00"},
]


@pytest.mark.parametrize(
    ("provenance", "words", "at"),
    [
        ({"rule": "median", "sources": SOURCES}, "median of coinbase, kraken", NOW + timedelta(seconds=3)),
        ({"rule": "kraken", "sources": SOURCES[:1]}, "kraken", NOW + timedelta(seconds=7)),
        ({"rule": "peg", "sources": SOURCES[2:]}, "peg", None),
        ({"rule": "peg"}, "peg", None),
    ],
)  # fmt: skip
def test_on_whose_word_a_payment_was_worth_it_and_when_they_gave_it(
    counted: Payment, provenance: dict[str, Any], words: str, at: datetime | None
) -> None:
    Quote.objects.filter(session=counted.session).update(provenance=provenance)
    quote = Quote.objects.get(session=counted.session)
    worth = Worths({counted.session_id}, now=NOW).of_payment(counted)
    assert (worth.value, worth.rate) == (counted.value, counted.rate)
    assert (worth.sources, worth.at) == (f"quote {quote.public_id}: {words}", at or quote.created_at)


def test_a_payment_at_no_quotes_rate_is_worth_what_it_was_when_it_arrived(counted: Payment) -> None:
    of_arrival = ("arrival: fixed_test_table", counted.arrived_at)
    for changes in ({"basis": Basis.ARRIVAL}, {"rate": counted.rate * 2}, {"network": "devchain"}, {"asset": "ETH"}):
        payment = Payment.objects.get(pk=counted.pk)
        for name, value in changes.items():
            setattr(payment, name, value)
        worth = Worths({counted.session_id}, now=counted.arrived_at).of_payment(payment)
        assert (worth.sources, worth.at, worth.value) == (*of_arrival, counted.value), changes
    counted.value = None
    assert Worths({counted.session_id}, now=NOW).of_payment(counted) == UNKNOWN


def test_what_is_in_the_reporting_currency_keeps_its_own_worth(session: CheckoutSession) -> None:
    own = OneWorth(value=Decimal(7), rate=Decimal(3), sources="quote", at=NOW)
    about = {"asset": "ETH", "units": Decimal(1), "decimals": 18, "at": NOW}
    assert Worths((), now=NOW).reported(session, own, **about) is own
    session.currency = "EUR"
    assert Worths((), now=NOW).reported(session, own, **about).sources == "market: fixed_test_table"


@pytest.mark.parametrize(("days", "seconds", "is_known"), [(8, 0, True), (8, 1, False), (0, -60, True)])
def test_rates_are_on_record_for_eight_days(db: None, days: int, seconds: int, is_known: bool) -> None:
    at = NOW - timedelta(days=days, seconds=seconds)
    worth = Worths((), now=NOW).market("ETH", "USD", mode="test", units=Decimal(3), decimals=1, at=at)
    assert worth.value == (750 if is_known else None)
    assert (worth == UNKNOWN) != is_known


@pytest.mark.parametrize(
    ("kind", "deposits", "wallet", "net"),
    [
        ("received", 1, 0, 1),
        ("taken_back", -1, 0, -1),
        ("collected", -1, 1, 0),
        ("collection_taken_back", 1, -1, 0),
        ("refunded", 0, -1, -1),
        ("refund_taken_back", 0, 1, 1),
        ("network_fee", 0, -1, -1),
        ("fee_taken_back", 0, 1, 1),
    ],
)
def test_what_a_line_does_to_each_sum(kind: str, deposits: int, wallet: int, net: int) -> None:
    of_it = money({kind: Decimal(1)})
    assert (of_it.at_deposits, of_it.through_wallet, of_it.net) == (deposits, wallet, net)
    effect = EFFECTS[LineKind(kind)]
    assert (effect.deposits, effect.wallet) == (deposits, wallet)


def test_sums_are_added_one_by_one() -> None:
    first = Money(
        received=Decimal(1), taken_back=Decimal(2), collected=Decimal(3), refunded=Decimal(4), fees=Decimal(5)
    )
    more = Money(
        received=Decimal(10), taken_back=Decimal(20), collected=Decimal(30), refunded=Decimal(40), fees=Decimal(50)
    )
    both = Worth(money=first, unknown=6, payments=7) + Worth(money=more, unknown=60, payments=70)
    assert both == Worth(
        money=Money(
            received=Decimal(11), taken_back=Decimal(22), collected=Decimal(33), refunded=Decimal(44), fees=Decimal(55)
        ),
        unknown=66,
        payments=77,
    )


def test_totals_are_told_by_what_is_asked_for(mia: Merchant) -> None:
    lines = [("USDC", "received", 3), ("USDC", "received", 4), ("ETH", "received", None), ("ETH", "network_fee", 1)]
    BookLine.objects.bulk_create(
        BookLine(
            merchant=mia, mode="test", kind=kind, booked_on=NOW.date(), at=NOW, network="sandbox", asset=asset,
            decimals=6, amount_units=1, reporting_currency="USD", reporting_value=worth, tx_hash=f"0x{number}",
        )
        for number, (asset, kind, worth) in enumerate(lines)
    )  # fmt: skip
    by_asset = worth_by(book_sums(mia, "test"), "USD", "asset")
    told = {key: (each.payments, each.unknown, each.money.net) for key, each in by_asset.items()}
    assert told == {("USDC",): (2, 0, 7), ("ETH",): (1, 1, -1)}
    both = worth_by(book_sums(mia, "test"), "USD")[()]
    assert (both.payments, both.unknown, both.money.received, both.money.fees) == (3, 1, 7, 1)
    assert worth_by(book_sums(mia, "test"), "CHF")[()].unknown == 4
