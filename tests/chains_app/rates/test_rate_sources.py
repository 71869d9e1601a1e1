"""Coinbase and Kraken in their own words, over loopback HTTP: what is understood, and what is refused and why."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from chains_app.checks import source_faults
from chains_app.rates import sources as rate_sources
from chains_app.rates.asking import ask_all
from chains_app.rates.sources import Report
from tests.fake_rates import BROKEN, MANGLED_PRICES, FakeRates

WORDS = {
    "down": "answered with status 503",
    "hangs_up": "could not be reached",
    "slow": "did not answer in time",
    "drips": "did not answer in time",
    "drips_head": "did not answer in time",
    "html": "answered with 'text/html' instead of JSON",
    "redirect": "answered with a redirect (302), which is not followed",
    "wrong_json": "answered with wrong JSON: Not valid JSON: Expecting value at line 1, column 10.",
    "not_utf8": "answered with something that is no text",
    "a_list_instead": "left out 'data'",
    "empty": "left out 'data'",
    "endless": "answered with more than 512 kB",
    "zipped": "answered compressed, though asked not to",
    "deep": "answered with wrong JSON: The JSON is nested more than 20 levels deep at character 21.",
    "plain_text": "answered with 'text/plain' instead of JSON",
    "nan_literal": "answered with wrong JSON: data.rates.USD: NaN is not JSON: send a number or null.",
}


def reports(seconds: float = 20) -> dict[str, Report]:
    return {report.source: report for report in ask_all(now=timezone.now(), seconds=seconds)}


def reported(report: Report, pair: str) -> Decimal | None:
    return next((reading.value for reading in report.readings if reading.pair == pair), None)


def test_all_three_say_what_ether_costs(sources: FakeRates) -> None:
    found = reports()
    assert {name: reported(report, "ETH/USD") for name, report in found.items()} == {
        "coinbase": Decimal(3000), "kraken": Decimal(3000), "chainlink": Decimal(3000),
    }  # fmt: skip
    assert [report.problem for report in found.values()] == [""] * 3


def test_coinbase_prices_the_dollar_in_every_currency(sources: FakeRates) -> None:
    coinbase = reports()["coinbase"]
    assert (reported(coinbase, "USD/NGN"), reported(coinbase, "USD/JPY")) == (Decimal(1500), Decimal(152))
    assert sum(reading.pair.startswith("USD/") for reading in coinbase.readings) == 14


def test_an_xdai_costs_what_exchanges_take_for_a_dai(sources: FakeRates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPC_URL_GNOSIS", sources.node.url)
    found = reports()
    assert reported(found["coinbase"], "XDAI/USD") == Decimal("1.0002")
    assert abs((reported(found["kraken"], "XDAI/USD") or 0) - Decimal("1.0002")) < Decimal("0.0001")
    assert sum("DAIUSD" in path and path.count("DAIUSD") == 1 for path in sources.kraken.paths) == 1


def test_coinbase_is_not_asked_what_a_usdc_is_worth(sources: FakeRates) -> None:
    assert reported(reports()["coinbase"], "USDC/USD") is None
    assert any("currency=ETH" in path for path in sources.coinbase.paths)
    assert not any("USDC" in path for path in sources.coinbase.paths)


def test_kraken_is_asked_once_for_all_and_turned_round_where_it_quotes_dollars(sources: FakeRates) -> None:
    kraken = reports()["kraken"]
    assert len(sources.kraken.asked) == 1
    euro = reported(kraken, "USD/EUR")
    assert euro is not None
    assert abs(euro - Decimal("0.88")) < Decimal("0.0000001")


def test_a_pair_that_kraken_does_not_list_costs_only_that_pair(sources: FakeRates) -> None:
    sources.kraken.unlisted = frozenset({"USDTUSD"})
    kraken = reports()["kraken"]
    assert (reported(kraken, "ETH/USD"), reported(kraken, "USDT/USD")) == (Decimal(3000), None)
    assert kraken.problem == "said ['EQuery:Unknown asset pair'] (USDTUSD)"


def test_kraken_without_a_real_market_has_no_price(sources: FakeRates) -> None:
    sources.kraken.bids_below_offers = Decimal("0.05")
    kraken = reports()["kraken"]
    assert (kraken.readings, kraken.problem) == ((), "has bids and offers that do not meet (DAIUSD)")  # its first


def test_a_pair_that_coinbase_prices_oddly_costs_only_that_pair(sources: FakeRates) -> None:
    sources.coinbase.factor, sources.coinbase.wrong_pairs = Decimal(0), {"USD/EUR"}  # its first
    coinbase = reports()["coinbase"]
    assert (reported(coinbase, "USD/EUR"), reported(coinbase, "USD/JPY")) == (None, Decimal(152))
    assert coinbase.problem == "gave '0.00' for a price"


def test_whatever_one_source_makes_of_us_the_others_are_heard(
    sources: FakeRates, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> Decimal:
        raise OverflowError

    monkeypatch.setattr(rate_sources, "apart", breaks)  # of what is bid and offered at Kraken
    found = reports()
    assert found["kraken"].problem == "answered something that nobody thought of"
    assert reported(found["coinbase"], "ETH/USD") == reported(found["chainlink"], "ETH/USD") == Decimal(3000)


def test_an_answer_for_another_currency_is_refused(sources: FakeRates) -> None:
    sources.coinbase.answers_for = "BTC"
    coinbase = reports()["coinbase"]
    assert (coinbase.readings, "answered for 'BTC'" in coinbase.problem) == ((), True)
    sources.coinbase.answers_for = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert reports()["coinbase"].problem.endswith("answered for 'ABCDEFGHIJKLMNOPQRST'")


@pytest.mark.parametrize("behaviour", BROKEN)
def test_a_broken_answer_is_refused_with_the_reason(sources: FakeRates, behaviour: str) -> None:
    sources.coinbase.behaviour = behaviour
    found = reports(seconds=2 if WORDS[behaviour] == "did not answer in time" else 20)
    assert (found["coinbase"].readings, found["coinbase"].problem) == ((), WORDS[behaviour])
    assert reported(found["kraken"], "ETH/USD") == reported(found["chainlink"], "ETH/USD") == Decimal(3000)
    assert sources.coinbase.asked
    assert not any("elsewhere" in path for path in sources.coinbase.paths)


@pytest.mark.parametrize("behaviour", BROKEN)
def test_so_is_krakens(sources: FakeRates, behaviour: str) -> None:
    sources.kraken.behaviour = behaviour
    found = reports(seconds=2 if WORDS[behaviour] == "did not answer in time" else 20)
    assert found["kraken"].readings == ()
    assert found["kraken"].problem.replace("error", "data") == WORDS[behaviour]


@pytest.mark.parametrize("source", ["coinbase", "kraken"])
@pytest.mark.parametrize("behaviour", MANGLED_PRICES)
def test_what_is_no_price_is_refused(sources: FakeRates, source: str, behaviour: str) -> None:
    getattr(sources, source).behaviour = behaviour
    found = reports()[source]
    assert found.readings == ()
    assert "for a price" in found.problem


def test_only_https_is_spoken_beyond_this_machine(sources: FakeRates, settings: Settings) -> None:
    settings.COINBASE_URL = "http://192.0.2.1"
    assert reports()["coinbase"].problem == "has an address that is not https://…"


@pytest.mark.parametrize("url", ["http://192.0.2.1", "ftp://127.0.0.1", "https://", "https://[::", "coinbase"])
def test_a_wrong_address_of_a_source_stops_the_start(url: str) -> None:
    [fault] = source_faults({"COINBASE_URL": "", "KRAKEN_URL": url})
    assert fault.variable == "KRAKEN_URL"
    assert fault.right.startswith("It has an address that is ")


def test_a_source_with_an_empty_address_is_switched_off(sources: FakeRates, settings: Settings) -> None:
    settings.KRAKEN_URL = ""
    assert set(reports()) == {"coinbase", "chainlink"}


def test_nobody_is_asked_without_a_live_network(sources: FakeRates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RPC_URL_ETHEREUM")
    assert reports() == {}
    assert sources.coinbase.asked == sources.kraken.asked == []


def test_readings_carry_the_time_they_were_asked_for(sources: FakeRates) -> None:
    now = timezone.now()
    report = next(r for r in ask_all(now=now, seconds=20) if r.source == "kraken")
    assert {now - reading.at for reading in report.readings} == {timedelta()}
