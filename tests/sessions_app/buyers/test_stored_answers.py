"""What is kept for repeated requests, read again: for a replay, for an export, for erasing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from common.api.exact_json import dumps
from merchants_app.models import IdempotencyRecord
from sessions_app.buyers.erasing import erase_buyer
from sessions_app.buyers.export import export_buyer
from sessions_app.models import CheckoutSession, Customer
from tests.cast import Api, terms
from tests.desk import Desk
from tests.strangers.world import own

# 60 characters, the most that a request's number may have; written out they are 63.
LONG, WRITTEN = f"{'1' * 56}e-61", f"0.00000{'1' * 56}"


@pytest.fixture
def pat(session: CheckoutSession) -> Customer:
    """Whose only session is over."""
    past = timezone.now() - timedelta(days=1)
    CheckoutSession.objects.filter(pk=session.pk).update(status="expired", watch_until=past)
    return Customer.objects.get(pk=session.customer_id)


def test_a_colleague_who_was_invited_by_a_form_can_be_exported_and_erased_as_a_buyer(pat: Customer, desk: Desk) -> None:
    desk.give_password().post("team", email=pat.email, role="viewer", once="a-page-of-the-team")
    assert own(IdempotencyRecord).filter(key__startswith="form:").exists()
    assert export_buyer(pat).stored_answers == []
    assert erase_buyer(pat, actor="mia@example.com") == 1


def test_a_shops_own_key_that_looks_like_a_forms_hides_nothing(pat: Customer, api: Api) -> None:
    made = api.post("checkout", terms(), Idempotency_Key="form:order-1").answer["id"]
    assert [each["id"] for each in export_buyer(pat).stored_answers] == [made]


def test_a_number_that_we_write_longer_than_it_was_sent_is_replayed_and_exported(pat: Customer, api: Api) -> None:
    body = dumps(terms(metadata={"size": 5})).replace(":5}", f":{LONG}}}")
    headers = {"Authorization": f"Bearer {api.secret}", "Idempotency-Key": "long-1"}
    for _ in range(2):
        answer = api.client.post("/api/v1/checkout", body, content_type="application/json", headers=headers)
        assert answer.status_code == 200, answer.content
        assert f'"size":{WRITTEN}' in answer.content.decode()
    assert [each["metadata"] for each in export_buyer(pat).stored_answers] == [{"size": Decimal(LONG)}]
