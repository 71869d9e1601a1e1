"""That the buyer looked at the page: noted once, and of nobody's look but theirs."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sessions_app.models import CheckoutSession
from tests.cast import refreshed
from tests.desk import Desk
from tests.operators import Operator


def look(client: Client, session: CheckoutSession) -> bool:
    """Loads the page, and answers whether the buyer is said to have opened it."""
    assert client.get(f"/pay/{session.page_token}").status_code == 200
    return refreshed(session).opened_at is not None


def test_the_first_look_is_noted_once(client: Client, session: CheckoutSession) -> None:
    client.head(f"/pay/{session.page_token}")
    client.get(f"/pay/{session.page_token}/status")
    assert refreshed(session).opened_at is None
    assert look(client, session)
    first = refreshed(session)
    look(client, session)
    assert refreshed(session).opened_at == first.opened_at
    assert refreshed(session).updated_at == session.updated_at


def test_that_somebody_of_the_business_or_an_operator_looks_is_not_the_buyers_look(
    session: CheckoutSession, desk: Desk, ottos_desk: Desk, operator: Operator
) -> None:
    visit = {"member": session.merchant.members.get().pk, "reason": "They asked"}
    assert operator.do(session.merchant, "look", **visit).status_code == 302
    assert not look(desk.client, session)
    assert not look(operator.client, session)
    assert "The link to pay by" in desk.read(f"sessions/{session.public_id}")
    assert look(ottos_desk.client, session)  # whoever sells here may buy from another
    assert "The link to pay by" not in desk.read(f"sessions/{session.public_id}")


def test_of_who_is_not_signed_in_nobody_asks_who_it_is(client: Client, session: CheckoutSession) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert look(client, session)
    tables = ("django_session", "merchants_app_user", "merchants_app_member")
    assert [each["sql"] for each in asked.captured_queries if any(table in each["sql"] for table in tables)] == []
