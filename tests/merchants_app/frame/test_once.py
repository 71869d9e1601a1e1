"""Two clicks make one: of a session, a link, a refund, a note, an invitation, a key, an endpoint, a secret."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone

from merchants_app.models import ApiKey, Invitation, Merchant
from sessions_app.models import CheckoutSession, PaymentLink, Refund, SessionNote
from sessions_app.refunding.address import leave_address
from tests.cast import OTTOS_WALLET
from tests.desk import Desk
from tests.sandbox import Sandbox
from webhooks_app.endpoints.endpoints import create_endpoint
from webhooks_app.endpoints.secrets_at_rest import secrets_in
from webhooks_app.models import WebhookEndpoint

SESSION = {"amount": "20", "currency": "USD", "product": "Beans", "ends": "1d", "name": "Pat"}
MADE: list[tuple[str, type[Model], dict[str, Any]]] = [
    ("new-session", CheckoutSession, SESSION),
    ("links", PaymentLink, {"product": "Beans", "amount": "20", "currency": "USD"}),
    ("team", Invitation, {"email": "vera@example.com", "role": "viewer"}),
    ("keys", ApiKey, {"name": "Web shop", "scopes": ["read"]}),
    ("webhooks", WebhookEndpoint, {"url": "https://shop.example/hooks", "events": [], "headers": ""}),
]


def token_on(desk: Desk, page: str) -> str:
    """What a form of the page carries, by which it is known when it comes twice."""
    token, *_ = re.findall(r'name="once" value="([^"]+)"', desk.read(page))
    return str(token)


@pytest.mark.parametrize(("page", "model", "form"), MADE, ids=[page for page, _, _ in MADE])
def test_two_clicks_make_one_and_lead_to_the_same_place(
    desk: Desk, page: str, model: type[Model], form: dict[str, Any]
) -> None:
    desk.give_password()
    token, before = token_on(desk, page), model._default_manager.count()
    first, second = (desk.post(page, **form, once=token) for _ in range(2))
    assert model._default_manager.count() == before + 1
    assert first.status_code == second.status_code < 400
    assert first.headers.get("Location") == second.headers.get("Location")
    assert secrets_on(first) == secrets_on(second)


def secrets_on(answer: Any) -> list[str]:
    """What is shown this once: the second click's answer is the one that stays on the screen."""
    return re.findall(r"data-secret>([^<]+)<", answer.content.decode())


def test_another_word_in_the_form_makes_another(desk: Desk) -> None:
    token = token_on(desk, "new-session")
    for name in ("Pat", "Vera"):
        desk.post("new-session", **SESSION | {"name": name}, once=token)
    assert CheckoutSession.objects.filter(name__in=["Pat", "Vera"], amount=20).count() == 2


def test_what_was_refused_is_not_kept(desk: Desk, mia: Merchant) -> None:
    token = token_on(desk, "new-session")
    assert desk.post("new-session", **SESSION | {"amount": "0"}, once=token).status_code == 400
    assert desk.post("new-session", **SESSION, once=token).status_code == 302


def test_a_part_is_refunded_once(desk: Desk, new_session: Callable[..., CheckoutSession], sandbox: Sandbox) -> None:
    session = leave_address(sandbox.play(new_session(), "exact", asset="USDC"), OTTOS_WALLET)
    page = f"sessions/{session.public_id}/refund"
    form = {
        "balance": "sandbox:USDC", "kind": "amount", "rate_basis": "paid", "amount": "10", "to_address": OTTOS_WALLET,
        "once": token_on(desk, page),
    }  # fmt: skip
    first, second = (desk.post(page, **form) for _ in range(2))
    assert first.url == second.url
    assert Refund.objects.filter(session=session).count() == 1


def test_a_note_is_kept_once(desk: Desk, session: CheckoutSession) -> None:
    page = f"sessions/{session.public_id}"
    for token in [token_on(desk, page)] * 2:
        desk.post(f"{page}/notes", text="Called.", once=token)
    assert SessionNote.objects.filter(session=session).count() == 1


def test_a_secret_is_made_once(desk: Desk, mia: Merchant) -> None:
    endpoint, _ = create_endpoint(merchant=mia, mode="test", url="https://shop.example/hooks", actor="mia")
    page, desk = f"webhooks/{endpoint.public_id}", desk.give_password()
    for token in [token_on(desk, page)] * 2:
        (shown,) = secrets_on(desk.post(f"{page}/rotate", once=token))
    endpoint.refresh_from_db()
    assert secrets_in(endpoint.secret_encrypted) == [shown]
    assert len(secrets_in(endpoint.previous_secret_encrypted)) == 1


def sent_again(desk: Desk, page: str, form: dict[str, Any]) -> Any:
    """By going back to the page before; where that leads to."""
    answer = desk.client.post(f"/dashboard/{desk.at}/{page}", form, follow=True)
    assert answer.status_code == 200
    return answer


def test_a_secret_that_was_replaced_is_not_shown_again(desk: Desk, mia: Merchant) -> None:
    endpoint, _ = create_endpoint(merchant=mia, mode="test", url="https://shop.example/hooks", actor="mia")
    page, desk = f"webhooks/{endpoint.public_id}", desk.give_password()
    former, present = token_on(desk, page), token_on(desk, page)
    for token in (former, present):
        desk.post(f"{page}/rotate", once=token)
    again = sent_again(desk, f"{page}/rotate", {"once": former})
    assert secrets_on(again) == []
    assert "no longer the present one" in again.content.decode()
    assert len(secrets_on(desk.post(f"{page}/rotate", once=present))) == 1


def test_a_key_that_was_revoked_is_not_shown_as_new(desk: Desk) -> None:
    form = {"name": "Web shop", "scopes": ["read"], "once": token_on(desk.give_password(), "keys")}
    assert len(secrets_on(desk.post("keys", **form))) == 1
    made = ApiKey.objects.latest("pk")
    desk.post(f"keys/{made.public_id}/revoke")
    again = sent_again(desk, "keys", form)
    assert secrets_on(again) == []
    assert "nothing new was made" in again.content.decode()


@pytest.mark.parametrize("undone", ["delete", "rotate"])
def test_an_endpoint_that_is_gone_or_has_another_secret_is_not_shown_as_new(desk: Desk, undone: str) -> None:
    token = token_on(desk.give_password(), "webhooks")
    form = {"url": "https://shop.example/hooks", "events": [], "headers": "", "once": token}
    desk.post("webhooks", **form)
    made = WebhookEndpoint.objects.latest("pk")
    desk.post(f"webhooks/{made.public_id}/{undone}")
    again = sent_again(desk, "webhooks", form)
    assert secrets_on(again) == []
    said = {"delete": "nothing new was made", "rotate": "no longer the present one"}
    assert said[undone] in again.content.decode()


def test_an_invitation_that_was_taken_back_is_not_said_to_be_written(desk: Desk) -> None:
    form = {"email": "vera@example.com", "role": "viewer", "once": token_on(desk.give_password(), "team")}
    assert "was written to" in sent_again(desk, "team", form).content.decode()
    Invitation.objects.filter(email="vera@example.com").update(withdrawn_at=timezone.now())
    assert "was written to" not in (again := sent_again(desk, "team", form).content.decode())
    assert "answered or taken back since" in again
