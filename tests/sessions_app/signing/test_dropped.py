"""What was signed and seen, and is gone from the chain: the same is brought anew, and nothing else in its time."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chains_app.models import ScanCursor
from sessions_app.errors import AnotherSigned, WrongSignature
from sessions_app.models import Authorization, CheckoutSession, Payment
from sessions_app.paying import signed as signed_rows
from sessions_app.signing import kept
from sessions_app.signing.asked import again
from sessions_app.signing.settling import SignedPayment, settle
from tests.facilitator import PAT, TX_HASH, Facilitator
from tests.sessions_app.signing.buyer import OTHER, settled, signed
from tests.sessions_app.signing.test_signing_edges import arrived
from tests.sessions_app.signing.test_x402 import call, payment
from tests.strangers.world import own


def drop() -> None:
    """The chain does no longer show any payment."""
    own(Payment).update(vanished_at=timezone.now(), times_vanished=1)


def bring(session: CheckoutSession, given: SignedPayment) -> Authorization:
    return settle(again(session), given, now=timezone.now())


@pytest.fixture
def given(quoted: CheckoutSession, fresh_limits: None) -> SignedPayment:
    """Brought and seen, by another transaction than the facilitator named, and dropped."""
    signature = signed(quoted)
    arrived(bring(quoted, signature))
    drop()
    return signature


@pytest.mark.parametrize("is_noticed", [False, True], ids=["at once", "closed before"])
def test_the_same_again_is_brought_anew_and_once(
    quoted: CheckoutSession, given: SignedPayment, facilitator: Facilitator, is_noticed: bool
) -> None:
    if is_noticed:
        own(Payment).update(vanished_at=None)
        kept.close_what_is_over(again(quoted), now=timezone.now())
        assert own(Authorization).get().over_at
        drop()
    for _ in range(2):
        row = bring(quoted, given)
        assert (row.stage, row.tx_hash, row.over_at, facilitator.times("/settle")) == ("settled", TX_HASH, None, 2)
    drop()
    bring(quoted, given)
    assert (facilitator.times("/settle"), own(Authorization).count()) == (3, 1)
    row = own(Authorization).get()
    assert row.settled_at
    for at, is_gone in ((row.settled_at, True), (row.settled_at - timedelta(microseconds=1), False)):
        own(Payment).update(vanished_at=at)
        assert kept.is_dropped(row, again(quoted)) == is_gone


@pytest.mark.parametrize("written", ["settled_at", "over_at"])
def test_one_that_somebody_else_wrote_to_since_it_was_read_is_not_opened_again(
    quoted: CheckoutSession, given: SignedPayment, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    own(Payment).update(vanished_at=timezone.now() + timedelta(hours=1))

    def meanwhile(_: object) -> None:
        own(Authorization).update(**{written: timezone.now()})

    monkeypatch.setattr(signed_rows, "read_until", meanwhile)
    kept.close_what_is_over(again(quoted), now=timezone.now())
    assert own(Authorization).get().stage == "settled"


def test_the_page_asks_for_the_same_and_says_so(quoted: CheckoutSession, given: SignedPayment) -> None:
    page = f"/pay/{quoted.page_token}"
    said = Client().get(page, {"again": "1"}).content.decode()
    assert "Your signed payment was handed over" in said
    assert "you can send again" not in said
    asked = Client().get(f"{page}/to-sign", {"sender": PAT.address}).json()["typedData"]["message"]
    assert asked["nonce"] == "0x" + given.transfer.nonce.hex()


def test_a_program_is_told_of_no_transaction_and_sends_the_same_again(
    quoted: CheckoutSession, facilitator: Facilitator
) -> None:
    header = payment(quoted)
    call(quoted, header)
    arrived(own(Authorization).get(), tx_hash=TX_HASH)
    drop()
    waiting = call(quoted)
    assert (waiting.status_code, waiting.json()["transaction"]) == (202, None)
    assert (call(quoted, header).status_code, facilitator.times("/settle")) == (200, 2)
    assert call(quoted).json()["transaction"] == TX_HASH


@pytest.mark.parametrize("wallet", [PAT, OTHER], ids=["hers", "another's"])
def test_beside_another_one_that_is_under_way_it_waits(
    quoted: CheckoutSession, given: SignedPayment, facilitator: Facilitator, wallet: Any
) -> None:
    first = own(Authorization).get()
    own(Authorization).update(over_at=timezone.now())
    later = {"nonce": "0x" + "77" * 32, "sender": OTHER.address, "amount_units": 1, "valid_before": first.valid_before}
    Authorization.objects.create(session=quoted, network="devchain", asset="USDC", stage="settling", **later)
    with pytest.raises(AnotherSigned, match="may still be used until"):
        settled(again(quoted), wallet=wallet)
    assert facilitator.times("/settle") == 1


def test_past_its_time_it_was_not_brought_and_another_may_be(
    quoted: CheckoutSession, given: SignedPayment, facilitator: Facilitator
) -> None:
    now = timezone.now()
    own(Authorization).update(valid_before=now - timedelta(minutes=3), over_at=now)
    ScanCursor.objects.create(network="devchain", block_number=9, block_hash="0x1", head=9, scanned_at=now)
    with pytest.raises(WrongSignature, match="Its time is over"):
        settle(again(quoted), given, now=now + timedelta(minutes=5))
    assert settled(again(quoted)).nonce != "0x" + given.transfer.nonce.hex()
