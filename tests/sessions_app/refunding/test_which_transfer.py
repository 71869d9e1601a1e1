"""Which transfer is the refund: the one that a wallet or a person named; amount and address only suggest."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from chains_app.models import ScanCursor
from chains_app.networks.networks import network
from chains_app.reading.reader import Transfer
from chains_app.sandbox.chain import send
from chains_app.sandbox.reader import SandboxReader
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Refund
from sessions_app.refunding import told
from sessions_app.refunding.matching import candidates_of
from sessions_app.refunding.refunds import play_refund, withdraw_refund
from sessions_app.refunding.told import RefundNotOpen, look_for_told, tell_transaction
from sessions_app.refunding.watch import place_refunds
from sessions_app.selling.creation import create_session
from tests.cast import MIAS_WALLET, OTTOS_WALLET, PATS_WALLET, agreed
from tests.desk import Desk
from tests.locks.stage import transfer_to
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox, events_of
from tests.sessions_app.refunding.test_refunds import prepared
from tests.strangers.world import own

SANDBOX = network("sandbox")
USDC = SANDBOX.assets["USDC"].contract
HALF = 24_500_000


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """Half as much again was paid, in USDC."""
    return play_once("over", asset="USDC")


@pytest.fixture
def session(played: Played, sandbox: Sandbox) -> CheckoutSession:
    """That session."""
    return played.session_again()


@pytest.fixture
def mias(session: CheckoutSession) -> Refund:
    """Mia owes Pat 24.50 too much."""
    return prepared(session)


@pytest.fixture
def ottos(sandbox: Sandbox, mias: Refund, otto: Merchant) -> Refund:
    """So does Otto, since a moment later."""
    theirs = create_session(merchant=otto, mode="test", terms=agreed())
    return prepared(sandbox.play(theirs, "over", asset="USDC"))


def somebody_sends(units: int = HALF, **how: Any) -> str:
    return send(recipient=PATS_WALLET, contract=USDC, amount_units=units, now=timezone.now(), **how).tx_hash


def now(refund: Refund) -> Refund:
    return Refund.objects.get(pk=refund.pk)


def test_of_two_businesses_that_owe_the_same_the_one_whose_wallet_sent_it_has_sent_it(
    sandbox: Sandbox, mias: Refund, ottos: Refund
) -> None:
    play_refund(ottos, now=timezone.now())
    sandbox.wait(4, ottos.session)
    assert (now(mias).status, now(ottos).status) == ("prepared", "confirmed")
    assert candidates_of(now(mias)) == []


def test_a_strangers_transfer_settles_nothing_and_is_asked_about(
    sandbox: Sandbox, mias: Refund, session: CheckoutSession, desk: Desk, otto: Merchant
) -> None:
    session.merchant.treasuries.filter(mode="live").update(address=OTTOS_WALLET)  # which is Otto's in test mode, too
    tx_hash = somebody_sends(sender=OTTOS_WALLET)
    sandbox.wait(4, session)
    assert (now(mias).status, [each.tx_hash for each in candidates_of(now(mias))]) == ("prepared", [tx_hash])
    page = f"sessions/{session.public_id}/refund/{mias.public_id}"
    Refund.objects.filter(pk=mias.pk).update(network="devchain")  # on the sandbox there is a button for it
    assert tx_hash in desk.read(page)
    Refund.objects.filter(pk=mias.pk).update(network="sandbox")
    desk.post(page, act="sent", tx_hash=tx_hash)
    look_for_told(SANDBOX, SandboxReader(SANDBOX))
    sandbox.wait(4, session)
    assert (now(mias).status, now(mias).tx_hash) == ("confirmed", tx_hash)


def test_what_the_business_own_treasury_sends_is_noticed_by_itself(
    sandbox: Sandbox, mias: Refund, session: CheckoutSession
) -> None:
    somebody_sends(sender=MIAS_WALLET)
    sandbox.wait(4, session)
    assert now(mias).status == "confirmed"


def test_one_treasury_that_owes_the_same_twice_is_asked_which_it_was(
    sandbox: Sandbox, mias: Refund, ottos: Refund
) -> None:
    """Otto's business has the same wallet as Mia's."""
    ottos.session.merchant.treasuries.update(address=MIAS_WALLET)
    somebody_sends(sender=MIAS_WALLET)
    sandbox.wait(4, mias.session)
    for refund in (now(mias), now(ottos)):
        assert (refund.status, len(candidates_of(refund))) == ("prepared", 1)


def test_the_hash_is_found_in_a_block_that_was_read_before_it_was_told(
    sandbox: Sandbox, mias: Refund, session: CheckoutSession
) -> None:
    tx_hash = somebody_sends()
    sandbox.wait(2, session)
    tell_transaction(now(mias), tx_hash.upper().replace("0X", "0x"), actor="mia@example.com")
    sandbox.wait(2, session)
    assert now(mias).status == "prepared"
    look_for_told(SANDBOX, SandboxReader(SANDBOX))
    assert now(mias).status == "seen"


def test_hashes_that_are_in_no_block_keep_nobody_waiting(
    sandbox: Sandbox, mias: Refund, ottos: Refund, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "MOST_TOLD", 1)
    tx_hash = somebody_sends()
    sandbox.wait(2, ottos.session)
    tell_transaction(mias, "0x" + "ab" * 32, actor="mia@example.com")
    tell_transaction(ottos, tx_hash, actor="otto@example.com")
    for _ in range(40):
        look_for_told(SANDBOX, SandboxReader(SANDBOX))
    assert (now(mias).status, now(ottos).status) == ("prepared", "seen")


def test_where_no_block_was_ever_read_nothing_that_was_told_is_looked_at(
    sandbox: Sandbox, mias: Refund, session: CheckoutSession
) -> None:
    tx_hash = somebody_sends()
    sandbox.wait(2, session)
    said = tell_transaction(mias, tx_hash, actor="mia@example.com")
    ScanCursor.objects.filter(pk="sandbox").delete()
    look_for_told(SANDBOX, SandboxReader(SANDBOX))
    assert (now(mias).status, now(mias).told_tx, now(mias).told_problem) == ("prepared", said.told_tx, "")


@pytest.mark.parametrize("units", [HALF - 1, HALF + 1])
def test_a_transaction_that_sends_something_else_is_refused_with_a_sentence(
    sandbox: Sandbox, mias: Refund, session: CheckoutSession, units: int
) -> None:
    ten = prepared(session, kind="amount", amount=Decimal(10))
    tx_hash = somebody_sends(units)
    for refund in (mias, ten):
        tell_transaction(refund, tx_hash, actor="mia@example.com")
    sandbox.wait(2, session)
    look_for_told(SANDBOX, SandboxReader(SANDBOX))
    assert now(mias).status == "prepared"
    for refund, amount in ((mias, "24.5"), (ten, "10")):
        assert now(refund).told_problem.startswith(f"This transaction sends no {amount} USDC to {PATS_WALLET}")


def test_one_of_which_something_else_was_told_takes_nothing_that_an_equal_one_may_be(
    sandbox: Sandbox, mias: Refund, session: CheckoutSession
) -> None:
    equal = prepared(session, kind="amount", amount=Decimal("24.50"))
    tell_transaction(mias, somebody_sends(HALF + 1), actor="mia@example.com")
    somebody_sends(sender=MIAS_WALLET)
    sandbox.wait(2, session)
    look_for_told(SANDBOX, SandboxReader(SANDBOX))
    assert (now(mias).status, now(equal).status) == ("prepared", "prepared")
    assert now(mias).told_problem


def test_what_was_told_while_the_chain_was_asked_is_not_refused_for_what_was_told_before(
    sandbox: Sandbox, mias: Refund, session: CheckoutSession
) -> None:
    tell_transaction(mias, somebody_sends(HALF + 1), actor="mia@example.com")
    sandbox.wait(2, session)

    class Meanwhile(SandboxReader):
        def transfers(self, *asked: Any, **how: Any) -> list[Transfer]:
            tell_transaction(now(mias), "0x5", actor="mia@example.com")
            return super().transfers(*asked, **how)

    look_for_told(SANDBOX, Meanwhile(SANDBOX))
    assert (now(mias).told_tx, now(mias).told_problem) == ("0x5", "")


def test_one_transaction_told_for_two_refunds_settles_one(sandbox: Sandbox, mias: Refund, ottos: Refund) -> None:
    tx_hash = somebody_sends()
    for refund in (ottos, mias):
        tell_transaction(refund, tx_hash, actor="somebody")
    sandbox.wait(4, mias.session)
    look_for_told(SANDBOX, SandboxReader(SANDBOX))
    assert sorted([now(mias).status, now(ottos).status]) == ["confirmed", "prepared"]
    other = next(each for each in (now(mias), now(ottos)) if each.status == "prepared")
    assert "another refund already" in other.told_problem


def test_the_database_refuses_one_movement_for_two_refunds(mias: Refund, ottos: Refund) -> None:
    place = {"tx_hash": "0x05", "log_index": 1}
    Refund.objects.filter(pk=mias.pk).update(**place)
    with pytest.raises(IntegrityError, match="one_refund_per_movement"), transaction.atomic():
        Refund.objects.filter(pk=ottos.pk).update(**place)


@pytest.fixture
def slow_clock(mias: Refund) -> dict[str, Any]:
    """Of a chain whose clock is hours behind ours."""
    block = (mias.prepared_block or 0) + 1
    return {
        "recipient": PATS_WALLET,
        "amount_units": HALF,
        "block_number": block,
        "block_time": timezone.now() - timedelta(hours=5),
    }


def test_a_refund_is_recognised_on_a_chain_whose_clock_is_hours_behind(
    mias: Refund, session: CheckoutSession, slow_clock: dict[str, Any]
) -> None:
    sent = replace(transfer_to(session, "1"), **slow_clock)
    told = tell_transaction(mias, sent.tx_hash, actor="mia@example.com")
    place_refunds(SANDBOX, [told], [sent], gone=(), now=timezone.now())
    assert now(mias).status == "seen"


def test_what_was_sent_long_before_is_not_it(
    mias: Refund, session: CheckoutSession, slow_clock: dict[str, Any]
) -> None:
    sent = replace(transfer_to(session, "1"), **slow_clock | {"block_number": mias.prepared_block})
    place_refunds(SANDBOX, [mias], [sent], gone=(), now=timezone.now())
    assert candidates_of(now(mias)) == []
    told = tell_transaction(mias, sent.tx_hash, actor="mia@example.com")
    place_refunds(SANDBOX, [told], [sent], gone=(), now=timezone.now())
    assert now(mias).status == "prepared"


def test_a_told_transaction_that_is_withdrawn_and_mined_all_the_same_counts(
    sandbox: Sandbox, mias: Refund, session: CheckoutSession
) -> None:
    play_refund(mias, now=timezone.now())
    assert withdraw_refund(mias, actor="mia@example.com", now=timezone.now())
    with pytest.raises(RefundNotOpen, match="is withdrawn"):
        tell_transaction(mias, "0x" + "1" * 64, actor="mia@example.com")
    sandbox.wait(4, session)
    assert now(mias).status == "confirmed"
    assert not withdraw_refund(now(mias), actor="mia@example.com", now=timezone.now())


def test_every_move_is_told(sandbox: Sandbox, mias: Refund, session: CheckoutSession) -> None:
    assert events_of(session)[-2:] == ["refund.created", "refund.prepared"]
    play_refund(mias, now=timezone.now())
    after = sandbox.wait(4, session)
    assert events_of(after)[-3:] == ["refund.seen", "refund.confirmed", "issue_resolved"]
    assert own(Refund).get().status == "confirmed"
