"""The page's door for programs: 402 with what is due, and a signed payment is settled."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chains_app.calls.authorizations import Authorization as Transfer
from chains_app.calls.authorizations import typed_data
from chains_app.calls.places import place
from chains_app.models import ScanCursor
from chains_app.networks.networks import payment_options
from common.modes import Mode
from sessions_app.errors import SessionNotOpen
from sessions_app.models import Authorization, CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.signing.asked import again, is_asked
from sessions_app.state import lifecycle
from tests.cast import Api
from tests.facilitator import DEVCHAIN, PAT, TX_HASH, USDC, Facilitator, signature_of
from tests.loopback import HANG_UP
from tests.strangers.world import own

BASE = {"scheme": "exact", "network": DEVCHAIN, "asset": USDC}


@pytest.fixture(autouse=True)
def _limits(fresh_limits: None) -> None:
    """Each test as if nobody had signed anything in this minute."""


def call(session: CheckoutSession, payment: object = None) -> Any:
    """GET, with that payment in the header; a text as it is."""
    text = payment if isinstance(payment, str) else b64encode(json.dumps(payment).encode()).decode()
    headers = {} if payment is None else {"PAYMENT-SIGNATURE": text}
    return Client().get(f"/pay/{session.page_token}/x402", headers=headers)


def told(answer: Any, name: str) -> Any:
    """What a header of the answer holds."""
    return json.loads(b64decode(answer.headers[name]))


def payment(session: CheckoutSession, **changes: Any) -> dict[str, Any]:
    """What a program sends that has signed what is due."""
    now = timezone.now()
    asked = is_asked(session, now=now)
    transfer = asked.authorization(sender=PAT.address, valid_before=int(now.timestamp()) + 300)
    made = typed_data(asked.option, transfer)
    shown = {**made["message"], **changes}
    signed = {"signature": "0x" + signature_of(made).hex(), "authorization": shown}
    return {"x402Version": 2, "accepted": BASE, "payload": signed}


def test_it_asks_for_what_is_due(quoted: CheckoutSession) -> None:
    answer = call(quoted)
    asked = told(answer, "PAYMENT-REQUIRED")
    assert (answer.status_code, answer.json()) == (402, asked)
    assert asked["x402Version"] == 2
    assert asked["resource"]["url"].endswith(f"/pay/{quoted.page_token}/x402")
    [accepted] = asked["accepts"]
    assert accepted == BASE | {
        "amount": "49000000",
        "payTo": quoted.deposit.address,
        "maxTimeoutSeconds": 300,
        "extra": {"name": "USD Coin", "version": "2"},
    }
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_signed_payment_is_settled(quoted: CheckoutSession, facilitator: Facilitator) -> None:
    answer = call(quoted, payment(quoted))
    assert answer.status_code == 200
    assert told(answer, "PAYMENT-RESPONSE") == {
        "success": True,
        "transaction": TX_HASH,
        "network": DEVCHAIN,
        "payer": PAT.address,
    }
    assert answer.json() == {
        "id": quoted.public_id,
        "status": "open",
        "paymentStatus": "unpaid",
        "transaction": TX_HASH,
        "explorerUrl": f"https://devchain.example/tx/{TX_HASH}",
    }
    waiting = call(quoted)
    assert (waiting.status_code, waiting.json()["transaction"]) == (202, TX_HASH)


def test_without_a_quote_the_first_offer_becomes_it(facilitator: Facilitator, session: CheckoutSession) -> None:
    [accepted] = call(session).json()["accepts"]
    session = again(session)
    assert session.quote is not None
    assert (session.quote.asset, session.quote.network) == ("USDC", "devchain")
    assert accepted["payTo"] == session.deposit.address


def test_who_picked_ether_may_still_sign_for_a_token(facilitator: Facilitator, session: CheckoutSession) -> None:
    choose_option(session=session, asset="ETH", network="devchain", now=timezone.now())
    assert [each["asset"] for each in call(session).json()["accepts"]] == [USDC]
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    given = payment(again(session))
    choose_option(session=session, asset="ETH", network="devchain", now=timezone.now())
    assert call(session, given).status_code == 200
    quote = again(session).quote
    assert quote is not None
    assert quote.asset == "USDC"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value": "1"}, "invalid_exact_evm_payload_authorization_value"),
        ({"to": PAT.address}, "invalid_exact_evm_payload_recipient_mismatch"),
        ({"validAfter": "99999999999"}, "invalid_exact_evm_payload_authorization_valid_after"),
        ({"validBefore": "1"}, "invalid_exact_evm_payload_authorization_valid_before"),
        ({"nonce": "0x" + "77" * 32}, "invalid_exact_evm_payload_signature"),
    ],
)
def test_what_is_signed_wrongly_is_asked_for_again(
    quoted: CheckoutSession, facilitator: Facilitator, changes: dict[str, str], reason: str
) -> None:
    answer = call(quoted, payment(quoted, **changes))
    assert answer.status_code == 402
    assert told(answer, "PAYMENT-RESPONSE") == {
        "success": False,
        "errorReason": reason,
        "transaction": "",
        "network": DEVCHAIN,
    }
    assert told(answer, "PAYMENT-REQUIRED")["accepts"][0]["amount"] == "49000000"
    assert facilitator.times("/verify") == 0


@pytest.mark.parametrize("picked_first", ["USDC", "ETH"])
def test_every_price_that_it_lists_holds(several: CheckoutSession, facilitator: Facilitator, picked_first: str) -> None:
    choose_option(session=several, asset=picked_first, network="devchain", now=timezone.now())
    other = next(each for each in call(several).json()["accepts"] if each["asset"] != USDC)
    own(CheckoutSession).update(spread_percent=Decimal(2))  # as if rates had moved since
    assert call(several, accepted_as(other)).status_code == 200
    assert own(Authorization).get().amount_units == int(other["amount"])


def accepted_as(offer: dict[str, Any]) -> dict[str, Any]:
    """What a program sends that signs just what an offer says."""
    of = (offer["network"], offer["asset"])
    option = next(each for each in payment_options(Mode.TEST) if (each.network.caip2, each.asset.contract) == of)
    transfer = Transfer(
        sender=PAT.address,
        recipient=offer["payTo"],
        units=int(offer["amount"]),
        valid_after=0,
        valid_before=int(timezone.now().timestamp()) + offer["maxTimeoutSeconds"],
        nonce=b"7" * 32,
    )
    made = typed_data(option, transfer)
    signed = {"signature": "0x" + signature_of(made).hex(), "authorization": made["message"]}
    return {"x402Version": 2, "accepted": {name: offer[name] for name in BASE}, "payload": signed}


def test_another_network_is_refused_by_name(quoted: CheckoutSession) -> None:
    answer = call(quoted, payment(quoted) | {"accepted": BASE | {"network": "eip155:1"}})
    assert told(answer, "PAYMENT-RESPONSE")["errorReason"] == "invalid_network"


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("not base64!", "PAYMENT-SIGNATURE"),
        ("x" * 9000, "PAYMENT-SIGNATURE"),
        ({}, "x402Version"),
        ([], "PAYMENT-SIGNATURE"),
        ({"x402Version": 1}, "x402Version"),
        ({"x402Version": 2, "accepted": BASE | {"scheme": "upto"}}, "accepted.scheme"),
        ({"x402Version": 2, "accepted": BASE, "payload": {"signature": "0x12"}}, "payload.signature"),
    ],
)
def test_what_is_no_payment_is_named(quoted: CheckoutSession, given: object, place: str) -> None:
    answer = call(quoted, given)
    assert (answer.status_code, answer.json()["code"], answer.json()["attr"]) == (400, "not_a_payment", place)


def test_what_is_declined_is_told_in_the_facilitators_word(quoted: CheckoutSession, facilitator: Facilitator) -> None:
    facilitator.says["/verify"] = {"isValid": False, "invalidReason": "insufficient_funds"}
    answer = call(quoted, payment(quoted))
    assert (answer.status_code, told(answer, "PAYMENT-RESPONSE")["errorReason"]) == (402, "insufficient_funds")


def test_one_in_doubt_is_to_be_sent_again(quoted: CheckoutSession, facilitator: Facilitator) -> None:
    facilitator.says["/settle"] = HANG_UP
    answer = call(quoted, payment(quoted))
    assert (answer.status_code, answer.json()["code"]) == (503, "settlement_in_doubt")
    assert answer.headers["Retry-After"] == "5"


def test_while_one_may_move_money_no_other_is_asked_for(several: CheckoutSession, facilitator: Facilitator) -> None:
    choose_option(session=several, asset="USDC", network="sidechain", now=timezone.now())
    elsewhere = payment(again(several)) | {"accepted": BASE | {"network": "eip155:31338"}}
    choose_option(session=several, asset="USDC", network="devchain", now=timezone.now())
    given = payment(again(several))
    facilitator.says["/settle"] = {"success": False, "errorReason": "settlement_pending", "transaction": ""}
    doubt = call(several, given).json()
    assert (doubt["code"], doubt["reason"], doubt["transaction"]) == ("settlement_in_doubt", "settlement_pending", None)
    for other in (elsewhere, payment(again(several), value="1")):
        answer = call(several, other)
        assert (answer.status_code, answer.json()["code"]) == (409, "another_signed")
    quote = again(several).quote
    assert quote is not None
    assert quote.network == "devchain"
    assert facilitator.times("/settle") == 1


def test_an_ended_session_asks_for_nothing(quoted: CheckoutSession) -> None:
    given = payment(quoted)
    lifecycle.cancel(quoted, actor="buyer")
    for answer in (call(quoted), call(quoted, given)):
        assert (answer.status_code, answer.json()["code"]) == (409, "session_not_open")


def test_whoever_signs_too_often_waits(quoted: CheckoutSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("merchants_app.frame.throttling.SIGNED_PER_MINUTE", 1)
    assert [call(quoted, "no payment").status_code for _ in range(3)] == [400, 429, 429]


def test_whoever_asks_for_many_prices_waits(
    facilitator: Facilitator, new_session: Callable[..., CheckoutSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("merchants_app.frame.throttling.SIGNED_PER_MINUTE", 1)
    first, second = new_session(reference="1"), new_session(reference="2")
    # A price that holds may be asked for again.
    assert [call(each).status_code for each in (first, first, second)] == [402, 402, 429]


def test_contract_wallets_that_take_long_leave_threads_for_others(quoted: CheckoutSession, settings: Any) -> None:
    settings.WEB_THREADS = 2
    of_a_contract = {**payment(quoted)["payload"], "signature": "0x" + "11" * 70}
    given = payment(quoted) | {"payload": of_a_contract}
    with place():  # half of them
        answer = call(quoted, given)
        assert (answer.status_code, answer.json()["code"]) == (503, "facilitator_unavailable")
    assert call(quoted, given).status_code == 402  # its network was asked


def test_it_is_off_without_a_facilitator(session: CheckoutSession, settings: Any) -> None:
    settings.FACILITATOR_URL = ""
    assert (call(session).status_code, call(session).json()["code"]) == (409, "not_to_be_signed")


def test_nobody_finds_it_by_the_sessions_id(session: CheckoutSession) -> None:
    assert Client().get(f"/pay/{session.public_id}/x402").status_code == 404


def test_the_session_names_it_while_it_is_on(quoted: CheckoutSession, api: Api, settings: Any) -> None:
    path = f"checkout/sessions/{quoted.public_id}"
    assert api.get(path).json()["x402Url"].endswith(f"/pay/{quoted.page_token}/x402")
    settings.FACILITATOR_URL = ""
    assert api.get(path).json()["x402Url"] is None


def test_what_was_quoted_on_a_network_that_is_closed_is_signed_elsewhere(several: CheckoutSession) -> None:
    ScanCursor.objects.create(network="devchain", block_number=1, closed_since=timezone.now())
    answer = call(several)
    assert (answer.status_code, [each["network"] for each in answer.json()["accepts"]]) == (402, ["eip155:31338"])


def test_who_paid_what_has_no_rate_yet_is_asked_for_nothing(quoted: CheckoutSession) -> None:
    quoted.payments.create(
        network="devchain", asset="ETH", sender=PAT.address, amount_units=10**16, tx_hash="0x77", log_index=-1,
        seen_at=timezone.now(), arrived_at=timezone.now(), basis="arrival", confirmations_needed=1, decimals=18,
    )  # fmt: skip
    answer = call(quoted)
    assert (answer.status_code, answer.json()["code"]) == (409, "session_not_open")
    assert (answer.json()["sessionId"], answer.json()["sessionStatus"]) == (quoted.public_id, "open")
    assert "no rate says yet" in answer.json()["detail"]
    assert "send it" not in answer.json()["detail"]
    with pytest.raises(SessionNotOpen, match="no rate says yet"):
        is_asked(again(quoted), now=timezone.now())
