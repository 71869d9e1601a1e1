"""Signed instead of sent: what is handed to the facilitator, and what never is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from chains_app.calls.authorizations import Authorization as Transfer
from chains_app.calls.authorizations import digest_of, typed_data
from chains_app.networks.networks import network
from chains_app.reading.health import record_problem
from common.errors import DomainError
from sessions_app.errors import (
    FacilitatorUnavailable,
    NetworkUnavailable,
    NotSettled,
    NotToBeSigned,
    OptionUnavailable,
    SessionNotOpen,
    SettlementInDoubt,
    WrongSignature,
)
from sessions_app.models import Authorization, CheckoutSession
from sessions_app.paying.announcing import announced
from sessions_app.signing.asked import again, is_asked
from sessions_app.signing.settling import settle
from sessions_app.state import lifecycle
from tests.facilitator import PAT, TX_HASH, Facilitator, signature_of
from tests.loopback import HANG_UP, Reply
from tests.sessions_app.signing.buyer import OTHER, settled, signed
from tests.strangers.world import own


def test_our_hash_is_the_one_that_wallets_sign(quoted: CheckoutSession) -> None:
    given = signed(quoted)
    made = typed_data(is_asked(quoted, now=timezone.now()).option, given.transfer)
    by_wallet = PAT.sign_typed_data(full_message=made).message_hash
    assert digest_of(is_asked(quoted, now=timezone.now()).option, given.transfer) == by_wallet


def test_a_signed_payment_is_verified_settled_and_announced(quoted: CheckoutSession, facilitator: Facilitator) -> None:
    row = settled(quoted)
    assert (row.stage, row.tx_hash) == ("settled", TX_HASH)
    verify, settling = (each.json for each in facilitator.asked if each.method == "POST")
    assert verify == settling
    assert verify["paymentRequirements"]["payTo"] == quoted.deposit.address
    assert (
        verify["paymentRequirements"]["amount"]
        == verify["paymentPayload"]["payload"]["authorization"]["value"]
        == ("49000000")
    )
    said = announced(again(quoted), now=timezone.now())
    assert said is not None
    assert (said.tx_hash, said.amount) == (TX_HASH, "49 USDC")


def test_it_makes_nothing_paid(quoted: CheckoutSession) -> None:
    settled(quoted)
    assert (again(quoted).status, again(quoted).payment_status) == ("open", "unpaid")


def test_the_same_twice_is_handed_over_once(quoted: CheckoutSession, facilitator: Facilitator) -> None:
    given = signed(quoted)
    first, second = (settle(quoted, given, now=timezone.now()) for _ in range(2))
    assert first == second
    assert facilitator.times("/settle") == 1


@pytest.mark.parametrize(
    ("changes", "attr", "sentence"),
    [
        ({"recipient": OTHER.address}, "to", "another address"),
        ({"units": 48_999_999}, "value", "signed for 48.999999, and 49 USDC is due"),
        ({"units": 98_000_000}, "value", "signed for 98, and 49 USDC is due"),
        ({"valid_after": 99_999_999_999}, "validAfter", "not valid yet"),
        ({"seconds": 5}, "validBefore", "time is over, or nearly"),
        ({"seconds": -60}, "validBefore", "time is over, or nearly"),
        ({"seconds": 7200}, "validBefore", "valid for too long: sign one for at most 300 seconds"),
        ({"sender": OTHER.address}, "signature", "not that wallet's for 49 USDC on Devchain"),
    ],
)
def test_what_is_not_due_is_handed_to_nobody(
    quoted: CheckoutSession, facilitator: Facilitator, changes: dict[str, Any], attr: str, sentence: str
) -> None:
    with pytest.raises(WrongSignature, match=sentence) as refusal:
        settled(quoted, **changes)
    assert refusal.value.attr == attr
    assert facilitator.times("/verify") == 0
    assert not own(Authorization).exists()


@pytest.mark.parametrize(("valid_from", "valid_for"), [(0, 10), (-1, 900)], ids=["the least time", "the most"])
def test_to_the_very_second_a_signature_is_taken(quoted: CheckoutSession, valid_from: int, valid_for: int) -> None:
    now = timezone.now().replace(microsecond=0)
    since = int(now.timestamp())
    given = signed(quoted, valid_after=since + valid_from, valid_before=since + valid_for)
    assert settle(quoted, given, now=now).stage == "settled"


@pytest.mark.parametrize(("field", "value"), [("chainId", 1), ("verifyingContract", OTHER.address), ("version", "1")])
def test_a_signature_for_another_chain_or_token_is_none(quoted: CheckoutSession, field: str, value: object) -> None:
    given = signed(quoted)
    made = typed_data(is_asked(quoted, now=timezone.now()).option, given.transfer)
    made["domain"][field] = value
    with pytest.raises(WrongSignature, match="not that wallet's"):
        settle(quoted, replace(given, signature=signature_of(made)), now=timezone.now())


HTML = Reply(200, b"<html>Welcome</html>", {"Content-Type": "text/html"})
SAID = {
    NotSettled: r"does not hold enough USDC\. Nothing was sent",
    FacilitatorUnavailable: r"cannot be reached\. Nothing was sent",
    SettlementInDoubt: r"has not confirmed it\. Do not pay again yet",
}
REFUSED = {"isValid": False, "invalidReason": "insufficient_funds"}


@pytest.mark.parametrize(
    ("path", "answer", "error", "status"),
    [
        ("/verify", REFUSED, NotSettled, "failed"),
        ("/verify", HTML, FacilitatorUnavailable, "failed"),
        ("/verify", HANG_UP, FacilitatorUnavailable, "failed"),
        ("/verify", {"isValid": "yes"}, FacilitatorUnavailable, "failed"),
        ("/verify", Reply(500, b'{"isValid": true}'), FacilitatorUnavailable, "failed"),
        ("/verify", Reply(200, b"9" * 70_000), FacilitatorUnavailable, "failed"),
        ("/settle", {"success": False, "errorReason": "out of gas", "transaction": ""}, SettlementInDoubt, "settling"),
        ("/settle", HTML, SettlementInDoubt, "settling"),
        ("/settle", HANG_UP, SettlementInDoubt, "settling"),
        ("/settle", Reply(200, b"[" * 40_000), SettlementInDoubt, "settling"),
        ("/settle", {"success": True, "transaction": "soon", "network": "eip155:31337"}, SettlementInDoubt, "settling"),
        ("/settle", {"success": True, "transaction": "", "network": "eip155:31337"}, SettlementInDoubt, "settling"),
        ("/settle", {"success": True, "transaction": TX_HASH, "network": "eip155:1"}, SettlementInDoubt, "settling"),
    ],
)
def test_whatever_the_facilitator_answers_is_a_sentence(
    quoted: CheckoutSession, facilitator: Facilitator, path: str, answer: object, error: type[DomainError], status: str
) -> None:
    facilitator.says[path] = answer
    with pytest.raises(error, match=SAID[error]):
        settled(quoted)
    assert own(Authorization).get().stage == status
    assert announced(again(quoted), now=timezone.now()) is None


def test_what_was_declined_before_it_was_handed_over_stands_in_nobodys_way(
    quoted: CheckoutSession, facilitator: Facilitator
) -> None:
    facilitator.says["/verify"] = REFUSED
    with pytest.raises(NotSettled, match="The wallet does not hold enough USDC"):
        settled(quoted)
    del facilitator.says["/verify"]
    assert settled(quoted, wallet=OTHER).stage == "settled"


def test_a_worker_that_died_while_asking_bars_nobody_for_longer(quoted: CheckoutSession) -> None:
    settled(quoted)
    own(Authorization).update(stage="asking", tx_hash="", asked_at=timezone.now() - timedelta(minutes=2))
    assert settled(quoted, wallet=OTHER).stage == "settled"


def test_an_ended_session_takes_no_signature(quoted: CheckoutSession) -> None:
    given = signed(quoted)
    lifecycle.cancel(quoted, actor="buyer")
    with pytest.raises(SessionNotOpen, match="is cancelled"):
        settle(again(quoted), given, now=timezone.now())


def test_a_price_that_lapsed_is_renewed_first(quoted: CheckoutSession) -> None:
    given = signed(quoted)
    assert quoted.quote is not None
    quoted.quote.valid_until = datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.raises(OptionUnavailable, match="price no longer holds"):
        settle(quoted, given, now=timezone.now())


def test_without_a_facilitator_nothing_is_signed(quoted: CheckoutSession, settings: Any) -> None:
    settings.FACILITATOR_URL = ""
    with pytest.raises(NotToBeSigned, match="No signed payments are taken here"):
        is_asked(quoted, now=timezone.now())


def test_one_that_does_not_serve_the_network_is_not_offered(quoted: CheckoutSession, facilitator: Facilitator) -> None:
    from chains_app.calls.facilitator import forget_supported  # noqa: PLC0415

    forget_supported()
    facilitator.says["/supported"] = {"kinds": [{"x402Version": 2, "scheme": "exact", "network": "eip155:1"}]}
    with pytest.raises(NotToBeSigned, match="USDC on Devchain cannot be paid by a signature"):
        is_asked(quoted, now=timezone.now())


def test_nothing_is_signed_on_a_network_that_cannot_be_read(quoted: CheckoutSession) -> None:
    now = timezone.now()
    record_problem(network=network("devchain"), problem="It is away.", now=now - timedelta(seconds=30))
    with pytest.raises(NetworkUnavailable, match="We cannot see Devchain"):
        is_asked(quoted, now=now)


def test_transfer_is_shown_as_it_is_signed(quoted: CheckoutSession) -> None:
    given: Transfer = signed(quoted).transfer
    shown = typed_data(is_asked(quoted, now=timezone.now()).option, given)["message"]
    assert (shown["from"], shown["to"], shown["value"]) == (PAT.address, quoted.deposit.address, "49000000")
