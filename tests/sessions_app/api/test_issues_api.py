"""The decision queue by API: its pages, and what a decision needs."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from sessions_app.models import CheckoutSession
from tests.cast import Api, refreshed
from tests.sandbox import Sandbox
from tests.sessions_app.api.test_checkout_api import faults
from tests.sessions_app.refunding.test_refundable import pay


def test_the_queue_shows_what_to_decide_and_a_decision_empties_it(
    api: Api, sandbox: Sandbox, session: CheckoutSession
) -> None:
    sandbox.play(session, "late_short")
    [issue] = api.get("issues").answer
    assert (issue["sessionId"], issue["issue"]) == (session.public_id, "late")
    assert issue["difference"] == Decimal("-4.90")
    answer = api.post(f"checkout/{session.public_id}/resolve", {"decision": issue["decisions"][1]})
    assert (answer.status_code, answer.answer["status"], answer.answer["needsDecision"]) == (200, "completed", False)
    assert api.get("issues").answer == []
    again = api.post(f"checkout/{session.public_id}/resolve", {"decision": "accept"})
    assert again.status_code == 409


def test_the_queue_has_pages_that_hold_though_it_is_decided_on(
    api: Api, sandbox: Sandbox, new_session: Callable[..., CheckoutSession]
) -> None:
    waiting = [sandbox.play(new_session(), "late_short", seconds=2).public_id for _ in range(3)]
    sandbox.skip(minutes=61)
    first = api.get("issues?limit=2")
    assert [issue["sessionId"] for issue in first.answer] == waiting[:2]
    api.post(f"checkout/{waiting[1]}/resolve", {"decision": "accept"})
    rest = api.get(first["Link"].split("/api/v1/")[1].split(">")[0])
    assert [issue["sessionId"] for issue in rest.answer] == waiting[2:]
    assert "Link" not in rest


@pytest.mark.parametrize("query", ["limit=101", "after=cs_x", "after=9999999999999999999-cs_x", "page=2"])
def test_a_wrong_page_of_the_queue_is_named(api: Api, query: str) -> None:
    response = api.get(f"issues?{query}")
    assert response.status_code == 400
    assert query.split("=")[0] in faults(response)


@pytest.mark.parametrize(("decision", "tx_hash"), [("refunded", None), ("accept", "0x" + "ab" * 32)])
def test_a_transaction_belongs_to_refunded_and_to_nothing_else(
    api: Api, sandbox: Sandbox, session: CheckoutSession, decision: str, tx_hash: str | None
) -> None:
    sandbox.play(session, "late_short")
    body = {"decision": decision} | ({"txHash": tx_hash} if tx_hash else {})
    response = api.post(f"checkout/{session.public_id}/resolve", body)
    assert response.status_code == 400
    assert faults(response) == {"txHash": "wrong_decision"}
    assert refreshed(session).needs_decision


def test_a_decision_on_what_was_shown_is_taken_and_on_anything_else_refused(
    api: Api, sandbox: Sandbox, session: CheckoutSession
) -> None:
    sandbox.play(session, "late_short")
    for status in (409, 200):
        [seen] = api.get("issues").answer
        body = {"decision": "write_off", "issue": seen["issue"], "payments": seen["payments"]}
        if status == 409:
            pay(session, "USDC", 1_000_000)
            sandbox.wait(2, session)
        assert api.post(f"checkout/{session.public_id}/resolve", body).status_code == status
    assert refreshed(session).decisions.count() == 1
