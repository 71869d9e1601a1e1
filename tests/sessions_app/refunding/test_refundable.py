"""How much can go back: what is there and sure, and neither back already nor on its way."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from chains_app.calls.gas import Fee
from chains_app.networks.networks import network
from chains_app.sandbox.chain import send
from merchants_app.models import Treasury
from sessions_app.errors import NothingToRefund
from sessions_app.models import CheckoutSession, Refund
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import choose_option
from sessions_app.reading.queries import session_for_buyer
from sessions_app.refunding import refunds
from sessions_app.refunding.refundable import arrived, excess
from sessions_app.refunding.refunds import RefundFee, play_refund, refund_fee
from sessions_app.state.representation import represent
from sessions_app.status import DecisionKind
from tests.cast import MIAS_WALLET, PATS_WALLET, refreshed
from tests.sandbox import Sandbox
from tests.sessions_app.refunding.test_refunds import prepared

TX = "0x" + "ab" * 32


def pay(session: CheckoutSession, asset: str, units: int) -> None:
    """A transfer of so many base units to the session."""
    send(
        recipient=session_for_buyer(session.page_token).deposit.address,
        contract=network("sandbox").assets[asset].contract,
        amount_units=units,
        now=timezone.now(),
    )


def test_what_goes_back_already_cannot_go_back_again(sandbox: Sandbox, session: CheckoutSession) -> None:
    overpaid = sandbox.play(session, "over", asset="USDC")
    prepared(overpaid)
    with pytest.raises(NothingToRefund, match="No more than the price has arrived"):
        prepared(overpaid)
    assert prepared(overpaid, kind="full").amount_units == 49_000_000


@pytest.mark.parametrize(("units", "there"), [(5_000, []), (5_001, [5_001]), (990_000, [990_000])])
def test_what_comes_to_a_cent_can_go_back(
    sandbox: Sandbox, session: CheckoutSession, units: int, there: list[int]
) -> None:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    pay(session, "USDC", units)
    sandbox.wait(4, session)
    assert [each.units for each in arrived(refreshed(session))] == there


def test_two_assets_are_both_back_before_it_is_settled(sandbox: Sandbox, session: CheckoutSession) -> None:
    sandbox.play(session, "short", asset="USDC")
    pay(session, "ETH", 10**15)
    sandbox.skip(minutes=61)
    sandbox.wait(4, session)
    for asset, is_waiting in (("USDC", True), ("ETH", False)):
        play_refund(prepared(session, kind="full", asset=asset), now=timezone.now())
        assert sandbox.wait(4, session).needs_decision == is_waiting


@pytest.mark.parametrize(
    ("scenario", "kind", "left"),
    [
        ("over", "full", 49_000_000),
        ("late_short", "full", "Nothing of that asset is there"),
        ("twice", "excess", "No more than the price has arrived"),
    ],
)
def test_what_was_sent_back_without_tallystick_cannot_go_back_again(
    sandbox: Sandbox, session: CheckoutSession, scenario: str, kind: str, left: int | str
) -> None:
    decide(session=sandbox.play(session, scenario, asset="USDC"), kind=DecisionKind.REFUNDED, actor="mia", tx_hash=TX)
    if isinstance(left, int):
        assert prepared(session, kind=kind).amount_units == left
    else:
        with pytest.raises(NothingToRefund, match=left):
            prepared(session, kind=kind)


def test_what_was_sent_back_otherwise_counts_though_a_refund_that_nobody_signed_stands(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    overpaid = sandbox.play(session, "over", asset="USDC")
    prepared(overpaid)
    decide(session=overpaid, kind=DecisionKind.REFUNDED, actor="mia", tx_hash=TX)
    assert represent(refreshed(session)).amount_refunded == Decimal("24.50")


def test_money_taken_in_a_wrong_asset_counts_in_the_excess(
    sandbox: Sandbox, new_session: Callable[..., CheckoutSession]
) -> None:
    session = sandbox.play(new_session(allowedAssets=["USDC"]), "wrong_asset")
    decide(session=session, kind=DecisionKind.ACCEPT, actor="mia@example.com")
    after = sandbox.play(session, "exact")
    assert (after.issue, after.needs_decision) == ("paid_twice", True)
    assert prepared(after, asset="USDC").amount_units == 49_000_000


def test_a_refund_of_a_wrong_asset_leaves_the_excess_of_the_right_one(
    sandbox: Sandbox, new_session: Callable[..., CheckoutSession]
) -> None:
    session = sandbox.play(new_session(allowedAssets=["USDC"]), "wrong_asset")
    [wrong] = arrived(session)
    sandbox.play(session, "over")
    prepared(session, kind="full", asset=wrong.asset)
    assert prepared(session, asset="USDC").amount_units == 24_500_000


def test_of_an_asset_that_less_came_in_than_was_too_much_no_more_goes_back(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    sandbox.play(session, "over", asset="USDC")
    pay(session, "ETH", 2 * 10**15)
    after = sandbox.wait(4, session)
    assert (excess(after), prepared(after, asset="ETH").amount_units) == (Decimal("29.5"), 2 * 10**15)


def test_money_that_is_not_confirmed_is_no_excess(sandbox: Sandbox, session: CheckoutSession) -> None:
    sandbox.play(session, "exact")
    assert excess(sandbox.play(session, "stuck")) == 0


def test_more_of_a_test_token_than_there_is_money_can_go_back(sandbox: Sandbox, session: CheckoutSession) -> None:
    sandbox.play(session, "short", asset="USDC")
    pay(session, "USDC", 2**250)
    assert sandbox.wait(4, session).issue == "overpaid"
    assert prepared(session).amount_units == 2**250 + 44_100_000 - 49_000_000


def test_an_asset_that_was_taken_out_of_the_list_is_not_sent_back(sandbox: Sandbox, session: CheckoutSession) -> None:
    overpaid = sandbox.play(session, "over", asset="USDC")
    overpaid.payments.update(network="gone")
    with pytest.raises(NothingToRefund, match="taken that asset or network out"):
        prepared(overpaid, network="gone")


@pytest.mark.parametrize("treasury", [None, Treasury(address="")], ids=["none", "xpub"])
def test_a_fee_is_told_only_where_it_is_known_which_wallet_pays_it(
    monkeypatch: pytest.MonkeyPatch, treasury: Treasury | None
) -> None:
    monkeypatch.setattr(refunds, "fee_of", lambda *_, **__: Fee(gas=21_000, wei=3 * 10**13))
    session = CheckoutSession(treasury=Treasury(address=MIAS_WALLET))
    refund = Refund(session=session, network="devchain", asset="ETH", amount_units=1, to_address=PATS_WALLET)
    assert refund_fee(refund) == RefundFee(gas=21_000, wei=3 * 10**13, coin=network("devchain").assets["ETH"])
    session.treasury = treasury
    assert refund_fee(refund) is None
