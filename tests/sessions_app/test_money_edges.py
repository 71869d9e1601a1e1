"""Amounts at the very limit: what may just go back, what may just be taken as paid, what is collected first."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from eth_utils.crypto import keccak

from chains_app.calls.chain_calls import Conditions
from chains_app.networks.networks import network
from chains_app.sandbox.chain import send
from merchants_app.models import Merchant
from sessions_app.collecting.collecting import plan
from sessions_app.errors import WrongRefund
from sessions_app.models import CheckoutSession
from sessions_app.paying.decisions import case_of
from sessions_app.paying.quoting import choose_option
from sessions_app.reading.session_story import explained
from tests.cast import refreshed
from tests.chains_app.receiving.test_deposits import salts_in
from tests.sandbox import Sandbox
from tests.sessions_app.refunding.test_refunds import prepared


@pytest.fixture
def overpaid(session: CheckoutSession, sandbox: Sandbox) -> CheckoutSession:
    """49.00 USD was asked for and 73.50 came, in USDC."""
    return sandbox.play(session, "over", asset="USDC")


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (None, "Give the amount in USD, above zero."),
        (Decimal("0.00"), "Give the amount in USD, above zero."),
        (Decimal("-0.01"), "Give the amount in USD, above zero."),
        (Decimal("0.011"), "USD has no such small unit."),
        (Decimal("73.51"), "Of this asset only 73.50 USD is left."),
    ],
)
def test_an_amount_that_cannot_go_back_is_refused(overpaid: CheckoutSession, amount: Decimal | None, said: str) -> None:
    with pytest.raises(WrongRefund) as refused:
        prepared(overpaid, kind="amount", amount=amount)
    assert (refused.value.detail, refused.value.attr) == (said, "amount")


@pytest.mark.parametrize(("amount", "units"), [("0.01", 10_000), ("73.49", 73_490_000), ("73.50", 73_500_000)])
def test_an_amount_up_to_all_that_arrived_can(overpaid: CheckoutSession, amount: str, units: int) -> None:
    assert prepared(overpaid, kind="amount", amount=Decimal(amount)).amount_units == units


def test_less_than_the_smallest_unit_of_the_asset_cannot_go_back(overpaid: CheckoutSession) -> None:
    overpaid.payments.update(decimals=0, amount_units=2)  # each is worth 36.75 USD
    with pytest.raises(WrongRefund, match="less than the smallest unit of the asset"):
        prepared(overpaid, kind="amount", amount=Decimal("36.74"))
    assert prepared(overpaid, kind="amount", amount=Decimal("36.75")).amount_units == 1


@pytest.mark.parametrize(("units", "first"), [(48_490_000, "refunded"), (48_500_000, "accept"), (49_000_000, "accept")])
def test_a_wrong_asset_worth_the_price_less_the_tolerance_is_suggested_to_be_accepted(
    new_session: Callable[..., CheckoutSession], sandbox: Sandbox, units: int, first: str
) -> None:
    session = new_session(allowedAssets=["USDC"])
    CheckoutSession.objects.filter(pk=session.pk).update(tolerance_percent=2, tolerance_amount=Decimal("0.50"))
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    contract = network("sandbox").assets["USDT"].contract
    send(recipient=session.deposit.address, contract=contract, amount_units=units, now=timezone.now())
    case = case_of(sandbox.wait(4, session))
    assert case
    assert case.answers[0] == first


@pytest.mark.parametrize(
    ("before", "amount", "first", "said"),
    [
        ("", "49", "accept", "Worth 49.00 USD when it came: it covers the price."),
        ("", "40", "refunded", "Worth 40.00 USD when it came: it does not cover the price."),
        ("short", "4.90", "accept", "Worth 4.90 USD when it came: it covers what was missing of the price."),
        ("short", "4", "refunded", "Worth 4.00 USD when it came: it does not cover what was missing of the price."),
        ("exact", "49", "refunded", "Worth 49.00 USD when it came: the order lacks nothing without it."),
        ("elsewhere", "49", "refunded", "Worth 49.00 USD when it came: the order lacks nothing without it."),
    ],
)
def test_a_wrong_asset_is_suggested_to_be_accepted_for_what_the_order_lacks(
    new_session: Callable[..., CheckoutSession], sandbox: Sandbox, before: str, amount: str, first: str, said: str
) -> None:
    session = new_session(allowedAssets=["USDC"])
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    if before == "elsewhere":
        CheckoutSession.objects.filter(pk=session.pk).update(order_paid_by="cs_another")
    elif before:
        sandbox.play(session, before)
    sandbox.send_to(session.deposit.address, amount, asset="USDT")
    session = refreshed(session)
    case = case_of(session)
    assert case
    assert (case.issue, case.answers[0], explained(session)) == ("wrong_asset", first, (said,))


def test_of_an_order_that_another_session_paid_too_little_is_suggested_to_go_back(
    session: CheckoutSession, sandbox: Sandbox
) -> None:
    short = sandbox.play(session, "late_short")
    CheckoutSession.objects.filter(pk=short.pk).update(order_paid_by="cs_another")
    case = case_of(refreshed(short))
    assert case
    assert (case.issue, case.answers) == ("late", ("refunded", "accept", "write_off"))


def test_what_has_waited_longest_is_collected_first(
    mia: Merchant, new_session: Callable[..., CheckoutSession], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.collecting.collecting.MAX_DEPOSITS", 2)
    played = [sandbox.play(new_session(), "exact", asset="USDC") for _ in range(3)]
    by_name = sorted(played, key=lambda session: session.public_id)
    for hours, session in enumerate(by_name, 1):
        was = timezone.now() - timedelta(hours=hours)
        session.payments.update(confirmed_at=was, first_confirmed_at=was)
    conditions = Conditions(gas_price_wei=1, factory_deployed=True)
    made = plan(merchant=mia, mode="test", network=network("sandbox"), assets=["USDC"], conditions=conditions)
    [call] = made.calls
    assert salts_in(call) == [keccak(session.public_id.encode()) for session in (by_name[2], by_name[1])]
    assert made.left_over == 1
