"""What a transfer is worth: by which quote, at the rate of which moment, and when no rate is to be had."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from chains_app.networks.networks import network
from chains_app.rates.exchange_rates import refresh_rates
from chains_app.reading.reader import Transfer
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Quote
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.valuation import quote_at
from sessions_app.selling.creation import create_session
from sessions_app.state.lifecycle import reassess_many
from sessions_app.watching.payments import record
from sessions_app.watching.sightings import take_in
from tests.cast import PATS_WALLET, agreed, refreshed
from tests.fake_rates import FakeRates

NOON = datetime.fromisoformat("2026-01-01T12:00:00Z")
ETHEREUM = network("ethereum")


def quote(minute: int, rate: str, units: int) -> Quote:
    begins = NOON + timedelta(minutes=minute)
    return Quote(rate=Decimal(rate), amount_units=units, created_at=begins, valid_until=begins + timedelta(minutes=15))


@pytest.mark.parametrize("rates", [("2500", "2450"), ("2450", "2500")], ids=["falling", "rising"])
def test_who_pays_what_was_asked_pays_by_the_quote_that_asked_it(rates: tuple[str, str]) -> None:
    """In the two minutes around the end of a quote, the one before and the one after both have the right amount."""
    units = [int(Decimal(49) / Decimal(rate) * 10**6) + 1 for rate in rates]
    quotes = [quote(0, rates[0], units[0]), quote(15, rates[1], units[1])]
    for asked in quotes:
        assert quote_at(quotes, units=int(asked.amount_units), at=NOON + timedelta(minutes=16)) == asked


def test_who_pays_less_has_the_better_rate() -> None:
    quotes = [quote(0, "2500", 19600), quote(15, "2450", 20000)]
    assert quote_at(quotes, units=9000, at=NOON + timedelta(minutes=16)) == quotes[0]
    assert quote_at(quotes, units=9000, at=NOON + timedelta(minutes=18)) == quotes[1]


def test_a_quote_holds_two_minutes_longer_and_no_more() -> None:
    quotes = [quote(0, "2500", 19600)]
    assert quote_at(quotes, units=19600, at=NOON + timedelta(minutes=17))
    assert quote_at(quotes, units=19600, at=NOON + timedelta(minutes=17, seconds=1)) is None


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
