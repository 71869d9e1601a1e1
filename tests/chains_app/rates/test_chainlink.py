"""Chainlink's feeds, read over a node's JSON-RPC: what is believed of them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from chains_app.networks.networks import all_networks, network
from chains_app.rates.asking import ask_all
from chains_app.rates.pairs import pair
from chains_app.rates.sources import Report
from tests.fake_rates import BROKEN, FakeNode, FakeRates


def chainlink(seconds: float = 20) -> Report:
    return next(r for r in ask_all(now=timezone.now(), seconds=seconds) if r.source == "chainlink")


def reported(report: Report, name: str) -> Decimal | None:
    return next((reading.value for reading in report.readings if reading.pair == name), None)


def test_one_request_reads_all_feeds_of_a_network(sources: FakeRates) -> None:
    report = chainlink()
    assert len(sources.node.asked) == 1
    assert (reported(report, "ETH/USD"), reported(report, "USDC/USD")) == (Decimal(3000), Decimal("0.9998"))
    euro = reported(report, "USD/EUR")
    assert euro is not None
    assert abs(euro - Decimal("0.88")) < Decimal("0.0000001")


def test_a_provider_that_refuses_batches_is_asked_call_by_call(sources: FakeRates) -> None:
    sources.node.largest_batch = 3
    assert reported(chainlink(), "ETH/USD") == Decimal(3000)


def test_a_reading_is_as_old_as_the_block_it_was_read_at(sources: FakeRates) -> None:
    sources.node.head_age = 240
    ages = [timezone.now() - reading.at for reading in chainlink().readings]
    assert len(ages) > 5
    assert all(timedelta(seconds=235) < age < timedelta(seconds=260) for age in ages)


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ({"chain_id": 5}, "ethereum: its node is on another chain"),
        ({"head_age": -600}, "ethereum: its node has blocks from the future"),
        ({"description": "BTC / USD"}, "calls itself 'BTC / USD'"),
        ({"answer_age": 60 * 60 * 30}, "has missed its heartbeat"),
        ({"answer_age": -600}, "has missed its heartbeat"),
        ({"answer_age": -(10**12)}, "gave a time beyond all calendars"),
        ({"behaviour": "zero"}, "has no sensible answer"),
        ({"behaviour": "negative"}, "has no sensible answer"),
        ({"behaviour": "huge"}, "has no sensible answer"),
        ({"round": 0}, "has no sensible answer"),
        ({"behaviour": "points_nowhere"}, "is no price feed"),
    ],
)
def test_a_feed_that_is_not_what_it_should_be_is_not_believed(
    sources: FakeRates, fault: dict[str, object], problem: str
) -> None:
    for name, value in fault.items():
        setattr(sources.node, name, value)
    report = chainlink()
    assert report.readings == ()
    assert report.problem.endswith(problem)


def test_an_hour_without_an_answer_is_usual_for_a_stablecoin_and_too_long_for_ether(sources: FakeRates) -> None:
    sources.node.answer_age = 60 * 60 * 20
    report = chainlink()
    assert (reported(report, "ETH/USD"), reported(report, "USDC/USD")) == (None, Decimal("0.9998"))


def test_an_address_without_a_contract_costs_only_that_feed(sources: FakeRates) -> None:
    sources.node.feeds.pop(network("ethereum").feeds["ETH/USD"])
    report = chainlink()
    assert (reported(report, "ETH/USD"), reported(report, "USDC/USD")) == (None, Decimal("0.9998"))
    assert report.problem == "ethereum: ETH/USD is no price feed"


@pytest.mark.parametrize("behaviour", BROKEN)
def test_a_broken_node_is_reported_without_its_address(sources: FakeRates, behaviour: str) -> None:
    sources.node.behaviour = behaviour
    report = chainlink(seconds=2 if behaviour in {"slow", "drips", "drips_head"} else 20)
    assert report.readings == ()
    assert report.problem.startswith("ethereum: its node ")
    assert "127.0.0.1" not in report.problem


def test_the_second_node_answers_when_the_first_is_slow(sources: FakeRates, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeNode(dict(network("ethereum").feeds)) as second:
        monkeypatch.setenv("RPC_URL_ETHEREUM", f"{sources.node.url},{second.url}")
        sources.node.behaviour = "slow"
        assert reported(chainlink(seconds=4), "ETH/USD") == Decimal(3000)


def test_networks_that_disagree_have_no_voice(sources: FakeRates, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeNode(dict(network("base").feeds)) as base:
        base.chain_id, base.prices["ETH/USD"] = 8453, "3100"
        monkeypatch.setenv("RPC_URL_BASE", base.url)
        report = chainlink()
    assert reported(report, "ETH/USD") is None
    assert report.problem == "its feeds of ETH/USD on different networks disagree"
    assert reported(report, "USDC/USD") == Decimal("0.9998")


def test_a_network_that_stands_still_has_no_voice(sources: FakeRates, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeNode(dict(network("base").feeds)) as base:
        base.chain_id, base.head_age, base.prices["ETH/USD"] = 8453, 3600, "2500"
        monkeypatch.setenv("RPC_URL_BASE", base.url)
        report = chainlink()
    assert reported(report, "ETH/USD") == Decimal(3000)
    assert len(report.readings) > 5
    assert all(timezone.now() - reading.at < timedelta(minutes=1) for reading in report.readings)


def test_every_feed_that_is_listed_prices_something_we_know() -> None:
    feeds = {feed for each in all_networks().values() for feed in each.feeds}
    assert {"ETH/USD", "USDC/USD", "USDT/USD", "EUR/USD"} <= feeds
    for feed in feeds:
        base = feed.removesuffix("/USD")
        names = {pair(feed).feed_names[0], *pair(feed).feed_names, *pair(f"USD/{base}").feed_names}
        assert f"{base} / USD" in names
