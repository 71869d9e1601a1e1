"""What a transfer is worth: by which quote, at the rate of which moment, and when no rate is to be had."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone
from hypothesis import assume, given
from hypothesis import strategies as st

from chains_app.networks.networks import network
from chains_app.rates.exchange_rates import refresh_rates
from chains_app.reading.reader import Transfer
from common.money import value_of
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Quote, Refund
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.valuation import Valuer, quote_at
from sessions_app.selling.creation import create_session
from sessions_app.state.counting import Facts, PaymentFact
from sessions_app.state.evaluation import Verdict, evaluate
from sessions_app.state.lifecycle import reassess_many
from sessions_app.state.representation import units_asked
from sessions_app.status import PaymentStatus, Status
from sessions_app.watching.payments import record
from sessions_app.watching.sightings import take_in
from tests.cast import PATS_WALLET, agreed, refreshed
from tests.fake_rates import FakeRates

GRACE = timedelta(minutes=2)
NOON = datetime.fromisoformat("2026-01-01T12:00:00Z")
ETHEREUM = network("ethereum")


def quote(minute: float, rate: str, units: int = 0, *, holds: float = 15) -> Quote:
    begins = NOON + timedelta(minutes=minute)
    until = begins + timedelta(minutes=holds)
    option = {"asset": "ETH", "network": "ethereum", "decimals": 18}
    return Quote(rate=Decimal(rate), amount_units=units, created_at=begins, valid_until=until, **option)


def nothing() -> Decimal:
    return Decimal(0)


@pytest.mark.parametrize("rates", [("2500", "2450"), ("2450", "2500")], ids=["falling", "rising"])
def test_who_pays_what_was_asked_pays_by_the_quote_that_asked_it(rates: tuple[str, str]) -> None:
    """In the two minutes around the end of a quote, the one before and the one after both have the right amount."""
    units = [int(Decimal(49) / Decimal(rate) * 10**6) + 1 for rate in rates]
    quotes = [quote(0, rates[0], units[0]), quote(15, rates[1], units[1])]
    for asked in quotes:
        at = NOON + timedelta(minutes=16)
        assert quote_at(quotes, units=int(asked.amount_units), at=at, grace=GRACE, due=nothing) == asked


@pytest.mark.parametrize("rates", [("2500", "2450"), ("2450", "2500")], ids=["falling", "rising"])
def test_who_pays_the_rest_that_was_asked_pays_by_the_quote_that_asked_it(rates: tuple[str, str]) -> None:
    quotes = [quote(0, rates[0], units=10**17), quote(15, rates[1], units=10**17)]
    for asked in quotes:
        units = units_asked(asked, Decimal(9))
        assert (
            quote_at(quotes, units=units, at=NOON + timedelta(minutes=16), grace=GRACE, due=lambda: Decimal(9)) == asked
        )


def test_who_pays_less_has_the_better_rate() -> None:
    quotes = [quote(0, "2500", 19600), quote(15, "2450", 20000)]
    assert (
        quote_at(quotes, units=9000, at=NOON + timedelta(minutes=16), grace=GRACE, due=lambda: Decimal(49)) == quotes[0]
    )
    assert (
        quote_at(quotes, units=9000, at=NOON + timedelta(minutes=18), grace=GRACE, due=lambda: Decimal(49)) == quotes[1]
    )


def test_a_quote_holds_two_minutes_longer_and_no_more() -> None:
    quotes = [quote(0, "2500", 19600)]
    assert quote_at(quotes, units=19600, at=NOON + timedelta(minutes=17), grace=GRACE, due=nothing)
    assert quote_at(quotes, units=19600, at=NOON + timedelta(minutes=17, seconds=1), grace=GRACE, due=nothing) is None


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Quote], list[tuple[float, float, Decimal]]]:
    """Quotes one after the other, and payments: when the page was looked at, when the chain took it, and which part."""
    quotes, minute = [], 0.0
    for _ in range(draw(st.integers(1, 6))):
        holds = draw(st.sampled_from([0.5, 1.0, 3.0, 15.0]))
        quotes.append(quote(minute, str(draw(st.integers(1, 9999))), holds=holds))
        minute += holds + draw(st.sampled_from([0.0, 0.5, 10.0]))
    looks = st.tuples(
        st.sampled_from(quotes),
        st.floats(0, 1),
        st.floats(0, 2),
        st.decimals("0.01", "0.95", places=2),
    )
    payments = []
    for on, share, later, part in draw(st.lists(looks, min_size=1, max_size=5)):
        length = (on.valid_until - on.created_at).total_seconds() / 60
        asked = (on.created_at - NOON).total_seconds() / 60 + share * length
        payments.append((asked, asked + later, part))
    return quotes, sorted(payments)


@given(history=histories(), price=st.decimals("0.05", "5000", places=2))
def test_who_pays_what_the_page_asked_has_paid_neither_too_little_nor_too_much(
    history: tuple[list[Quote], list[tuple[float, float, Decimal]]], price: Decimal
) -> None:
    quotes, looks = history
    paid: list[PaymentFact] = []
    last = len(looks) - 1
    for place, (asked, mined, part) in enumerate(looks):
        rest = price - sum((p.value or 0 for p in paid), Decimal(0))
        shown = [q for q in quotes if q.created_at <= NOON + timedelta(minutes=asked) <= q.valid_until][-1]
        units = units_asked(shown, rest)
        if place != last:
            units = int(units * part)
        at = NOON + timedelta(minutes=max(mined, asked))
        found = quote_at(quotes, units=units, at=at, grace=GRACE, due=lambda rest=rest: rest)
        assert found
        step = found.rate.scaleb(-network("ethereum").assets["ETH"].display_decimals)
        value = value_of(units, found.rate, decimals=18)
        confirmed = {"counts": True, "confirmed": True, "relied_on": True}
        paid.append(PaymentFact(id=f"pay_{place}", value=value, arrived_at=at, seen_at=at, step=step, **confirmed))
        # By a better rate, a part may be all of it.
        assume(place == last or price > sum((p.value or 0 for p in paid), Decimal(0)))
    facts = Facts(
        price=price,
        tolerance=Decimal(0),
        ends_at=NOON + timedelta(days=1),
        ended_by=None,
        completed_at=None,
        payments=tuple(paid),
        unit=Decimal("0.01"),
    )
    assert evaluate(facts, NOON + timedelta(hours=3)) == Verdict(
        status=Status.COMPLETED, payment_status=PaymentStatus.PAID
    )


@pytest.fixture
def live(mia: Merchant, sources: FakeRates) -> CheckoutSession:
    """A live session of Mia's over 49.00 USD, to be paid in USDC on Ethereum."""
    session = create_session(merchant=mia, mode="live", terms=agreed())
    choose_option(session=session, asset="USDC", network="ethereum", now=timezone.now())
    return refreshed(session)


