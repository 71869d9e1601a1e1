"""Refunds without keys: the buyer says where to, the merchant prepares and signs, the watcher sees it done."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chains_app.models import SandboxTransfer
from chains_app.sandbox.chain import send, take_back
from merchants_app.models import AuditEntry, Member, Merchant
from sessions_app.errors import NothingToRefund, WrongRefund
from sessions_app.models import CheckoutSession, Refund
from sessions_app.reading.queries import session_for_buyer
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.refunds import play_refund, prepare_refund, refund_call, withdraw_refund
from sessions_app.refunding.told import tell_transaction
from sessions_app.refunding.wishes import InAsset, Wish, Worth
from sessions_app.status import RefundKind, RefundRate
from sessions_app.watching.sightings import take_in
from tests.cast import MIAS_WALLET, PATS_WALLET
from tests.desk import Desk
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox, events_of
from tests.strangers.world import own


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """Half as much again was paid, in USDC."""
    return play_once("over", asset="USDC")


@pytest.fixture
def overpaid(played: Played, sandbox: Sandbox) -> CheckoutSession:
    """That session."""
    return played.session_again()


def prepared(session: CheckoutSession, kind: str = "excess", **changes: Any) -> Refund:
    """A refund to Pat's wallet, ready to be signed."""
    session = leave_address(session_for_buyer(session.page_token), PATS_WALLET)
    what = changes.pop("what", None) or Worth(RefundKind(kind), changes.pop("amount", None))
    wish = Wish(**{"network": "sandbox", "asset": session.quote.asset, "what": what} | changes)
    return prepare_refund(session=session, wish=wish, actor="mia@example.com", now=timezone.now())


def test_the_excess_goes_back_and_settles_the_issue_once_the_chain_shows_it(
    sandbox: Sandbox, overpaid: CheckoutSession
) -> None:
    refund = prepared(overpaid)
    assert refund.amount_units == 24_500_000
    play_refund(refund, now=timezone.now())
    after = sandbox.wait(4, overpaid)
    refund.refresh_from_db()
    assert refund.confirmed_at
    assert (after.status, after.issue, after.needs_decision) == ("completed", "overpaid", False)
    assert events_of(after)[-1] == "issue_resolved"
    assert after.decisions.get().tx_hash == refund.tx_hash


def test_all_that_arrived_goes_back_to_the_unit(sandbox: Sandbox, session: CheckoutSession) -> None:
    late = sandbox.play(session, "late_short", asset="ETH")
    assert prepared(late, kind="full").amount_units == late.payments.get().amount_units


def test_an_amount_at_todays_rate(sandbox: Sandbox, overpaid: CheckoutSession) -> None:
    refund = prepared(overpaid, what=Worth(RefundKind.AMOUNT, Decimal("10.00"), RefundRate.TODAY))
    assert refund.amount_units == 10_000_000


def test_an_amount_of_the_asset_goes_back_as_it_is_given(sandbox: Sandbox, session: CheckoutSession) -> None:
    """Whatever the asset costs: at the rate at which it was paid it would be a third of a unit less."""
    over = sandbox.play(session, "over", asset="ETH")
    over.payments.update(value=Decimal("91.333333333333333333"))
    amount = Decimal("0.000000000000000003")
    part = prepared(over, what=InAsset(amount))
    assert (part.amount_units, part.rate_basis) == (3, "paid")
    rest = over.payments.get().amount_units - 3
    whole = prepared(over, what=InAsset(rest.scaleb(-18)))
    assert (whole.amount_units, whole.value + part.value) == (rest, Decimal("91.333333333333333333"))


@pytest.mark.parametrize(("recipient", "units"), [(PATS_WALLET, 24_499_999), (MIAS_WALLET, 24_500_000)])
def test_another_amount_or_address_is_not_taken_for_the_refund(
    sandbox: Sandbox, overpaid: CheckoutSession, recipient: str, units: int
) -> None:
    refund = prepared(overpaid)
    sent = send(recipient=recipient, contract=refund_call(refund).to, amount_units=units, now=timezone.now())
    tell_transaction(refund, sent.tx_hash, actor="mia@example.com")
    sandbox.wait(4, overpaid)
    assert not own(Refund).get().seen_at


def test_two_refunds_of_one_amount_are_two_transfers(sandbox: Sandbox, overpaid: CheckoutSession) -> None:
    first, second = (prepared(overpaid, kind="amount", amount=Decimal("5.00")) for _ in range(2))
    play_refund(first, now=timezone.now())
    sandbox.wait(4, overpaid)
    assert [bool(each.confirmed_at) for each in own(Refund).order_by("id")] == [True, False]
    play_refund(second, now=timezone.now())
    sandbox.wait(4, overpaid)
    assert len({each.tx_hash for each in own(Refund)}) == 2


