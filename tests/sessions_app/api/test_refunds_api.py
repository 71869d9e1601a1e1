"""Refunds over the API: asked for, signed elsewhere, told, withdrawn; and what the session then says."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from warnings import catch_warnings, simplefilter

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from chains_app.models import SandboxTransfer
from chains_app.networks.networks import network
from chains_app.sandbox.chain import send
from merchants_app.models import Merchant
from sessions_app.api.refund_requests import CreateRefund
from sessions_app.letters.sending import send_letters
from sessions_app.models import CheckoutSession, Refund
from sessions_app.refunding.refunds import play_refund
from tests.cast import PATS_WALLET, Api, refreshed
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox, events_of
from tests.strangers.world import own

USDC = network("sandbox").assets["USDC"].contract


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """49.00 USD, all of it in USDC."""
    return play_once("exact", asset="USDC")


@pytest.fixture
def paid(played: Played, sandbox: Sandbox) -> CheckoutSession:
    """That session."""
    return played.session_again()


@pytest.fixture
def refund(api: Api, paid: CheckoutSession) -> Callable[..., Any]:
    """The answer to a refund that is asked for."""
    return lambda **body: api.post(f"checkout/{paid.public_id}/refunds", body)


def shown(api: Api, session: CheckoutSession) -> dict[str, Any]:
    return dict(api.get(f"checkout/sessions/{session.public_id}").answer)


def done(sandbox: Sandbox, made: dict[str, Any]) -> None:
    play_refund(Refund.objects.get(public_id=made["id"]), now=timezone.now())
    sandbox.wait(4, Refund.objects.get(public_id=made["id"]).session)


def test_all_goes_back_once_the_buyer_has_said_where_to(
    api: Api, sandbox: Sandbox, paid: CheckoutSession, refund: Callable[..., Any], client: Client
) -> None:
    made = refund(amount="all", reason="Out of stock")
    assert made.status_code == 201
    answer = made.answer
    assert (answer["status"], answer["amount"], answer["value"], answer["address"], answer["call"]) == (
        "waiting_for_address", "49", 49, None, None,
    )  # fmt: skip
    assert answer["buyerUrl"].endswith(f"/pay/{paid.page_token}/refund")
    page = urlsplit(answer["buyerUrl"]).path
    assert "49 USDC" in client.get(page).content.decode()
    assert client.post(page, {"address": PATS_WALLET}).status_code == 303
    prepared = api.get(f"refunds/{answer['id']}").answer
    assert (prepared["status"], prepared["address"], prepared["reason"]) == ("prepared", PATS_WALLET, "Out of stock")
    assert prepared["call"]["to"] == USDC
    assert prepared["signUrl"].endswith(f"/test/sessions/{paid.public_id}/refund/{answer['id']}")
    tx_hash = send(recipient=PATS_WALLET, contract=USDC, amount_units=49_000_000, now=timezone.now()).tx_hash
    told = api.post(f"refunds/{answer['id']}/sent", {"txHash": tx_hash}).answer
    assert (told["status"], told["toldTxHash"]) == ("prepared", tx_hash)
    sandbox.wait(4, paid)
    assert api.get(f"refunds/{answer['id']}").answer["status"] == "confirmed"
    after = shown(api, paid)
    assert (after["status"], after["paymentStatus"]) == ("completed", "refunded")
    assert (after["amountRefunded"], after["amountNet"]) == (49, 0)
    assert [kind for kind in events_of(paid) if kind.startswith("refund.")] == [
        "refund.created", "refund.prepared", "refund.seen", "refund.confirmed",
    ]  # fmt: skip


def test_a_part_goes_back(api: Api, sandbox: Sandbox, paid: CheckoutSession, refund: Callable[..., Any]) -> None:
    made = refund(amount="10.000000000001", address=PATS_WALLET.lower()).answer  # the shop's floats added that
    assert (made["status"], made["address"], made["amount"]) == ("prepared", PATS_WALLET, "10")
    done(sandbox, made)
    after = shown(api, paid)
    assert (after["paymentStatus"], after["amountRefunded"], after["amountNet"]) == ("partially_refunded", 10, 39)
    listed = api.get("checkout?paymentStatus=partially_refunded").answer
    assert [each["id"] for each in listed] == [paid.public_id]
    assert api.get("checkout?paymentStatus=refunded").answer == []
    assert [each["id"] for each in api.get(f"checkout/{paid.public_id}/refunds").answer] == [made["id"]]


def test_the_excess_goes_back_and_the_price_stays_paid(api: Api, sandbox: Sandbox, session: CheckoutSession) -> None:
    over = sandbox.play(session, "over", asset="USDC")
    made = api.post(f"checkout/{over.public_id}/refunds", {"amount": "excess", "address": PATS_WALLET}).answer
    done(sandbox, made)
    after = shown(api, over)
    assert (after["needsDecision"], after["amountRefunded"], after["amountNet"]) == (False, 24.5, 49)
    assert after["paymentStatus"] == "overpaid"


def test_an_amount_that_is_all_there_is(refund: Callable[..., Any]) -> None:
    made = refund(amount=49, currency="USD", address=PATS_WALLET).answer
    assert (made["amount"], made["value"]) == ("49", 49)


@pytest.mark.parametrize("rate", ["paid", "today"])
def test_an_amount_of_the_asset_itself(refund: Callable[..., Any], rate: str) -> None:
    """It has no rate: it goes back as it is, and counts as it did."""
    made = refund(amount=0.5, currency="USDC", rate=rate, address=PATS_WALLET).answer
    assert (made["amount"], made["value"]) == ("0.5", 0.5)
    assert own(Refund).get().rate_basis == "paid"


@pytest.mark.parametrize(
    ("body", "attr", "says"),
    [
        ({}, "amount", "required"),
        ({"amount": "half"}, "amount", 'Send a number, "all" or "excess".'),
        ({"amount": 0}, "amount", "above zero"),
        ({"amount": 49.01}, "amount", "only 49.00 USD is left"),
        ({"amount": 1.001}, "amount", "no such small unit"),
        ({"amount": 1, "currency": "EUR"}, "currency", "USD or USDC"),
        ({"amount": 50, "currency": "USDC"}, "amount", "Only 49 USDC is there"),
        ({"amount": 0.0000001, "currency": "USDC"}, "amount", "USDC has no such small unit"),
        ({"amount": 0, "currency": "USDC"}, "amount", "above zero"),
        ({"amount": "all", "address": "0x12"}, "address", "40 characters"),
        ({"amount": "all", "rate": "best"}, "rate", "today"),
        ({"amount": "all", "colour": "red"}, "colour", ""),
    ],
)
def test_what_is_wrong_is_named(refund: Callable[..., Any], body: dict[str, Any], attr: str, says: str) -> None:
    refused = refund(**body)
    assert refused.status_code == 400
    (error,) = refused.answer["errors"]
    assert error["attr"] == attr
    assert says in error["detail"]
    assert own(Refund).count() == 0


def test_an_amount_is_read_to_the_last_digit_and_a_word_as_a_word() -> None:
    """Without a warning in the log."""
    with catch_warnings():
        simplefilter("error")
        sent = [CreateRefund.parse({"amount": each}).model_dump() for each in ("0.0100000000005", "excess")]
    assert [each["amount"] for each in sent] == [Decimal("0.0100000000005"), "excess"]


def test_nothing_can_go_back_twice(sandbox: Sandbox, refund: Callable[..., Any]) -> None:
    made = refund(amount="all", address=PATS_WALLET)
    assert made.status_code == 201
    again = refund(amount="all")
    assert (again.status_code, again.answer["errors"][0]["code"]) == (409, "nothing_to_refund")
    assert "stands in refunds" in again.answer["errors"][0]["detail"]
    assert refund(amount="excess").status_code == 409
    done(sandbox, made.answer)
    assert "has gone back already" in refund(amount="all").answer["errors"][0]["detail"]


def test_nothing_goes_back_before_it_has_come(api: Api, sandbox: Sandbox, session: CheckoutSession) -> None:
    path = f"checkout/{session.public_id}/refunds"
    assert "no payment has arrived" in api.post(path, {"amount": "all"}).answer["errors"][0]["detail"]
    sandbox.play(session, "stuck", seconds=2)
    assert "wait until" in api.post(path, {"amount": "all"}).answer["errors"][0]["detail"]


def test_what_waits_for_an_address_cannot_be_played(api: Api, refund: Callable[..., Any]) -> None:
    made = refund(amount="all").answer
    refused = api.post(f"refunds/{made['id']}/simulate")
    assert (refused.status_code, refused.answer["errors"][0]["code"]) == (409, "refund_not_open")


def test_what_is_sent_or_withdrawn_is_not_sent_again(
    api: Api, sandbox: Sandbox, paid: CheckoutSession, refund: Callable[..., Any]
) -> None:
    withdrawn, sent = (refund(amount=5, address=PATS_WALLET).answer["id"] for _ in range(2))
    api.post(f"refunds/{withdrawn}/withdraw")
    assert api.post(f"refunds/{sent}/simulate").status_code == 200
    transfers = SandboxTransfer.objects.count()

    def refused(refund_id: str) -> bool:
        answer = api.post(f"refunds/{refund_id}/simulate")
        return bool((answer.status_code, answer.answer["errors"][0]["code"]) == (409, "refund_not_open"))

    assert refused(withdrawn)
    assert refused(sent)  # on its way
    sandbox.wait(2, paid)
    assert refused(sent)  # seen
    sandbox.wait(4, paid)
    assert refused(sent)  # confirmed
    assert SandboxTransfer.objects.count() == transfers


@pytest.mark.parametrize("call", ["withdraw", "simulate"])
def test_a_body_where_none_belongs_is_told_and_nothing_is_done(refund: Callable[..., Any], api: Api, call: str) -> None:
    made = refund(amount=5, address=PATS_WALLET).answer["id"]
    for body, code in (({"amount": 5}, "unknown_field"), ([], "not_an_object")):
        refused = api.post(f"refunds/{made}/{call}", body)
        assert (refused.status_code, refused.answer["errors"][0]["code"]) == (400, code)
    shown = api.get(f"refunds/{made}").answer
    assert (shown["status"], shown["toldTxHash"]) == ("prepared", None)


def test_one_request_sent_twice_makes_one_refund(api: Api, paid: CheckoutSession) -> None:
    path, body = f"checkout/{paid.public_id}/refunds", {"amount": 5}
    first, second = (api.post(path, body, Idempotency_Key="refund-1") for _ in range(2))
    assert first.answer["id"] == second.answer["id"]
    assert second["Idempotent-Replayed"] == "true"
    assert own(Refund).count() == 1


def test_a_refund_is_withdrawn_while_nobody_has_sent_it(
    api: Api, sandbox: Sandbox, refund: Callable[..., Any], paid: CheckoutSession
) -> None:
    made = refund(amount=5).answer
    for _ in range(2):
        assert api.post(f"refunds/{made['id']}/withdraw").answer["status"] == "withdrawn"
    assert events_of(paid)[-1] == "refund.withdrawn"
    sent = refund(amount=5, address=PATS_WALLET).answer
    done(sandbox, sent)
    refused = api.post(f"refunds/{sent['id']}/withdraw")
    assert (refused.status_code, refused.answer["errors"][0]["code"]) == (409, "refund_not_open")
    told = api.post(f"refunds/{sent['id']}/sent", {"txHash": "0x" + "1" * 64})
    assert (told.status_code, told.answer["errors"][0]["code"]) == (409, "refund_not_open")


def test_the_buyer_is_written_to_when_that_is_wanted(
    sandbox: Sandbox, paid: CheckoutSession, refund: Callable[..., Any]
) -> None:
    own(CheckoutSession).update(email="mia@example.com")  # in test mode nobody but her own people is written to
    refund(amount=5)
    refund(amount=6, notifyBuyer=True)
    last = refund(amount=7, notifyBuyer=True, address=PATS_WALLET, reason="One cup was broken").answer
    send_letters(timezone.now())
    [asked] = mail.outbox
    assert asked.subject == "Mia Coffee: where shall your money go back to?"
    done(sandbox, last)
    send_letters(timezone.now())
    [_, told] = mail.outbox
    assert (told.to, told.subject) == (["mia@example.com"], "Mia Coffee: your money is back")
    assert "7.00 USDC" in told.body
    assert "One cup was broken" in told.body
    assert PATS_WALLET in told.body


def test_of_several_assets_one_is_named(
    api: Api, sandbox: Sandbox, session: CheckoutSession, new_session: Callable[..., CheckoutSession]
) -> None:
    sandbox.play(session, "short", asset="USDC")
    both = sandbox.play(session, "rest", asset="ETH")
    path = f"checkout/{both.public_id}/refunds"
    refused = api.post(path, {"amount": 1})
    assert (refused.status_code, refused.answer["errors"][0]["attr"]) == (400, "asset")
    assert api.post(path, {"amount": 1, "asset": "ETH"}).answer["asset"] == "ETH"
    assert api.post(path, {"amount": 1, "asset": "USDT"}).status_code == 409


def test_an_old_event_tells_how_the_session_stands_by_now(
    api: Api, sandbox: Sandbox, paid: CheckoutSession, refund: Callable[..., Any], mia: Merchant
) -> None:
    done(sandbox, refund(amount="all", address=PATS_WALLET).answer)
    told = {each["type"]: each["data"] for each in api.get(f"events?subject={paid.public_id}").answer}
    completed = told["checkout.completed"]
    assert completed["paymentStatus"] == "paid"
    current = completed["current"]
    assert (current["status"], current["paymentStatus"], current["amountNet"]) == ("completed", "refunded", 0)
    assert current["sequence"] == refreshed(paid).event_count
    assert told["refund.confirmed"]["refund"]["status"] == "confirmed"
    assert told["refund.created"]["refund"]["status"] == "prepared"