def ether(session: CheckoutSession, amount: str, at: datetime) -> Transfer:
    return Transfer(
        network="ethereum",
        asset="ETH",
        tx_hash="0x" + "a" * 64,
        log_index=-1,
        sender=PATS_WALLET,
        recipient=session.deposit.address,
        amount_units=int(Decimal(amount) * 10**18),
        block_number=7,
        block_hash="0x" + "b" * 64,
        block_time=at,
    )


def see(*transfers: Transfer) -> None:
    """What a watcher does with them."""
    now = timezone.now()
    reassess_many(record(ETHEREUM, take_in(ETHEREUM, transfers, now)), now=now)


@pytest.mark.django_db
def test_the_rate_of_arrival_is_that_of_the_block(live: CheckoutSession, sources: FakeRates) -> None:
    refresh_rates()
    arrived = timezone.now()
    with time_machine.travel(arrived + timedelta(hours=2)):
        for source in sources.all:
            source.factor = Decimal("0.97")
        refresh_rates()
        see(ether(live, "0.02", arrived + timedelta(seconds=1)))
    payment = live.payments.get()
    assert (payment.basis, payment.rate, payment.value) == ("arrival", 3000, 60)


@pytest.mark.django_db
def test_a_payment_without_a_rate_counts_as_soon_as_there_is_one(live: CheckoutSession, sources: FakeRates) -> None:
    for source in sources.all:
        source.behaviour = "down"
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        see(ether(live, "0.02", timezone.now()))
        session, payment = refreshed(live), live.payments.get()
        assert (payment.value, session.status, session.payment_status) == (None, "open", "partial")
        assert payment.confirmations_needed == ETHEREUM.confirmations.large
        for source in sources.all:
            source.behaviour = "well"
        refresh_rates()
        see()
    session = refreshed(live)
    payment = live.payments.get()
    assert (session.status, payment.value) == ("processing", 60)
    assert payment.confirmations_needed == ETHEREUM.confirmations.small