def test_a_part_sent_back_settles_nothing_until_the_rest_is_too(sandbox: Sandbox, session: CheckoutSession) -> None:
    late = sandbox.play(session, "late_short", asset="USDC")
    play_refund(prepared(late, kind="amount", amount=Decimal("5.00")), now=timezone.now())
    after = sandbox.wait(4, session)
    assert own(Refund).get().confirmed_at
    assert (after.payment_status, after.issue, after.needs_decision) == ("partial", "late", True)
    assert after.timeline.last().reason == "5 USDC went back to the buyer."
    rest = prepared(late, kind="full")
    assert rest.amount_units == 39_100_000
    play_refund(rest, now=timezone.now())
    after = sandbox.wait(4, session)
    assert (after.payment_status, after.issue, after.needs_decision) == ("refunded", "late", False)


def test_a_large_refund_needs_as_many_blocks_as_a_large_payment(
    sandbox: Sandbox, large_session: CheckoutSession
) -> None:
    refund = prepared(sandbox.play(large_session, "late_short", seconds=7), kind="full")
    play_refund(refund, now=timezone.now())
    for seconds, is_final in ((1, False), (1, True)):
        sandbox.wait(seconds, large_session)
        refund.refresh_from_db()
        assert (refund.block_number is not None, refund.confirmed_at is not None) == (True, is_final)


def test_a_refund_that_was_sent_while_it_was_withdrawn_is_seen(
    sandbox: Sandbox, overpaid: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund = prepared(overpaid)
    play_refund(refund, now=timezone.now())
    sandbox.skip(seconds=1)

    def read_and_withdraw(*args: Any, **options: Any) -> Any:
        withdraw_refund(refund, actor="mia@example.com", now=timezone.now())
        return take_in(*args, **options)

    monkeypatch.setattr("sessions_app.watching.watcher.take_in", read_and_withdraw)
    sandbox.look()
    refund.refresh_from_db()
    assert (refund.seen_at is None, refund.withdrawn_at) == (False, None)


def test_a_refund_settles_only_what_it_was_prepared_for(sandbox: Sandbox, session: CheckoutSession) -> None:
    refund = prepared(sandbox.play(session, "late_short", asset="USDC"), kind="full")
    sandbox.play(session, "late_short")
    play_refund(refund, now=timezone.now())
    after = sandbox.wait(4, session)
    refund.refresh_from_db()
    assert refund.confirmed_at
    assert after.decisions.count() == 0


def test_a_refund_whose_transaction_is_gone_is_looked_for_again(sandbox: Sandbox, overpaid: CheckoutSession) -> None:
    refund = prepared(overpaid)
    play_refund(refund, now=timezone.now())
    sandbox.wait(1, overpaid)
    refund.refresh_from_db()
    assert refund.seen_at
    assert not refund.confirmed_at
    take_back(tx_hash=refund.tx_hash, now=timezone.now())
    sandbox.wait(2, overpaid)
    refund.refresh_from_db()
    assert (refund.seen_at, refund.tx_hash) == (None, "")
    play_refund(refund, now=timezone.now())
    assert not sandbox.wait(4, overpaid).needs_decision


def test_an_address_that_the_buyer_has_changed_meanwhile_is_refused(
    sandbox: Sandbox, overpaid: CheckoutSession
) -> None:
    with pytest.raises(WrongRefund, match="changed the address"):
        prepared(overpaid, shown=MIAS_WALLET)
    assert AuditEntry.objects.filter(action="refund.address", subject=overpaid.public_id).count() == 1


def test_a_withdrawn_refund_is_not_watched_for(sandbox: Sandbox, overpaid: CheckoutSession) -> None:
    refund = prepared(overpaid)
    assert withdraw_refund(refund, actor="mia@example.com", now=timezone.now()) is True
    send(recipient=PATS_WALLET, contract=refund_call(refund).to, amount_units=24_500_000, now=timezone.now())
    sandbox.wait(4, overpaid)
    assert not own(Refund).get().seen_at


def test_a_refund_that_was_seen_cannot_be_withdrawn_any_more(sandbox: Sandbox, overpaid: CheckoutSession) -> None:
    refund = prepared(overpaid)
    play_refund(refund, now=timezone.now())
    sandbox.wait(1, overpaid)
    assert withdraw_refund(refund, actor="mia@example.com", now=timezone.now()) is False
    refund.refresh_from_db()
    assert (refund.seen_at is None, refund.withdrawn_at) == (False, None)
    assert AuditEntry.objects.filter(action="refund.withdrawn").count() == 0


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (None, "Give the amount in USD, above zero"),
        (Decimal(-1), "Give the amount in USD, above zero"),
        (Decimal(0), "Give the amount in USD, above zero"),
        (Decimal("1.001"), "USD has no such small unit"),
        (Decimal("73.51"), r"Of this asset only 73\.50 USD is left"),
        (Decimal(1000), r"Of this asset only 73\.50 USD is left"),
    ],
)
def test_a_wrong_amount_is_named(
    sandbox: Sandbox, session: CheckoutSession, amount: Decimal | None, reason: str
) -> None:
    with pytest.raises(WrongRefund, match=reason) as refused:
        prepared(sandbox.play(session, "over"), kind="amount", amount=amount)
    assert refused.value.attr == "amount"


