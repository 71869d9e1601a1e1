"""A session whose order another one paid asks for no money any more, whoever reads it and by whichever door."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from sessions_app.models import CheckoutSession
from sessions_app.paying.announcing import announce
from sessions_app.paying.quoting import choose_option, options_for
from tests.cast import Api, refreshed
from tests.sandbox import Sandbox

Create = Callable[..., CheckoutSession]


@pytest.fixture
def paid_elsewhere(sandbox: Sandbox, new_session: Create) -> CheckoutSession:
    """Open still, since its buyer says that a payment is on its way; the order was paid by another one, late."""
    first = new_session(reference="1")
    choose_option(session=first, asset="USDC", network="sandbox", now=timezone.now())
    sandbox.skip(minutes=61)
    sandbox.look()
    second = new_session(reference="1")
    choose_option(session=second, asset="USDC", network="sandbox", now=timezone.now())
    announce(refreshed(second), tx_hash="", amount="49 USDC", now=timezone.now())
    sandbox.play(first, "late")
    session = refreshed(second)
    assert (session.status, session.order_paid_by) == ("open", first.public_id)
    return session


def test_the_api_reads_nothing_to_be_paid(paid_elsewhere: CheckoutSession, api: Api) -> None:
    due = api.get(f"checkout/sessions/{paid_elsewhere.public_id}").answer["payment"]
    assert (due["amountRemaining"], due["uri"]) == ("0", None)


def test_it_takes_no_quote(paid_elsewhere: CheckoutSession, api: Api) -> None:
    wanted = {"asset": "ETH", "network": "sandbox"}
    answer = api.post(f"checkout/{paid_elsewhere.public_id}/quote", wanted)
    assert answer.status_code == 409
    [error] = answer.answer["errors"]
    assert (error["code"], error["sessionId"]) == ("session_not_open", paid_elsewhere.public_id)
    assert error["actions"] == ["cancel", "expire"]
    assert paid_elsewhere.order_paid_by in error["detail"]
    assert refreshed(paid_elsewhere).quote == paid_elsewhere.quote


@pytest.mark.parametrize("kind", ["uri", "address"])
def test_it_has_no_code_to_scan(client: Client, paid_elsewhere: CheckoutSession, kind: str) -> None:
    assert client.get(f"/pay/{paid_elsewhere.page_token}/qr.svg?kind={kind}").status_code == 404


def test_no_way_to_pay_asks_for_an_amount(paid_elsewhere: CheckoutSession) -> None:
    assert {each.amount_units for each in options_for(paid_elsewhere, timezone.now())} == {0}


def test_who_chooses_all_the_same_is_shown_that_it_is_paid(client: Client, paid_elsewhere: CheckoutSession) -> None:
    answer = client.post(f"/pay/{paid_elsewhere.page_token}/choose", {"asset": "ETH", "network": "sandbox"})
    assert answer.status_code == 409
    assert b"Your order is paid already" in answer.content