@pytest.mark.django_db
@pytest.mark.parametrize(("came", "rate"), [("48.51", 2500), ("48.50", 2450)])
def test_of_a_price_that_is_paid_but_for_the_tolerance_nothing_is_due(
    live: CheckoutSession, sources: FakeRates, came: str, rate: int
) -> None:
    """Between two quotes, a small sum that is a rest at both has the higher price; if nothing is due, the lower."""
    CheckoutSession.objects.filter(pk=live.pk).update(tolerance_percent=1, tolerance_amount=1)
    before = timezone.now()
    for each in (quote(0, "2500", 196 * 10**14), quote(15, "2450", 2 * 10**16)):
        each.session, each.provenance = live, {}
        each.created_at, each.valid_until = before - timedelta(1), before + timedelta(1)
        each.save()
    valuer = Valuer([refreshed(live)])
    valuer.count(live, Decimal(came), arrived_at=before)
    found = valuer.worth(live, asset="ETH", network="ethereum", units=3 * 10**14, decimals=18, arrived_at=before)
    assert found.rate == rate


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("prepared", "withdrawn", "rate"),
    [(None, None, 2450), (-1, None, 2500), (1, None, 2450), (-2, -1, 2450), (-1, 1, 2500)],
    ids=["none", "before", "after", "withdrawn before", "withdrawn after"],
)
def test_what_was_due_is_told_by_the_refunds_that_stood_then(
    live: CheckoutSession, sources: FakeRates, prepared: int | None, withdrawn: int | None, rate: int
) -> None:
    """40 of 49 came; the rest at the lower of two rates is a part of the whole at either, which counts at the higher.

    In minutes before and after it arrived.
    """
    arrived_at = timezone.now()
    for each in (quote(0, "2450", 2 * 10**16), quote(15, "2500", 196 * 10**14)):
        each.session, each.provenance = live, {}
        each.created_at, each.valid_until = arrived_at - timedelta(1), arrived_at + timedelta(1)
        each.save()
    with time_machine.travel(arrived_at - timedelta(minutes=9)):
        see(replace(ether(live, "0", timezone.now()), asset="USDC", amount_units=40_000_000, log_index=0))
    live.payments.update(value=40, rate=1, confirmed_at=arrived_at, first_confirmed_at=arrived_at)
    if prepared is not None:
        Refund.objects.create(
            session=live, status="withdrawn" if withdrawn else "prepared", kind="full", rate_basis="paid",
            network="ethereum", asset="USDC", decimals=6, amount_units=40_000_000, value=40, rate=1,
            to_address=PATS_WALLET, actor="mia", created_at=arrived_at + timedelta(minutes=prepared),
            prepared_at=arrived_at, withdrawn_at=arrived_at + timedelta(minutes=withdrawn) if withdrawn else None,
        )  # fmt: skip
    units = units_asked(quote(0, "2450"), Decimal(9))
    valuer = Valuer([refreshed(live)])
    found = valuer.worth(live, asset="ETH", network="ethereum", units=units, decimals=18, arrived_at=arrived_at)
    assert found.rate == rate


@pytest.mark.django_db
def test_a_part_of_a_large_sum_is_no_small_payment(live: CheckoutSession, sources: FakeRates) -> None:
    refresh_rates()
    CheckoutSession.objects.filter(pk=live.pk).update(amount=50_000)
    see(ether(live, "0.02", timezone.now()))
    assert live.payments.get().confirmations_needed == ETHEREUM.confirmations.large


@pytest.mark.django_db
def test_a_payment_whose_dollars_are_not_known_yet_waits_long_no_longer_than_that(
    live: CheckoutSession, sources: FakeRates
) -> None:
    for source in sources.all:
        source.behaviour = "down"
    with time_machine.travel(timezone.now() + timedelta(minutes=14)):
        see(replace(ether(live, "0", timezone.now()), asset="USDC", amount_units=49_000_000))
        payment = live.payments.get()
        assert (payment.basis, payment.confirmations_needed) == ("quote", ETHEREUM.confirmations.large)
        for source in sources.all:
            source.behaviour = "well"
        refresh_rates()
        see()
    payment.refresh_from_db()
    assert payment.confirmations_needed == ETHEREUM.confirmations.small