def test_there_is_no_excess_to_send_back_of_an_exact_payment(sandbox: Sandbox, session: CheckoutSession) -> None:
    with pytest.raises(NothingToRefund, match="No more than the price has arrived"):
        prepared(sandbox.play(session, "exact"))


def test_the_call_is_a_plain_transfer(sandbox: Sandbox, overpaid: CheckoutSession) -> None:
    token = refund_call(prepared(overpaid))
    assert token.data.startswith("0xa9059cbb")
    assert PATS_WALLET[2:].lower() in token.data
    assert int(token.data[-64:], 16) == 24_500_000
    assert token.value == 0


def test_the_call_for_ether_carries_its_value(sandbox: Sandbox, session: CheckoutSession) -> None:
    """24.50 USD too much, at 2,500 USD."""
    call = refund_call(prepared(sandbox.play(session, "over", asset="ETH")))
    assert (call.to, call.data, call.value) == (PATS_WALLET, "0x", 9_800_000_000_000_000)


def test_the_page_tells_a_value_in_units_that_people_write(
    sandbox: Sandbox, session: CheckoutSession, desk: Desk
) -> None:
    refund = prepared(sandbox.play(session, "over", asset="ETH"))
    text = desk.read(f"sessions/{session.public_id}/refund/{refund.public_id}")
    assert '<dt>Value</dt> <dd data-value="9800000000000000"> <bdi class="amount">0.0098 ETH</bdi>' in text


def test_a_refund_waits_until_the_buyer_has_said_where_to(sandbox: Sandbox, overpaid: CheckoutSession) -> None:
    with pytest.raises(WrongRefund, match="has not said where to: send them the refund link") as refused:
        prepare_refund(
            session=overpaid, wish=Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.EXCESS)), actor="mia"
        )
    assert refused.value.attr == "address"
    assert own(Refund).count() == 0


@pytest.mark.parametrize("changed", [{"network": "sepolia"}, {"session__mode": "live"}], ids=["network", "mode"])
def test_only_the_sandboxs_money_is_sent_by_a_click(
    sandbox: Sandbox, overpaid: CheckoutSession, changed: dict[str, str]
) -> None:
    refund = prepared(overpaid)
    sent = SandboxTransfer.objects.count()
    refund.network = changed.get("network", "sandbox")
    refund.session.mode = changed.get("session__mode", "test")
    with pytest.raises(WrongRefund, match="Only the sandbox's money is sent by a click"):
        play_refund(refund, now=timezone.now())
    assert SandboxTransfer.objects.count() == sent


def test_a_buyer_leaves_an_address_on_the_page(sandbox: Sandbox, session: CheckoutSession, client: Client) -> None:
    sandbox.play(session, "over")
    page = f"/pay/{session.page_token}/refund"
    assert client.post(page, {"address": "0x12"}).status_code == 400
    assert client.post(page, {"address": PATS_WALLET}).status_code == 303
    shown = client.get(page).content.decode()
    assert PATS_WALLET in re.sub(r"<[^>]+>|\s", "", shown)  # it stands in groups


def test_the_page_says_when_nothing_arrived(session: CheckoutSession, client: Client) -> None:
    assert b"Nothing to send back" in client.get(f"/pay/{session.page_token}/refund").content
    assert client.get("/pay/cs_unknown/refund").status_code == 404


def test_a_merchant_prepares_and_plays_a_refund(
    sandbox: Sandbox, overpaid: CheckoutSession, client: Client, mia: Merchant, otto: Merchant
) -> None:
    leave_address(overpaid, PATS_WALLET)
    page = f"/dashboard/{mia.public_id}/test/sessions/{overpaid.public_id}/refund"
    client.force_login(Member.objects.get(merchant=mia).user)
    assert b"24.50" in client.get(page).content
    body = {"balance": "sandbox:USDC", "kind": "excess", "rate_basis": "paid", "to_address": PATS_WALLET}
    signing = client.post(page, body).url
    assert b"0xa9059cbb" in client.get(signing).content
    client.post(signing, {"act": "play"})
    sandbox.wait(4, overpaid)
    assert b"Done" in client.get(signing).content
    client.force_login(Member.objects.get(merchant=otto).user)
    for stranger in (client.get(page), client.post(page, body), client.get(signing)):
        assert stranger.status_code == 404
