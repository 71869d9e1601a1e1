"""The rate a buyer gets: in test mode from a table, in live mode whatever still can be trusted."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from chains_app.models import RateSheet
from chains_app.networks.networks import all_networks
from chains_app.rates.exchange_rates import Rate, RateUnavailable, rate, rates_at
from chains_app.rates.snapshots import take_snapshot
from common.api.exact_json import dumps
from common.fiat.currencies import Currency
from common.modes import Mode
from tests.fake_rates import BROKEN, MANGLED_PRICES, FakeRates

pytestmark = pytest.mark.django_db

SLOW = {"slow", "drips", "drips_head"}


def ask_sources(now: datetime, *, hurried: bool = False) -> None:
    take_snapshot(now=now, seconds=2 if hurried else 20)


def live(asset: str, currency: str = "USD", *, now: datetime | None = None) -> Rate:
    return rate(asset, currency, mode=Mode.LIVE, now=now or timezone.now())


def test_test_mode_has_a_constant_price_for_everything() -> None:
    assets = {a for n in all_networks().values() if n.mode == Mode.TEST for a in n.assets} | {"BNB", "POL"}
    assert {"ETH", "USDC", "USDT"} <= assets
    rates = rates_at(mode=Mode.TEST, now=timezone.now())
    for currency in Currency.values:
        assert all(rates.rate(asset, currency).value > 0 for asset in assets)


def test_test_mode_says_so() -> None:
    now = timezone.now()
    found = rate("ETH", "JPY", mode=Mode.TEST, now=now)
    assert (found.value, found.as_of, found.provenance["rule"]) == (Decimal(375_000), now, "fixed_test_table")
    with pytest.raises(RateUnavailable, match="do not have DOGE in USD"):
        rate("DOGE", "USD", mode=Mode.TEST, now=now)


def test_the_median_of_three_with_all_that_was_said(sources: FakeRates) -> None:
    sources.kraken.prices["ETH/USD"], sources.node.prices["ETH/USD"] = "3010", "3030"
    now = timezone.now()
    ask_sources(now)
    found = live("ETH", now=now + timedelta(seconds=40))
    assert (found.value, found.provenance["rule"]) == (Decimal(3010), "median")
    assert found.provenance["disagreement"] == "0.01"
    assert {s["source"]: s["value"] for s in found.provenance["sources"]} == {
        "coinbase": "3000", "kraken": "3010", "chainlink": "3030",
    }  # fmt: skip
    assert all(
        s["used"] and s["ageSeconds"] >= 40 and s["fetchedAt"].endswith("Z") for s in found.provenance["sources"]
    )
    assert dumps(found.provenance)


@pytest.mark.parametrize(
    ("currency", "expected"), [("USD", "3000"), ("EUR", "2640"), ("JPY", "456000"), ("KWD", "921"), ("NGN", "4500000")]
)
def test_currencies_go_through_the_dollar(sources: FakeRates, currency: str, expected: str) -> None:
    ask_sources(now := timezone.now())
    assert abs(live("ETH", currency, now=now).value / Decimal(expected) - 1) < Decimal("0.000001")


@pytest.mark.parametrize("liar", ["coinbase", "kraken", "node"])
@pytest.mark.parametrize("factor", ["10", "0.1", "1.03"])
def test_one_source_that_is_wrong_is_outvoted(sources: FakeRates, liar: str, factor: str) -> None:
    getattr(sources, liar).factor = Decimal(factor)
    ask_sources(now := timezone.now())
    assert live("ETH", now=now).value == Decimal(3000)


@pytest.mark.parametrize("behaviour", [*BROKEN, *MANGLED_PRICES])
@pytest.mark.parametrize("healthy", ["coinbase", "kraken", "node"])
def test_one_healthy_source_is_enough(sources: FakeRates, behaviour: str, healthy: str) -> None:
    for source in sources.all:
        if source is not getattr(sources, healthy):
            source.behaviour = behaviour if source is not sources.node or behaviour in BROKEN else "negative"
    ask_sources(now := timezone.now(), hurried=behaviour in SLOW)
    found = live("ETH", "EUR", now=now)
    assert abs(found.value - 2640) < Decimal("0.001")
    assert found.provenance["rule"] == "only_source"


@pytest.mark.parametrize("healthy", ["coinbase", "kraken", "node"])
def test_a_lone_source_that_jumps_is_not_believed(sources: FakeRates, healthy: str) -> None:
    ask_sources((now := timezone.now()) - timedelta(minutes=6))
    for source in sources.all:
        source.behaviour = "well" if source is getattr(sources, healthy) else "down"
        source.factor, source.wrong_pairs = Decimal("1.25"), {"ETH/USD"}
    ask_sources(now)
    with pytest.raises(RateUnavailable, match=r"only one source of rates answers, and what it says is too far"):
        live("ETH", now=now)
    assert live("USDT", now=now).value == 1


def test_of_two_the_one_near_what_was_right_before_is_believed(sources: FakeRates) -> None:
    ask_sources(start := timezone.now())
    sources.node.behaviour, sources.kraken.factor = "down", Decimal(10)
    ask_sources(later := start + timedelta(minutes=6))
    assert live("ETH", now=later).value == Decimal(3000)


def test_two_that_are_3_percent_apart_stop_that_asset_and_no_other(sources: FakeRates) -> None:
    sources.node.behaviour = "down"
    sources.kraken.factor, sources.kraken.wrong_pairs = Decimal("1.03"), {"ETH/USD"}
    ask_sources(now := timezone.now())
    with pytest.raises(RateUnavailable) as refused:
        live("ETH", "EUR", now=now)
    assert refused.value.detail == (
        "ETH cannot be priced in EUR right now: the sources of its rate are more than 2 % apart (ETH/USD)."
    )
    assert live("USDT", now=now).value == 1


def test_what_was_said_stands_for_5_minutes(sources: FakeRates) -> None:
    ask_sources(start := timezone.now())
    for source in sources.all:
        source.behaviour = "down"
    ask_sources(start + timedelta(minutes=4))
    assert live("ETH", now=start + timedelta(minutes=4, seconds=50)).value == Decimal(3000)
    ask_sources(later := start + timedelta(minutes=6))
    with pytest.raises(RateUnavailable, match="no source of rates has answered in the last 5 minutes"):
        live("ETH", now=later)


def test_who_comes_back_is_believed_again(sources: FakeRates) -> None:
    for source in sources.all:
        source.behaviour = "html"
    ask_sources(start := timezone.now())
    for source in sources.all:
        source.behaviour = "well"
    ask_sources(later := start + timedelta(seconds=30))
    assert live("ETH", now=later).value == Decimal(3000)


def test_a_currency_that_one_source_has_follows_it_but_not_at_once(sources: FakeRates) -> None:
    ask_sources(start := timezone.now())
    sources.coinbase.prices["USD/NGN"] = "15000"
    ask_sources(later := start + timedelta(minutes=6))
    with pytest.raises(RateUnavailable, match=r"\(USD/NGN\)"):
        live("ETH", "NGN", now=later)
    sources.coinbase.prices["USD/NGN"] = "1700"
    ask_sources(later := later + timedelta(seconds=30))
    assert live("USDT", "NGN", now=later).value == Decimal(1700)


def test_an_unknown_currency_or_asset_has_no_rate(sources: FakeRates) -> None:
    ask_sources(now := timezone.now())
    with pytest.raises(RateUnavailable, match="No source of rates has XAU"):
        live("ETH", "XAU", now=now)
    with pytest.raises(RateUnavailable, match=r"DOGE cannot be priced in USD right now: no source"):
        live("DOGE", now=now)


@pytest.mark.parametrize(
    ("price", "holds"),
    [("0.000000000000000001", True), ("0.0000000000000000004", False), ("999999999999999", True),
     ("1000000000000000", False)],
)  # fmt: skip
@pytest.mark.usefixtures("sources")
def test_a_rate_beyond_all_measure_is_none(price: str, holds: bool) -> None:
    now = timezone.now()
    said = [{"source": source, "pair": "ETH/USD", "value": price, "at": now.isoformat()} for source in ("a", "b")]
    RateSheet.objects.create(taken_at=now, readings=said, anchors={}, problems={})
    if holds:
        assert live("ETH", now=now).value == Decimal(price)
    else:
        with pytest.raises(RateUnavailable, match="beyond all measure"):
            live("ETH", now=now)
