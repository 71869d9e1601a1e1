"""Erasing that breaks off is finished by the next try: nobody could tell afterwards by which address to look."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from merchants_app.models import AuditEntry, Merchant
from sessions_app.buyers import erasing
from sessions_app.buyers.erasing import erase_buyer
from sessions_app.buyers.retention import erase_old_buyers
from sessions_app.models import CheckoutSession, Customer, PaymentLink, StatusChange
from tests.cast import Api
from tests.strangers.world import own

EMAIL = "pat@example.com"


@pytest.fixture
def pat(session: CheckoutSession, over: None, api: Api) -> Customer:
    """Whose session is over, and for whom a link was made."""
    api.post("payment-links", {"currency": "USD", "productName": f"Invoice for {EMAIL}", "metadata": {"to": EMAIL}})
    return Customer.objects.get(pk=session.customer_id)


@pytest.fixture
def over(session: CheckoutSession, later: Callable[[int], None]) -> None:
    later(60)
    past = timezone.now()
    CheckoutSession.objects.filter(pk=session.pk).update(status="expired", watch_until=past, expires_at=past)


@pytest.mark.parametrize("where", ["forget_in_answers", "record"])
def test_one_that_was_killed_at_its_end_is_finished_by_the_next(
    pat: Customer, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def dies(*_args: Any, **_options: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(erasing, where, dies)
        with pytest.raises(SystemExit):
            erase_buyer(pat, actor="mia@example.com")
    assert erase_buyer(Customer.objects.get(pk=pat.pk), actor="mia@example.com") == 1
    link = PaymentLink.objects.get(merchant=pat.merchant)
    assert (link.product_name, link.metadata) == ("Invoice for erased", {"to": "erased"})
    assert own(AuditEntry).get(action="buyer.erased").detail == {"sessions": 1}


def test_one_that_goes_on_tells_how_many_sessions_there_were(
    session: CheckoutSession, new_session: Callable[..., CheckoutSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    new_session()
    past = timezone.now()
    CheckoutSession.objects.filter(customer=session.customer).update(
        status="expired", watch_until=past, expires_at=past
    )
    monkeypatch.setattr(erasing, "BATCH", 1)
    with monkeypatch.context() as dying:
        dying.setattr(erasing, "record", None)
        with pytest.raises(TypeError):
            erase_buyer(session.customer, actor="mia@example.com")
    assert erase_buyer(session.customer, actor="mia@example.com") == 2
    assert own(AuditEntry).get(action="buyer.erased").detail == {"sessions": 2}


def test_links_forget_also_who_is_erased_by_time(pat: Customer, later: Callable[[int], None]) -> None:
    Merchant.objects.filter(pk=pat.merchant_id).update(keep_buyers_days=40)
    later(60)
    assert erase_old_buyers(timezone.now()) == 1
    assert PaymentLink.objects.get(merchant=pat.merchant).product_name == "Invoice for erased"


def test_a_long_timeline_is_rewritten_at_once(pat: Customer, session: CheckoutSession) -> None:
    StatusChange.objects.bulk_create(
        StatusChange(
            session=session, from_status="open", to_status="expired", payment_status="unpaid", at=timezone.now(),
            reason=f"{number} letters to {EMAIL}",
        )
        for number in range(9)
    )  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        erase_buyer(pat, actor="mia@example.com")
    table = StatusChange._meta.db_table
    assert sum(each["sql"].startswith("UPDATE") and table in each["sql"] for each in asked) == 1
    reasons = StatusChange.objects.filter(session=session, reason__contains="letters").values_list("reason", flat=True)
    assert sorted(reasons) == [f"{number} letters to erased" for number in range(9)]
