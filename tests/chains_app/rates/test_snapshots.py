"""The cache of rates: who asks when, how long a buyer waits, and what a late payment is worth."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from chains_app.models import RateSheet
from chains_app.rates import exchange_rates
from chains_app.rates.exchange_rates import RateUnavailable, rate, rates_at, refresh_rates
from chains_app.rates.snapshots import take_snapshot
from common.modes import Mode
from tests.fake_rates import FakeRates

pytestmark = pytest.mark.django_db


def test_a_request_looks_into_the_cache_once_and_asks_nobody(
    sources: FakeRates, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    refresh_rates()
    asked = len(sources.coinbase.asked)
    with django_assert_num_queries(1):
        rates = rates_at(mode=Mode.LIVE, now=timezone.now())
        assert all(rates.rate(asset, "EUR").value > 0 for asset in ("ETH", "USDC", "USDT"))
    assert len(sources.coinbase.asked) == asked


def test_a_request_asks_by_itself_when_the_refresh_has_stopped(sources: FakeRates) -> None:
    assert rate("ETH", "USD", mode=Mode.LIVE, now=timezone.now()).value == Decimal(3000)
    assert RateSheet.objects.count() == 1


def test_it_does_so_for_a_block_of_some_minutes_ago_too(sources: FakeRates) -> None:
    found = rate("ETH", "USD", mode=Mode.LIVE, now=timezone.now() - timedelta(minutes=4))
    assert (found.value, len(found.provenance["sources"])) == (Decimal(3000), 3)


def test_but_not_again_when_that_has_just_failed(sources: FakeRates) -> None:
    for source in sources.all:
        source.behaviour = "down"
    for _ in range(3):
        with pytest.raises(RateUnavailable, match="no source of rates has answered"):
            rate("ETH", "USD", mode=Mode.LIVE, now=timezone.now())
    assert len(sources.node.asked) == 1


def test_a_buyer_is_let_go_however_slow_the_sources_are(sources: FakeRates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_rates, "BUYER_WAITS_SECONDS", 0.8)
    for source, behaviour in zip(sources.all, ("slow", "drips", "drips_head"), strict=True):
        source.behaviour = behaviour
    with pytest.raises(RateUnavailable, match="no source of rates has answered"):
        rate("ETH", "USD", mode=Mode.LIVE, now=timezone.now())


def test_one_slow_source_does_not_lose_what_the_others_said(
    sources: FakeRates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_rates, "BUYER_WAITS_SECONDS", 0.8)
    sources.coinbase.behaviour = "drips"
    assert rate("ETH", "USD", mode=Mode.LIVE, now=timezone.now()).value == Decimal(3000)


def test_a_crowd_does_not_ask_all_at_once(sources: FakeRates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_rates, "BUYER_WAITS_SECONDS", 0.3)
    cache.add("rates:asking", 1, 5)
    with pytest.raises(RateUnavailable, match="no source of rates has answered"):
        rate("ETH", "USD", mode=Mode.LIVE, now=timezone.now())
    assert sources.coinbase.asked == []


def test_rates_do_without_redis(sources: FakeRates, settings: Settings) -> None:
    caches = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}}
    settings.CACHES = caches
    assert rate("ETH", "USD", mode=Mode.LIVE, now=timezone.now()).value == Decimal(3000)


def test_money_that_came_earlier_is_worth_what_it_was_then(sources: FakeRates) -> None:
    start = timezone.now() - timedelta(hours=3)
    for minutes, price in ((0, "3000"), (60, "2900")):
        sources.everybody("ETH/USD", price)
        sources.node.head_age = int(timedelta(hours=3, minutes=-minutes).total_seconds())
        take_snapshot(now=start + timedelta(minutes=minutes), seconds=20)

    def worth(minutes: int) -> Decimal:
        return rate("ETH", "USD", mode=Mode.LIVE, now=start + timedelta(minutes=minutes)).value

    assert (worth(2), worth(30), worth(61)) == (3000, 2900, 2900)  # nobody asked at 30: the first rate after it
    sources.everybody("ETH/USD", "2800")
    sources.node.head_age = 5
    assert worth(90) == 2800  # nor since: the present one


def test_snapshots_older_than_late_money_are_forgotten(sources: FakeRates) -> None:
    for days in (9, 7):
        take_snapshot(now=timezone.now() - timedelta(days=days), seconds=20)
    refresh_rates()
    assert RateSheet.objects.count() == 2


def test_nothing_is_asked_while_no_live_network_is_enabled(sources: FakeRates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RPC_URL_ETHEREUM")
    refresh_rates()
    with pytest.raises(RateUnavailable, match="No live network is set up"):
        rate("ETH", "USD", mode=Mode.LIVE, now=timezone.now())
    assert not RateSheet.objects.exists()
    assert sources.coinbase.asked == []


def test_what_went_wrong_is_kept_for_the_operator(sources: FakeRates) -> None:
    sources.kraken.behaviour = "html"
    refresh_rates()
    assert RateSheet.objects.latest().problems == {"kraken": "answered with 'text/html' instead of JSON"}


def test_the_newest_sheet_is_the_one_taken_last_whoever_wrote_it_first(sources: FakeRates) -> None:
    now = timezone.now()
    for price, age in (("3000", 1), ("2000", 2)):  # the older one was longer on its way into the table
        at = now - timedelta(minutes=age)
        said = [{"source": each, "pair": "ETH/USD", "value": price, "at": at.isoformat()} for each in ("a", "b")]
        RateSheet.objects.create(taken_at=at, readings=said, anchors={}, problems={})
    assert rate("ETH", "USD", mode=Mode.LIVE, now=now).value == 3000
    for source in sources.all:
        source.behaviour = "down"
    take_snapshot(now=now, seconds=20)
    assert rate("ETH", "USD", mode=Mode.LIVE, now=now + timedelta(seconds=1)).value == 3000
