"""A stablecoin counts as one of its currency while the market nearly agrees; otherwise it costs what it costs."""

from decimal import Decimal

import pytest
from django.utils import timezone

from chains_app.rates.exchange_rates import Rate, RateUnavailable, rate
from chains_app.rates.snapshots import take_snapshot
from common.modes import Mode
from tests.fake_rates import FakeRates

pytestmark = pytest.mark.django_db


def usdc(sources: FakeRates, market: str, currency: str = "USD") -> Rate:
    sources.everybody("USDC/USD", market)
    now = timezone.now()
    take_snapshot(now=now, seconds=20)
    return rate("USDC", currency, mode=Mode.LIVE, now=now)


@pytest.mark.parametrize("market", ["0.99", "0.9998", "1", "1.01"])
def test_within_1_percent_it_is_a_dollar(sources: FakeRates, market: str) -> None:
    found = usdc(sources, market)
    assert (found.value, found.provenance["rule"], found.provenance["marketValue"]) == (1, "peg", market)


@pytest.mark.parametrize("market", ["0.98", "0.9", "1.02"])
def test_beyond_it_costs_what_the_market_says(sources: FakeRates, market: str) -> None:
    found = usdc(sources, market)
    assert abs(found.value - Decimal(market)) < Decimal("0.0001")
    assert found.provenance["rule"] == "median"


def test_a_source_that_sees_it_lost_is_not_averaged_away(sources: FakeRates) -> None:
    sources.kraken.factor, sources.kraken.wrong_pairs = Decimal("1.004"), {"USDC/USD"}
    found = usdc(sources, "0.988")
    assert (found.value, found.provenance["rule"]) == (Decimal(found.provenance["marketValue"]), "median")
    assert found.value < 1


def test_in_another_currency_it_counts_as_its_dollar(sources: FakeRates) -> None:
    assert abs(usdc(sources, "0.995", "EUR").value - Decimal("0.88")) < Decimal("0.000001")
    assert abs(usdc(sources, "0.9", "EUR").value - Decimal("0.792")) < Decimal("0.0001")


def test_without_any_market_price_nobody_knows_whether_it_holds(sources: FakeRates) -> None:
    sources.kraken.behaviour = sources.node.behaviour = "down"  # Coinbase calls a USDC a dollar whatever happens
    with pytest.raises(RateUnavailable, match=r"no source of rates has answered in the last 5 minutes \(USDC/USD\)"):
        usdc(sources, "1")


def test_one_market_that_dreams_of_a_lost_peg_is_outvoted_or_stops_the_sale(sources: FakeRates) -> None:
    sources.kraken.factor, sources.kraken.wrong_pairs = Decimal("0.5"), {"USDT/USD", "USDC/USD"}
    with pytest.raises(RateUnavailable, match="more than 2 % apart"):
        usdc(sources, "1")  # Kraken and Chainlink alone price it
    assert rate("USDT", "USD", mode=Mode.LIVE, now=timezone.now()).value == 1
