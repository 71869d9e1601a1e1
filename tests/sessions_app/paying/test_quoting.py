"""What a quote counts with, and options that cannot be had: no rate for the asset, or a session that ended."""

from decimal import Decimal

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.errors import NoTreasury, OptionUnavailable, SessionNotOpen
from sessions_app.models import CheckoutSession, DepositAddress, Quote
from sessions_app.paying.quoting import choose_option, lock_rate, options_for
from sessions_app.paying.valuation import Valuer
from sessions_app.selling.creation import create_session
from sessions_app.state.lifecycle import cancel, lock
from tests.cast import MIAS_WALLET, agreed, merchant, refreshed
from tests.fake_rates import FakeRates
from tests.races import behind_a_lock
from tests.strangers.world import own


@pytest.fixture
def live(mia: Merchant, sources: FakeRates) -> CheckoutSession:
    """A live session of Mia's over 49.00 USD. The sources disagree about ether, and agree about the rest."""
    for source, price in zip(sources.all, ("1000", "2000", "3000"), strict=True):
        source.prices["ETH/USD"] = price
    return create_session(merchant=mia, mode="live", terms=agreed())


def test_an_asset_without_a_rate_is_shown_with_the_reason(
    live: CheckoutSession,
) -> None:
    offered = {each.option.asset.symbol: each for each in options_for(live, timezone.now())}
    ether, usdt = offered["ETH"], offered["USDT"]
    assert (ether.amount_units, ether.rate) == (None, None)
    assert "ETH" in ether.unavailable
    assert usdt.unavailable == ""
    assert usdt.amount_units == 49_000_000


def test_an_asset_of_two_networks_costs_the_same_on_both(
    live: CheckoutSession, sources: FakeRates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RPC_URL_BASE", sources.node.url)
    offered = [each for each in options_for(live, timezone.now()) if each.option.asset.symbol == "USDC"]
    assert {each.option.network.id: (each.amount_units, each.rate) for each in offered} == {
        "ethereum": (49_000_000, 1),
        "base": (49_000_000, 1),
    }


def test_an_asset_without_a_rate_cannot_be_picked(live: CheckoutSession) -> None:
    with pytest.raises(OptionUnavailable, match="ETH") as refused:
        choose_option(session=live, asset="ETH", network="ethereum", now=timezone.now())
    assert refused.value.attr == "asset"
    assert refreshed(live).quote is None
    assert [own(DepositAddress).count(), own(Quote).count()] == [0, 0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.django_db
def test_where_no_wallet_is_named_nobody_is_shown_an_address(live: CheckoutSession) -> None:
    live.treasury = None
    with pytest.raises(NoTreasury, match="named no wallet"):
        choose_option(session=live, asset="USDC", network="ethereum", now=timezone.now())
    assert not DepositAddress.objects.filter(session=live).exists()


def test_a_session_that_is_cancelled_while_an_option_is_picked_has_nothing_to_pay(transactional_db: None) -> None:
    session = create_session(merchant=merchant("Mia Coffee", MIAS_WALLET), mode="test", terms=agreed())
    refused = behind_a_lock(
        lambda: choose_option(session=refreshed(session), asset="USDC", network="sandbox", now=timezone.now()),
        lock=lambda: lock(session.pk),
        meanwhile=lambda: cancel(session),
    )
    assert isinstance(refused, SessionNotOpen)
    assert str(refused) == "The session has ended or is paid by now: there is nothing to pay any more."
    after = refreshed(session)
    assert (after.status, after.quote) == ("cancelled", None)
    assert [own(DepositAddress).count(), own(Quote).count()] == [0, 0]


@pytest.mark.parametrize(
    ("market", "spread", "locked"),
    [
        ("2500", "0", "2500"),
        ("2500", "25", "2000"),
        ("1", "2", "0.980392156862745098"),
        ("0.0000123456789012346", "0", "0.000012345678901235"),
    ],
)
def test_the_spread_is_taken_off_the_rate_to_18_decimals(market: str, spread: str, locked: str) -> None:
    """With a spread of 25 % who owes 2,500 pays 1.25 of what counts for 2,500."""
    rate = lock_rate(Decimal(market), Decimal(spread))
    assert rate == Decimal(locked)
    assert rate.as_tuple().exponent == -18


def test_the_spread_counts_in_what_is_offered_asked_for_and_worth_when_it_arrives(mia: Merchant) -> None:
    """An ether costs 2,500.00 in test mode, and counts for 2,000.00."""
    mia.spread_percent = Decimal(25)
    mia.save(update_fields=["spread_percent"])
    session, now = create_session(merchant=mia, mode="test", terms=agreed()), timezone.now()
    valuer = Valuer([session])
    worth = valuer.worth(session, asset="ETH", network="sandbox", units=10**16, decimals=18, arrived_at=now)
    assert (worth.rate, worth.value) == (2000, 20)
    [offered] = [each for each in options_for(session, now) if each.option.asset.symbol == "ETH"]
    quote = choose_option(session=session, asset="ETH", network="sandbox", now=now)
    for each in (offered, quote):
        assert (each.rate, each.amount_units) == (2000, 24_500_000_000_000_000)
