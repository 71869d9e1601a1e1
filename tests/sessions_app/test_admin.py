"""Django admin: every page opens, money is read-only, lists ask no query per row."""

from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.admin import large
from merchants_app.keys.api_keys import create_key
from merchants_app.models import ApiKey, Merchant
from sessions_app.models import CheckoutSession, Decision, MoneySearch, StatusChange
from sessions_app.status import Status
from tests.cast import find_key, refreshed
from tests.factors import sign_in_operator
from tests.sandbox import Sandbox

OURS = ("sessions_app", "webhooks_app", "merchants_app", "chains_app")


def our_models() -> list[type[Model]]:
    """Of all our apps."""
    return [model for app in OURS for model in apps.get_app_config(app).get_models()]


# Rows that stand below another record, or caches and locks that mean nothing to a person.
BELOW_OTHERS = {
    "Member", "RefundCandidate", "Announcement", "Authorization", "UnbookedFee", "BooksPosition", "BookSum", "Logo",
    "PendingDecision", "SavedView", "SessionNote", "Letter", "Receipt", "ReceiptKey",
    "CollectLetters", "MonthEndBalance",
}  # fmt: skip
MONEY = [
    "checkoutsession", "payment", "quote", "decision", "depositaddress", "sparedeposit", "statuschange", "refund",
    "bookline",
]  # fmt: skip


@pytest.fixture
def operator(client: Client, db: None) -> Client:
    """An operator at Django admin."""
    sign_in_operator(client)
    return client


def test_every_record_is_registered() -> None:
    assert {model.__name__ for model in our_models() if not admin.site.is_registered(model)} <= BELOW_OTHERS


@pytest.mark.parametrize(
    ("model", "term"),
    [
        ("decision", "Mia@Example.com"), ("decision", f"0x{'AB' * 32}"), ("moneysearch", "Mia@Example.com"),
        ("statuschange", "Mia@Example.com"),
    ],
)  # fmt: skip
def test_what_is_stored_in_small_letters_is_found_in_any(
    operator: Client, session: CheckoutSession, model: str, term: str
) -> None:
    mia, at = "mia@example.com", timezone.now()
    decided = {"kind": "refunded", "actor": mia, "tx_hash": f"0x{'ab' * 32}", "decided_at": at}
    Decision.objects.create(session=session, **decided)
    MoneySearch.objects.create(session=session, actor=mia, asked_at=at)
    StatusChange.objects.create(session=session, to_status="open", payment_status="unpaid", actor=mia, at=at)
    shown = operator.get(reverse(f"admin:sessions_app_{model}_changelist"), {"q": term}).context["cl"]
    assert shown.result_count == 1


def test_a_session_shows_all_that_happened_to_it(operator: Client, session: CheckoutSession, sandbox: Sandbox) -> None:
    session = sandbox.play(session, "exact")
    text = operator.get(f"/admin/sessions_app/checkoutsession/{session.pk}/change/").content.decode()
    assert session.payments.get().tx_hash in text
    assert "is confirmed" in text


@pytest.mark.parametrize("model", MONEY)
def test_money_records_cannot_be_added(operator: Client, model: str) -> None:
    assert operator.get(f"/admin/sessions_app/{model}/add/").status_code == 403


def test_a_session_cannot_be_changed_or_deleted(operator: Client, session: CheckoutSession) -> None:
    path = f"/admin/sessions_app/checkoutsession/{session.pk}"
    assert operator.post(f"{path}/change/", {"status": "completed"}).status_code == 403
    assert operator.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    assert refreshed(session).status == Status.OPEN


def test_expiring_goes_by_the_rule(operator: Client, session: CheckoutSession) -> None:
    form = {"action": "expire", "_selected_action": [session.pk]}
    operator.post("/admin/sessions_app/checkoutsession/", form)
    assert refreshed(session).status == Status.EXPIRED
    assert session.timeline.last().actor == "operator operator@example.com"


def test_a_key_is_revoked_and_its_digest_is_not_shown(operator: Client, mia: Merchant) -> None:
    key, secret = create_key(merchant=mia, mode="test", name="shop")
    assert key.digest not in operator.get(f"/admin/merchants_app/apikey/{key.pk}/change/").content.decode()
    operator.post("/admin/merchants_app/apikey/", {"action": "revoke", "_selected_action": [key.pk]})
    assert find_key(secret) is None
    assert ApiKey.objects.get(pk=key.pk).revoked_at


@pytest.mark.parametrize("query", ["payment_status__exact=unpaid", "o=1"])
def test_lists_without_an_index_are_of_the_newest_rows_and_say_so(
    operator: Client, new_session: Callable[..., CheckoutSession], monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(large, "LOOKED_THROUGH", 1)
    older, newer = new_session(), new_session()
    text = operator.get(f"/admin/sessions_app/checkoutsession/?{query}").content.decode()
    assert newer.public_id in text
    assert older.public_id not in text
    assert "of the newest 1<" in text
    text = operator.get("/admin/sessions_app/checkoutsession/?status__exact=open").content.decode()
    assert older.public_id in text
    assert "of the newest" not in text


def test_what_somebody_did_is_found_by_their_address(operator: Client, session: CheckoutSession) -> None:
    session.timeline.update(actor="mia@example.com")
    for email, is_there in (("mia@example.com", True), ("otto@example.com", False)):
        text = operator.get("/admin/sessions_app/statuschange/", {"q": email}).content.decode()
        assert (session.public_id in text) == is_there


def test_the_list_of_sessions_asks_no_query_per_row(
    operator: Client,
    new_session: Callable[..., CheckoutSession],
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    sessions = [new_session() for _ in range(12)]
    operator.get("/admin/")  # notes the device, once a minute
    with django_assert_max_num_queries(11):
        text = operator.get("/admin/sessions_app/checkoutsession/").content.decode()
    assert all(each.public_id in text for each in sessions)
