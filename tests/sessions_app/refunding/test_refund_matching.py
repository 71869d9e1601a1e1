"""Which money went back: each refund counted once, each transfer taken for one refund, and no more settled by it."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from chains_app.networks.networks import all_networks, network
from chains_app.receiving.deposits import checked_address
from chains_app.sandbox.chain import send
from merchants_app.models import AuditEntry, Merchant
from sessions_app.errors import WrongRefund
from sessions_app.models import CheckoutSession, Refund
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import choose_option
from sessions_app.reading.queries import session_for_buyer
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.matching import candidates_of
from sessions_app.refunding.refundable import arrived, excess
from sessions_app.refunding.refunds import play_refund
from sessions_app.selling.creation import create_session
from sessions_app.state.representation import represent
from sessions_app.status import DecisionKind
from tests.cast import MIAS_WALLET, PATS_WALLET, agreed, refreshed
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox, events_of
from tests.sessions_app.refunding.test_refundable import TX, pay
from tests.sessions_app.refunding.test_refunds import prepared

NO_WALLET = "That is not a wallet of yours"


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """Half as much again was paid, in USDC."""
    return play_once("over", asset="USDC")


@pytest.fixture
def overpaid(played: Played, sandbox: Sandbox) -> CheckoutSession:
    """That session."""
    return played.session_again()


def left(session: CheckoutSession) -> dict[str, int]:
    """What could still go back, in base units."""
    return {balance.asset: int(balance.units) for balance in arrived(session)}


def paid_in_parts(sandbox: Sandbox, session: CheckoutSession, *parts: tuple[str, int]) -> CheckoutSession:
    """One payment after the other, each confirmed before the next."""
    sandbox.play(session, "unlisted_token", asset=parts[0][0])  # which only picks
    for asset, units in parts:
        pay(session, asset, units)
        session = sandbox.wait(4, session)
    return session


def test_a_refund_that_the_chain_showed_counts_once_though_a_decision_names_it_too(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    late = sandbox.play(session, "late_short", asset="USDC")
    play_refund(prepared(late, kind="full"), now=timezone.now())
    after = sandbox.wait(4, session)
    assert (after.decisions.get().kind, left(after)) == ("refunded", {})
    pay(session, "USDC", 10_000_000)
    after = sandbox.wait(4, session)
    assert left(after) == {"USDC": 10_000_000}
    assert prepared(after, kind="full").amount_units == 10_000_000


def test_of_what_was_sent_back_by_hand_for_two_payments_each_unit_counts_once(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    over = paid_in_parts(sandbox, session, ("USDC", 40_000_000), ("USDC", 33_500_000))
    assert (over.issue, excess(over)) == ("overpaid", Decimal("24.5"))
    after = decide(session=over, kind=DecisionKind.REFUNDED, actor="mia", tx_hash=TX)
    assert left(after) == {"USDC": 49_000_000}
    assert excess(after) == 0


def test_what_was_sent_back_by_hand_is_taken_from_the_newest_payment(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    over = paid_in_parts(sandbox, session, ("USDC", 40_000_000), ("USDT", 33_500_000))
    after = decide(session=over, kind=DecisionKind.REFUNDED, actor="mia", tx_hash=TX)
    assert left(after) == {"USDC": 40_000_000, "USDT": 9_000_000}


def test_what_was_sent_back_by_hand_is_no_more_than_the_payments_it_is_about(
    sandbox: Sandbox, session: CheckoutSession
) -> None:
    over = paid_in_parts(sandbox, session, ("USDC", 40_000_000), ("USDT", 20_000_000), ("USDT", 30_000_000))
    assert over.issue == "paid_twice"
    after = decide(session=over, kind=DecisionKind.REFUNDED, actor="mia", tx_hash=TX)
    # 41 too much, 30 of it came again; the rest of the excess is not what the decision was about.
    assert left(after) == {"USDC": 40_000_000, "USDT": 20_000_000}
    assert excess(after) == 11


def test_what_goes_back_later_makes_what_went_back_by_hand_no_less(sandbox: Sandbox, overpaid: CheckoutSession) -> None:
    """24.50 too much went by hand; 10 of the price go later: 34.50 are back, 39 stay."""
    decide(session=overpaid, kind=DecisionKind.REFUNDED, actor="mia", tx_hash=TX)
    sandbox.skip(seconds=1)
    play_refund(prepared(overpaid, kind="amount", amount=Decimal(10)), now=timezone.now())
    after = sandbox.wait(4, overpaid)
    told = represent(after)
    assert (told.amount_refunded, told.amount_net, left(after)) == (Decimal("34.5"), 39, {"USDC": 39_000_000})


def test_what_was_on_its_way_back_when_it_was_decided_is_not_in_it(sandbox: Sandbox, overpaid: CheckoutSession) -> None:
    """Of 24.50 too much 10 were signed: by hand went 14.50, and then the chain shows the 10."""
    play_refund(prepared(overpaid, kind="amount", amount=Decimal(10)), now=timezone.now())
    after = decide(session=overpaid, kind=DecisionKind.REFUNDED, actor="mia", tx_hash=TX)
    assert represent(after).amount_refunded == Decimal("14.5")
    assert represent(sandbox.wait(4, overpaid)).amount_refunded == Decimal("24.5")


def test_an_equal_transfer_leaves_a_refund_where_it_was_seen(sandbox: Sandbox, large_session: CheckoutSession) -> None:
    refund = prepared(sandbox.play(large_session, "late_short", seconds=7, asset="USDC"), kind="full")
    play_refund(refund, now=timezone.now())
    sandbox.wait(1, large_session)
    refund.refresh_from_db()
    place = refund.tx_hash, refund.log_index, refund.block_number
    assert (refund.confirmed_at, refund.seen_at is None) == (None, False)
    usdc = network("sandbox").assets["USDC"].contract
    units = int(refund.amount_units)
    send(recipient=PATS_WALLET, contract=usdc, amount_units=units, now=timezone.now(), tx_hash="0x" + "0" * 64)
    sandbox.wait(1, large_session)
    refund.refresh_from_db()
    assert (refund.tx_hash, refund.log_index, refund.block_number) == place
    sandbox.wait(3, large_session)
    refund.refresh_from_db()
    assert (refund.tx_hash, refund.confirmed_at is None) == (place[0], False)


def test_a_refund_is_done_once_however_long_it_is_looked_at(sandbox: Sandbox, overpaid: CheckoutSession) -> None:
    play_refund(prepared(overpaid), now=timezone.now())
    after = sandbox.wait(4, overpaid)
    before = events_of(after), after.timeline.count(), after.decisions.count()
    sandbox.wait(3, overpaid)
    assert (events_of(after), after.timeline.count(), after.decisions.count()) == before
    assert AuditEntry.objects.filter(action="refund.done", subject=overpaid.public_id).count() == 1


def test_a_large_refund_is_final_with_its_second_block_and_not_before(
    sandbox: Sandbox, large_session: CheckoutSession
) -> None:
    refund = prepared(sandbox.play(large_session, "late_short", seconds=7), kind="full")
    play_refund(refund, now=timezone.now())
    sandbox.wait(1, large_session)
    sandbox.look()  # as often as one likes: there is one block
    refund.refresh_from_db()
    assert (refund.seen_at is None, refund.confirmed_at) == (False, None)
    sandbox.skip(seconds=1)
    sandbox.look()
    refund.refresh_from_db()
    assert refund.confirmed_at


@pytest.mark.parametrize("asset", ["USDT", "ETH"])
def test_as_many_units_of_another_asset_are_not_the_refund(
    sandbox: Sandbox, overpaid: CheckoutSession, asset: str
) -> None:
    refund = prepared(overpaid)
    contract = network("sandbox").assets[asset].contract
    send(recipient=PATS_WALLET, contract=contract, amount_units=24_500_000, now=timezone.now())
    sandbox.wait(3, overpaid)
    refund.refresh_from_db()
    assert (refund.seen_at, refund.tx_hash) == (None, "")


@pytest.mark.parametrize(("seconds_before", "is_it"), [(5, False), (0, True)])
def test_what_the_merchant_had_sent_before_is_not_the_refund(
    sandbox: Sandbox, overpaid: CheckoutSession, seconds_before: int, *, is_it: bool
) -> None:
    """Blocks of before it was prepared may be read after that."""
    usdc = network("sandbox").assets["USDC"].contract
    send(recipient=PATS_WALLET, contract=usdc, amount_units=24_500_000, now=timezone.now(), sender=MIAS_WALLET)
    sandbox.skip(seconds=seconds_before)
    refund = prepared(overpaid)
    sandbox.wait(3, overpaid)
    refund.refresh_from_db()
    assert (refund.seen_at is not None) == is_it
    assert len(candidates_of(refund)) == (0 if is_it else 1)  # it may be, by a clock that differs: a person knows


@pytest.mark.parametrize("more", [10**15, None])
def test_a_refund_that_came_after_the_issue_changed_is_noted_and_decides_nothing(
    sandbox: Sandbox, session: CheckoutSession, more: int | None
) -> None:
    """Other money came meanwhile, or the merchant had decided by hand before the chain showed the refund."""
    late = sandbox.play(session, "late_short", asset="USDC")
    refund = prepared(late, kind="full")
    if more:
        pay(session, "ETH", more)
        sandbox.wait(4, session)
    else:
        decide(session=late, kind=DecisionKind.WRITE_OFF, actor="mia@example.com")
    before = events_of(session)
    play_refund(refund, now=timezone.now())
    after = sandbox.wait(4, session)
    assert Refund.objects.get(pk=refund.pk).confirmed_at
    assert (after.issue, after.needs_decision) == ("late", bool(more))
    assert [each.kind for each in after.decisions.all()] == ([] if more else ["write_off"])
    assert after.timeline.order_by("id").last().reason == "44.1 USDC went back to the buyer."
    assert events_of(after) == [*before, "refund.seen", "refund.confirmed"]


TOKENS = sorted({asset.contract for each in all_networks().values() for asset in each.assets.values()} - {None})
NOBODYS = [
    "0xed1E88FA62fcB07CBcA00Fd4682f0A27587b9bc0",  # the factory of docs/receiving.md
    "0xdE28b0E46Db667976DB1aA509589234F686E9E33",  # what its deposits run
    "0x4e59b44847b379578588920cA78FbF26c0B4956C",  # the proxy that deploys it
    "0x000000000000000000000000000000000000dEaD",
    f"0x{1:040x}",
    f"0x{0xFFFF:040x}",
]


@pytest.mark.parametrize("addresses", [TOKENS, NOBODYS], ids=["tokens' contracts", "nobody's"])
def test_where_money_is_lost_is_no_refund_address(
    sandbox: Sandbox, session: CheckoutSession, addresses: list[str]
) -> None:
    """In whatever case it is written; a token's contract also of a network that the session was not paid on."""
    paid = sandbox.play(session, "over")
    assert len(addresses) >= 6
    for address in addresses:
        for spelled in (checked_address(address), address.lower()):
            with pytest.raises(WrongRefund, match=NO_WALLET) as refused:
                leave_address(paid, spelled)
            assert refused.value.attr == "address"
    assert refreshed(session).refund_address == ""


