"""The dashboard's pages of webhooks: made, watched, explained, sent again; and nobody else's."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from tests.desk import Desk
from tests.strangers.world import own
from tests.webhooks_app.conftest import Listener
from tests.webhooks_app.receiver import Receiver
from webhooks_app.endpoints.endpoints import switch_off
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event, WebhookEndpoint

Listen = Callable[..., Listener]
Happen = Callable[..., Event]


def at(listener: Listener, tail: str = "") -> str:
    return f"webhooks/{listener.endpoint.public_id}{tail}"


def failed(happen: Happen, *, problem: str = "redirect", status: int = 302) -> Delivery:
    happen()
    delivery = own(Delivery).latest("id")
    DeliveryAttempt.objects.create(
        delivery=delivery, started_at=timezone.now(), duration_ms=31, status_code=status, problem=problem,
        detail="https://www.shop.example/hooks.", answer_excerpt="<b>moved</b>",
    )  # fmt: skip
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.FAILED, next_attempt_at=None)
    return delivery


def test_without_endpoints_the_page_says_what_to_do(desk: Desk) -> None:
    assert "No endpoints yet" in desk.read("webhooks")


def test_a_new_endpoints_secret_is_shown_once(desk: Desk) -> None:
    answer = desk.post("webhooks", url="https://shop.example/hooks", events=["checkout.completed"], headers="X-A: b")
    secret = answer.content.decode().split("data-secret>")[1].split("<")[0]
    assert secret.startswith("whsec_")
    assert "no-store" in answer["Cache-Control"]
    made = own(WebhookEndpoint).get()
    assert made.events == ["checkout.completed"]
    page = desk.read(f"webhooks/{made.public_id}")
    assert secret not in page
    assert "Headers of your own at present: X-A" in page


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"url": "shop.example"},
        {"url": "https://shop.example", "headers": "no colon"},
        {"url": "https://shop.example", "headers": "Host: x"},
        {"url": "https://shop.example", "events": ["x"]},
    ],
)
def test_a_wrong_form_says_so_at_the_field(desk: Desk, form: dict[str, object]) -> None:
    assert 'class="wrong"' in desk.post("webhooks", **form).content.decode()
    assert not own(WebhookEndpoint).exists()


def test_a_failure_is_explained_with_advice_and_answer(desk: Desk, listen: Listen, happen: Happen) -> None:
    listener = listen()
    failed(happen)
    own(WebhookEndpoint).update(failing_since=timezone.now())
    page = desk.read(at(listener))
    assert "wants the message elsewhere: https://www.shop.example/hooks." in page
    assert "Enter the final URL" in page
    assert "&lt;b&gt;moved&lt;/b&gt;" in page
    assert "No message has arrived since" in page


def test_a_test_tells_its_result(desk: Desk, listen: Listen, receiver: Receiver) -> None:
    listener = listen()
    desk.post(at(listener, "/test"))
    assert "It works: answered 200" in desk.read(at(listener))
    receiver.answer = (401, b"", {})
    desk.post(at(listener, "/test"))
    assert "it wants a password or token" in desk.read(at(listener))


def test_a_delivery_an_endpoint_and_an_event_can_be_sent_again(desk: Desk, listen: Listen, happen: Happen) -> None:
    listener, delivery = listen(), failed(happen)
    for page in (
        at(listener, f"/{delivery.public_id}/resend"),
        at(listener, "/resend"),
        f"events/{delivery.event.public_id}/resend",
    ):
        own(Delivery).update(state=DeliveryState.FAILED, next_attempt_at=None)
        assert desk.post(page).status_code == 302
        assert own(Delivery).get().state == DeliveryState.PENDING
    own(Delivery).update(state=DeliveryState.SUCCEEDED, next_attempt_at=None)
    desk.post(at(listener, "/resend"), since="2020-01-01T00:00")
    assert own(Delivery).get().state == DeliveryState.PENDING


def test_a_change_keeps_the_headers_unless_told_otherwise(desk: Desk, listen: Listen) -> None:
    listener = listen(headers={"X-A": "1"})
    desk.post(at(listener), url="https://shop.example/new")
    assert (listener.now().url, listener.now().headers_encrypted != "") == ("https://shop.example/new", True)
    desk.post(at(listener), url="https://shop.example/new", replace_headers="on")
    assert listener.now().headers_encrypted == ""


def test_headers_that_cannot_be_read_any_more_are_asked_for(desk: Desk, listen: Listen, settings: Any) -> None:
    listener = listen(headers={"X-A": "1"})
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    anew = Desk(desk.user)  # no key is left to read the former browser session with
    assert "can no longer be read" in anew.read(at(listener))


def test_off_on_new_secret_and_gone(desk: Desk, listen: Listen) -> None:
    listener = listen()
    desk.post(at(listener, "/switch"), to="off")
    assert "Nothing is sent to it" in desk.read(at(listener))
    desk.post(at(listener, "/switch"), to="on")
    assert listener.now().disabled_at is None
    assert "whsec_" in desk.post(at(listener, "/rotate")).content.decode()
    desk.post(at(listener, "/delete"))
    assert desk.get(at(listener)).status_code == 404


def test_a_rules_no_is_shown_on_the_page(desk: Desk, listen: Listen, happen: Happen) -> None:
    listener, delivery = listen(), failed(happen)
    switch_off(endpoint=listener.endpoint, reason="by hand", actor="mia")
    desk.post(at(listener, f"/{delivery.public_id}/resend"))
    assert "Switch it on first" in desk.read(at(listener))


def test_events_are_listed_narrowed_and_shown_whole(desk: Desk, listen: Listen, happen: Happen) -> None:
    listener, event = listen(), happen(data={"amount": 49, "note": "<i>"})
    assert event.type in desk.read("events")
    for query, said in (
        ("type=checkout.expired", "of this kind"),
        ("subject=cs_0", "of this session"),
        ("type=checkout.expired&subject=cs_0", "of this kind and of this session"),
    ):
        assert f"<p>No event is {said}.</p>" in desk.read(f"events?{query}")
    assert event.subject in desk.read(f"events?subject={event.subject}")
    page = desk.read(f"events/{event.public_id}")
    assert "&quot;amount&quot;: 49" in page
    assert listener.endpoint.url in page


def test_strangers_see_nothing_and_viewers_change_nothing(
    desk: Desk, ottos_desk: Desk, colleague: Callable[..., Desk], listen: Listen, happen: Happen
) -> None:
    listener, delivery = listen(), failed(happen)
    event = f"events/{delivery.event.public_id}"
    tails = ["/test", "/rotate", "/switch", "/delete", "/resend", f"/{delivery.public_id}/resend"]
    acts = [*(at(listener, tail) for tail in tails), f"{event}/resend"]
    for stranger in (ottos_desk, desk.in_("live").give_password()):
        assert {stranger.get(at(listener)).status_code, stranger.get(event).status_code} == {404}
        assert {stranger.post(act).status_code for act in acts} == {404}
        assert listener.endpoint.url not in stranger.read("webhooks")
    viewer = colleague("viewer")
    assert "Add endpoint" not in viewer.read("webhooks")
    assert {viewer.post(act).status_code for act in [*acts, "webhooks", at(listener)]} == {403}
