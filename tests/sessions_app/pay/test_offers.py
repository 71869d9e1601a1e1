"""What the options say: fee and time of each network, and the one that is recommended."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.cache import cache

from chains_app.networks.networks import Network, PaymentOption, network
from sessions_app.paying.quoting import OfferedOption
from sessions_app.shown.fees import fee_text, fees_of
from sessions_app.shown.offers import AssetOffer, arrives_text, offers_of

GWEI = 10**9
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def option(name: str, asset: str = "USDC") -> PaymentOption:
    """The asset on the network."""
    on = network(name)
    return PaymentOption(network=on, asset=on.assets[asset])


def offered(*names: str, asset: str = "USDC", away: str = "") -> tuple[AssetOffer, ...]:
    """What is offered when each network but `away` can be had."""
    options = [
        OfferedOption(
            option=option(name, asset),
            amount_units=49_000_000,
            rate=Decimal(1),
            unavailable="gone" if name == away else "",
        )
        for name in names
    ]
    fees = fees_of([each.option for each in options], mode="test", currency="USD", now=NOW)
    return offers_of(options, fees=fees, currency="USD", quote=None)


@pytest.fixture(autouse=True)
def unknown() -> Iterator[None]:
    """No network has said what gas costs."""
    keys = [f"chains:gas-price:{name}" for name in ("devchain", "sepolia", "base-sepolia")]
    cache.delete_many(keys)
    yield
    cache.delete_many(keys)


@pytest.fixture
def prices(unknown: None) -> None:
    """Devchain asks the most for gas, Sepolia the least; Base Sepolia has not said."""
    cache.set_many({"chains:gas-price:devchain": 40 * GWEI, "chains:gas-price:sepolia": GWEI})


def test_a_fee_is_gas_at_the_networks_price_in_the_sessions_currency(prices: None) -> None:
    fees = fees_of([option("sepolia"), option("devchain", "ETH")], mode="test", currency="USD", now=NOW)
    # 65,000 gas of 1 gwei and 21,000 of 40, at the test table's 2,500 USD.
    assert fees == {("sepolia", "USDC"): Decimal("0.1625"), ("devchain", "ETH"): Decimal("2.1")}


@pytest.mark.parametrize(
    ("fee", "currency", "expected"),
    [
        (Decimal("0.1625"), "USD", "fee about 0.17 USD"),
        (Decimal("0.0001"), "USD", "fee about 0.01 USD"),
        (Decimal("0.2"), "JPY", "fee about 1 JPY"),
        (Decimal(0), "USD", "no fee"),
        (None, "USD", ""),
    ],
)
def test_a_fee_is_never_told_too_low(fee: Decimal | None, currency: str, expected: str) -> None:
    assert fee_text(fee, currency) == expected


def test_a_network_that_has_not_said_its_price_shows_no_fee(prices: None) -> None:
    [usdc] = offered("sepolia", "base-sepolia")
    assert {each.id: each.fee for each in usdc.networks} == {"sepolia": "fee about 0.17 USD", "base-sepolia": ""}


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (("devchain", "sepolia", "base-sepolia"), "sepolia"),
        (("devchain", "base-sepolia"), "devchain"),
        (("sepolia",), None),
    ],
)
def test_the_cheapest_of_the_fast_ones_is_recommended_and_stands_first(
    prices: None, names: tuple[str, ...], best: str | None
) -> None:
    [usdc] = offered(*names)
    assert [each.id for each in usdc.networks if each.is_best] == ([best] if best else [])
    assert usdc.networks[0].id == (best or names[0])


def test_nothing_is_recommended_where_no_fee_is_known() -> None:
    [usdc] = offered("sepolia", "base-sepolia")
    assert not any(each.is_best for each in usdc.networks)


def test_what_cannot_be_had_stays_with_its_reason_and_stands_last(prices: None) -> None:
    [usdc] = offered("sepolia", "devchain", away="sepolia")
    assert [(each.id, each.unavailable) for each in usdc.networks] == [("devchain", ""), ("sepolia", "gone")]
    [away] = offered("sepolia", away="sepolia")
    assert away.unavailable == "gone"


@pytest.mark.parametrize(
    ("block_seconds", "expected"),
    [(2, "arrives in seconds"), (12, "arrives in 24 seconds"), (90, "arrives in 3 minutes")],
)
def test_the_time_is_that_of_a_small_payments_confirmations(block_seconds: float, expected: str) -> None:
    base: Network = replace(network("sepolia"), block_seconds=block_seconds)
    assert arrives_text(base) == expected