@pytest.mark.parametrize("whose", ["treasury", "deposit", "another order's deposit"])
def test_money_is_not_sent_round_in_a_circle(
    sandbox: Sandbox, new_session: Callable[..., CheckoutSession], whose: str
) -> None:
    session, other = new_session(), new_session()
    paid = session_for_buyer(sandbox.play(session, "over").page_token)
    sandbox.play(other, "exact")
    address = {"treasury": MIAS_WALLET, "deposit": paid.deposit.address}.get(whose, refreshed(other).deposit.address)
    with pytest.raises(WrongRefund, match=NO_WALLET):
        leave_address(paid, address)


@pytest.mark.parametrize(("whose", "mode"), [("otto", "test"), ("mia", "live")])
def test_the_deposit_of_another_shop_or_mode_is_nothing_that_is_told(
    sandbox: Sandbox, session: CheckoutSession, mia: Merchant, otto: Merchant, whose: str, mode: str
) -> None:
    """Whoever tries addresses learns nothing of other businesses."""
    other = create_session(merchant={"mia": mia, "otto": otto}[whose], mode="test", terms=agreed())
    choose_option(session=other, asset="USDC", network="sandbox", now=timezone.now())
    CheckoutSession.objects.filter(pk=other.pk).update(mode=mode)
    address = refreshed(other).deposit.address
    assert leave_address(sandbox.play(session, "over"), address).refund_address == address


def test_what_is_no_address_is_told_from_what_is_no_wallet(sandbox: Sandbox, session: CheckoutSession) -> None:
    paid = sandbox.play(session, "over")
    for address, reason in (
        ("", "starts with 0x"),
        ("0x12", "40 characters"),
        ("0x" + "0" * 40, "zero address"),
        (PATS_WALLET.replace("A", "a", 1), "checksum"),
    ):
        with pytest.raises(WrongRefund, match=reason):
            leave_address(paid, address)
