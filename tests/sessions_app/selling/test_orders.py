"""An order that comes back: paid, changed, in doubt. One session at a time is the order's, and late money finds it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chains_app.receiving.deposits import deposit_address
from sessions_app.models import CheckoutSession, DepositAddress, Payment
from sessions_app.paying.announcing import announce
from sessions_app.state.lifecycle import reassess_many
from sessions_app.watching.payments import record
from sessions_app.watching.sightings import take_in
from tests.cast import MIAS_WALLET, Api, refreshed, terms
from tests.locks.stage import SANDBOX, transfer_to
from tests.sandbox import Sandbox, events_of
from tests.strangers.world import own

pytestmark = pytest.mark.django_db
Order = Callable[..., Any]


@pytest.fixture
def order(api: Api) -> Order:
    """Sends the create of order 1, changed as said."""

    def send(*, key: str = "", **changes: Any) -> Any:
        headers = {"Idempotency_Key": key} if key else {}
        return api.post("checkout", terms(reference="order-1", **changes), **headers)

    return send


def session_of(response: Any) -> CheckoutSession:
    return CheckoutSession.objects.get(public_id=response.answer["id"])


def conflict(response: Any) -> dict[str, Any]:
    assert response.status_code == 409, response.content
    [error] = response.answer["errors"]
    return error


def pick(api: Api, response: Any, asset: str = "USDC") -> Any:
    return api.post(f"checkout/{response.answer['id']}/quote", {"asset": asset, "network": "sandbox"})


def test_a_paid_reference_is_refused_with_its_session_unless_a_repeat_is_allowed(
    api: Api, order: Order, sandbox: Sandbox
) -> None:
    first = order(key="order-1")
    sandbox.play(session_of(first), "exact", seconds=10)
    error = conflict(order())
    assert (error["code"], error["attr"]) == ("reference_paid", "reference")
    assert (error["sessionId"], error["sessionStatus"]) == (first.answer["id"], "completed")
    assert error["paymentStatus"] == "paid"
    assert error["actions"] == ["allow_repeat"]
    assert conflict(order(amount=60, onConflict="supersede", key="b"))["code"] == "reference_paid"
    again = order(allowRepeat=True)
    assert again.status_code == 200
    assert again.answer["id"] != first.answer["id"]


def test_a_live_session_on_other_terms_is_named_with_what_can_be_done(order: Order) -> None:
    first = order()
    error = conflict(order(amount=60))
    assert (error["code"], error["sessionId"], error["sessionStatus"]) == (
        "reference_taken", first.answer["id"], "open",
    )  # fmt: skip
    assert error["actions"] == ["reuse", "supersede", "cancel", "expire"]


@pytest.mark.parametrize("body", [{}, {"onConflict": "supersede"}])
def test_nothing_is_advised_while_it_is_processing_but_to_wait(
    api: Api, order: Order, sandbox: Sandbox, body: dict[str, str]
) -> None:
    first = order(amount=20_000)  # so much that one block is not enough
    sandbox.play(session_of(first), "exact", seconds=1)
    assert refreshed(session_of(first)).status == "processing"
    refusals = [
        order(amount=60, **body),
        *(api.post(f"checkout/{first.answer['id']}/{end}") for end in ("cancel", "expire")),
    ]
    for refusal in refusals:
        error = conflict(refusal)
        assert error["actions"] == ["wait"]
        assert (error["sessionId"], error["sessionStatus"]) == (first.answer["id"], "processing")
        assert "cancel it" not in error["detail"].lower()
        assert "onConflict" not in error["detail"]
    assert order(amount=20_000).answer["id"] == first.answer["id"]


def test_an_order_that_is_being_paid_late_is_not_sold_again(api: Api, order: Order, sandbox: Sandbox) -> None:
    first = order(amount=20_000)
    pick(api, first)
    api.post(f"checkout/{first.answer['id']}/cancel")
    sandbox.play(session_of(first), "exact", seconds=1)
    assert refreshed(session_of(first)).status == "processing"
    error = conflict(order(amount=60))
    assert (error["code"], error["actions"]) == ("reference_taken", ["wait"])


def test_a_changed_cart_supersedes_the_unpaid_session_and_both_say_so(api: Api, order: Order) -> None:
    first = order(onConflict="supersede")
    with CaptureQueriesContext(connection) as asked:
        second = order(amount=60, onConflict="supersede")
        held = [each for each in asked if "FOR UPDATE" in each["sql"] and "checkoutsession" in each["sql"]]
    assert (second.status_code, len(held)) == (200, 1)  # locked once
    before = api.get(f"checkout/sessions/{first.answer['id']}").answer
    assert (before["status"], before["supersededBy"], before["payment"]) == ("cancelled", second.answer["id"], None)
    assert (second.answer["supersedes"], second.answer["supersededBy"], second.answer["status"]) == (
        first.answer["id"], None, "open",
    )  # fmt: skip
    assert events_of(session_of(first)) == ["created", "cancelled"]
    assert api.get(f"events?subject={first.answer['id']}").answer[-1]["data"]["supersededBy"] == second.answer["id"]


def test_the_same_terms_supersede_nothing(order: Order) -> None:
    first = order(onConflict="supersede")
    assert order(onConflict="supersede").answer["id"] == first.answer["id"]
    assert own(CheckoutSession).count() == 1


@pytest.mark.parametrize("scenario", ["short", "wrong_asset"])
def test_what_money_was_seen_for_is_not_superseded(order: Order, sandbox: Sandbox, scenario: str) -> None:
    first = order(allowedAssets=["USDC"])
    sandbox.play(session_of(first), scenario, seconds=5)
    error = conflict(order(amount=60, onConflict="supersede"))
    assert (error["code"], error["sessionStatus"], error["attr"]) == ("money_on_its_way", "open", "onConflict")
    assert error["actions"] == [*(["resolve"] if scenario == "wrong_asset" else []), "reuse", "cancel", "expire"]
    assert refreshed(session_of(first)).superseded_by is None


def test_money_for_the_superseded_session_completes_its_successor_at_its_price(
    api: Api, order: Order, sandbox: Sandbox
) -> None:
    first = order()
    shown = pick(api, first).answer["payment"]
    second = order(amount=60, onConflict="supersede")
    assert second.answer["payment"] is None  # the price is another: the buyer is asked anew
    sandbox.send_to(shown["address"], "49.00")
    partly = api.get(f"checkout/sessions/{second.answer['id']}").answer
    assert (partly["status"], partly["paymentStatus"]) == ("open", "partial")
    [payment] = partly["payments"]
    assert (payment["counts"], payment["rateBasis"], payment["value"]) == (True, "quote", 49)
    sandbox.send_to(shown["address"], "11.00")
    paid = api.get(f"checkout/sessions/{second.answer['id']}").answer
    assert (paid["status"], paid["paymentStatus"], paid["issue"]) == ("completed", "paid", None)
    assert events_of(session_of(first)) == ["created", "cancelled"]
    assert events_of(session_of(second)) == ["created", "partially_paid", "processing", "completed"]
    assert own(CheckoutSession).filter(status="completed").count() == 1


def test_a_picked_asset_stays_picked_where_the_price_is_the_same(api: Api, order: Order) -> None:
    first = order()
    shown = pick(api, first).answer["payment"]
    announce(refreshed(session_of(first)), tx_hash="", amount="49", now=timezone.now())
    second = order(name="Pat Married", onConflict="supersede").answer
    assert own(CheckoutSession).get(announcement__isnull=False).public_id == second["id"]
    assert second["payment"]["address"] == shown["address"]
    assert second["payment"]["amountDue"] == shown["amountDue"]


def test_the_promised_rate_holds_at_the_new_price(api: Api, order: Order) -> None:
    shown = pick(api, order(), "ETH").answer["payment"]
    second = order(amount=98, onConflict="supersede")
    again = pick(api, second, "ETH").answer["payment"]
    assert (again["rate"], again["address"], again["quoteExpiresAt"]) == (
        shown["rate"], shown["address"], shown["quoteExpiresAt"],
    )  # fmt: skip
    # Amounts due are rounded up to the last digit that is asked for.
    assert abs(Decimal(again["amountDue"]) - 2 * Decimal(shown["amountDue"])) <= Decimal("0.000001")


def test_money_counts_in_another_currency_too_by_its_rate_of_arrival(api: Api, order: Order, sandbox: Sandbox) -> None:
    shown = pick(api, order()).answer["payment"]
    second = order(currency="EUR", onConflict="supersede").answer["id"]
    sandbox.send_to(shown["address"], "100.00")
    after = api.get(f"checkout/sessions/{second}").answer
    assert (after["status"], after["issue"], after["payments"][0]["rateBasis"]) == ("completed", "overpaid", "arrival")
    assert after["payment"] is None


def test_a_chain_of_carts_has_one_address_and_one_completion(api: Api, order: Order, sandbox: Sandbox) -> None:
    first = order()
    shown = pick(api, first).answer["payment"]
    last = [order(amount=amount, onConflict="supersede") for amount in (50, 51, 52)][-1]
    assert DepositAddress.objects.get(session=session_of(last)).made_for == first.answer["id"]
    sandbox.send_to(shown["address"], "52.00")
    assert [each.status for each in own(CheckoutSession).order_by("id")] == ["cancelled"] * 3 + ["completed"]


def test_what_was_paid_twice_is_told_on_the_successor(api: Api, order: Order, sandbox: Sandbox) -> None:
    shown = pick(api, order()).answer["payment"]
    second = order(amount=60, onConflict="supersede")
    sandbox.play(session_of(second), "exact", seconds=5)
    sandbox.send_to(shown["address"], "49.00")
    after = api.get(f"checkout/sessions/{second.answer['id']}").answer
    assert (after["status"], after["issue"], after["needsDecision"]) == ("completed", "paid_twice", True)


def test_the_deposit_is_collected_by_the_session_and_treasury_that_it_was_made_for(
    api: Api, order: Order, sandbox: Sandbox
) -> None:
    first = order()
    shown = pick(api, first).answer["payment"]
    second = session_of(order(amount=60, onConflict="supersede"))
    assert deposit_address(session_id=second.deposit.made_for, treasury=second.treasury.address) == shown["address"]
    assert (second.deposit.made_for, second.treasury.address) == (first.answer["id"], MIAS_WALLET)


def test_the_buyer_of_the_superseded_page_is_led_to_the_new_one(api: Api, order: Order, client: Any) -> None:
    first, second = order(), order(amount=60, onConflict="supersede")
    page = client.get(f"/pay/{session_of(first).page_token}")
    assert page["Location"] == f"/pay/{session_of(second).page_token}"


def test_what_is_asked_of_a_superseded_session_is_led_to_the_last_of_its_chain(api: Api, order: Order) -> None:
    first = order()
    pick(api, first)
    last = [order(amount=amount, onConflict="supersede") for amount in (60, 61)][-1].answer["id"]
    for call in ("simulate", "expire"):
        error = conflict(
            api.post(f"checkout/{first.answer['id']}/{call}", {"scenario": "late"} if call == "simulate" else {})
        )
        assert (error["sessionId"], error["sessionStatus"]) == (last, "open")
        assert last in error["detail"]
        assert error["actions"] == ["reuse", "supersede", "cancel", "expire"]


def test_a_replayed_create_tells_the_session_as_it_is(api: Api, order: Order) -> None:
    first = order(key="order-1")
    assert first.answer["status"] == "open"
    api.post(f"checkout/{first.answer['id']}/cancel")
    again = order(key="order-1")
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert (again.answer["id"], again.answer["status"]) == (first.answer["id"], "cancelled")


def test_late_payments_are_not_lost_between_their_sight_and_their_storing(
    api: Api, order: Order, sandbox: Sandbox
) -> None:
    """The watcher has found whose address it is; then the session is superseded; then it stores what it has seen."""
    first = order()
    pick(api, first)
    sightings = take_in(SANDBOX, [transfer_to(session_of(first), "49.00")], timezone.now())
    second = order(amount=49, currency="EUR", onConflict="supersede")
    with transaction.atomic():
        reassess_many(record(SANDBOX, sightings))
    payment = Payment.objects.get(session=session_of(second))
    assert (payment.value, refreshed(session_of(first)).status) == (None, "cancelled")  # valued by the next pass
    record(SANDBOX, take_in(SANDBOX, [], timezone.now()))
    payment.refresh_from_db()
    assert payment.value is not None
