"""A suspended business: its keys, pages and links are closed, its owners know why, and one deed opens it again."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from merchants_app.businesses.suspension import BusinessSuspended, lift_suspension, suspend
from merchants_app.keys.api_keys import forget_keys
from merchants_app.models import Member, Merchant, Role
from sessions_app.models import CheckoutSession
from sessions_app.selling.creation import create_session
from sessions_app.selling.payment_links import create_link
from tests.cast import Api, agreed, terms
from tests.desk import Desk, owner_of
from tests.operators import Operator, lines
from tests.strangers.world import own

WHY = "Complaints of three buyers, case 1182"


@pytest.fixture
def suspended(mia: Merchant, operator: Operator) -> Merchant:
    """Mia's business, suspended by the operator; no process remembers her keys any more."""
    answer = suspend(merchant=mia, by=operator.user, reason=WHY)
    forget_keys()
    return answer


def test_an_operator_suspends_with_a_reason_and_the_owners_are_told(
    operator: Operator, mia: Merchant, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert operator.do(mia, "suspend", reason=WHY).status_code == 302
    mia.refresh_from_db()
    assert mia.suspended_at is not None
    assert (mia.suspended_by, mia.suspension_reason) == ("operator op@example.com", WHY)
    assert lines(mia) == [("business.suspended", {"reason": WHY})]
    (letter,) = mailoutbox
    assert letter.to == [owner_of(mia).email]
    assert letter.subject == "Mia Coffee has been suspended"
    assert WHY in letter.body
    assert f"{mia.public_id}/change/" not in letter.body


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nothing_happens(operator: Operator, mia: Merchant, reason: str) -> None:
    answer = operator.do(mia, "suspend", reason=reason)
    assert answer.status_code == 200
    assert "Say why: the owners will read it." in answer.content.decode()
    mia.refresh_from_db()
    assert mia.suspended_at is None


def test_twice_is_refused_in_the_form(operator: Operator, suspended: Merchant) -> None:
    answer = operator.do(suspended, "suspend", reason="again")
    assert answer.status_code == 200
    assert "suspended already, by operator op@example.com" in answer.content.decode()


def test_it_is_lifted_with_a_line_and_a_letter(
    operator: Operator, suspended: Merchant, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert operator.do(suspended, "lift").status_code == 302
    assert [action for action, _ in lines(suspended)] == ["business.suspended", "business.suspension_lifted"]
    assert [letter.subject for letter in mailoutbox] == ["Mia Coffee is open again"]
    assert Desk(owner_of(suspended)).get("overview").status_code == 200


@pytest.mark.parametrize(
    "path", ["checkout", "events", "payment-options", "issues", "webhook-endpoints", "payment-links"]
)
def test_its_keys_answer_403_with_a_sentence(api: Api, suspended: Merchant, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 403
    (error,) = answer.answer["errors"]
    assert (error["code"], error["attr"]) == ("business_suspended", None)
    assert "Mia Coffee has been suspended" in error["detail"]


def test_no_session_comes_to_be_by_api_or_by_rule(api: Api, suspended: Merchant) -> None:
    assert api.post("checkout", terms()).status_code == 403
    with pytest.raises(BusinessSuspended):
        create_session(merchant=suspended, mode="test", terms=agreed())
    assert not own(CheckoutSession).exists()


def test_a_process_that_knows_the_key_stops_within_five_seconds(
    api: Api, mia: Merchant, operator: Operator, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    assert api.get("checkout").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):  # the process that suspends forgets its keys at once
        suspend(merchant=mia, by=operator.user, reason=WHY)
    assert api.get("checkout").status_code == 403
    assert settings.API_KEY_CACHE_SECONDS < 5  # and any other one by then


def test_anothers_business_notices_nothing(api: Api, otto_key: str, suspended: Merchant, ottos_desk: Desk) -> None:
    assert api.as_(otto_key).post("checkout", terms()).status_code == 200
    assert ottos_desk.get("overview").status_code == 200


@pytest.mark.parametrize("page", ["overview", "sessions", "keys", "treasury", "audit", "webhooks"])
def test_its_pages_say_so_and_whom_to_ask(desk: Desk, suspended: Merchant, settings: Any, page: str) -> None:
    settings.OPERATOR_EMAIL = "desk@gateway.example"
    answer = desk.get(page)
    assert answer.status_code == 403
    text = answer.content.decode()
    assert "Mia Coffee has been suspended" in text
    assert "Money that is on its way is watched" in text
    assert "desk@gateway.example" in text
    assert desk.post("settings", name="x").status_code == 403


def test_sign_in_still_leads_to_the_persons_other_business(desk: Desk, otto: Merchant, suspended: Merchant) -> None:
    Member.objects.create(merchant=otto, user=desk.user, role=Role.VIEWER)
    assert desk.client.get("/dashboard")["Location"] == f"/dashboard/{otto.public_id}/test/overview"
    assert desk.client.get(f"/dashboard/{otto.public_id}/test/overview").status_code == 200


def test_who_has_no_other_business_reads_the_sentence_at_the_entrance(desk: Desk, suspended: Merchant) -> None:
    assert "has been suspended" in desk.client.get("/dashboard", follow=True).content.decode()


def test_its_payment_links_open_nothing(client: Client, mia: Merchant, operator: Operator) -> None:
    link = create_link(merchant=mia, mode="test", terms={"amount": 5, "currency": "USD", "product_name": "Box"})
    suspend(merchant=mia, by=operator.user, reason=WHY)
    assert "This shop cannot take payments at the moment." in client.get(f"/l/{link.public_id}").content.decode()
    answer = client.post(f"/l/{link.public_id}", {"name": "Pat", "email": "pat@example.com"})
    assert answer.status_code == 409
    assert not own(CheckoutSession).exists()


def test_the_database_knows_no_suspension_without_reason(mia: Merchant) -> None:
    with pytest.raises(IntegrityError, match="a_suspension_has_a_reason_and_an_author"), transaction.atomic():
        Merchant.objects.filter(pk=mia.pk).update(suspended_by="operator x")


def test_lifting_what_is_open_is_refused(operator: Operator, suspended: Merchant) -> None:
    lift_suspension(merchant=suspended, by=operator.user)
    answer = operator.do(suspended, "lift")
    assert "is not suspended" in answer.content.decode()


def test_the_admin_offers_what_fits(operator: Operator, mia: Merchant, suspended: Merchant) -> None:
    text = operator.read(f"merchants_app/merchant/{mia.pk}/change/")
    assert "Lift the suspension" in text
    assert "do/suspend/" not in text
    assert WHY in text


@pytest.mark.parametrize("role", ["developer", "support", "viewer"])
def test_roles_make_no_difference(colleague: Callable[..., Desk], suspended: Merchant, role: str) -> None:
    assert colleague(role).get("overview").status_code == 403
