"""The sender against a real database and real receivers: it delivers, tries again, takes over, and lets nobody wait."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from tests.strangers.world import own
from tests.waiting import wait_until
from tests.webhooks_app.conftest import Listener
from tests.webhooks_app.receiver import Receiver
from webhooks_app.endpoints.endpoints import rotate_secret, switch_off
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event
from webhooks_app.sending.thread import SenderThread

Listen = Callable[..., Listener]
Happen = Callable[..., Event]

pytestmark = pytest.mark.django_db(transaction=True)


def settled(number: int = 1) -> bool:
    return own(DeliveryAttempt).count() >= number


def test_an_event_arrives_signed_and_the_attempt_is_recorded(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    listener, event = listen(), happen(data={"amount": 49})
    wait_until(settled)
    [message] = receiver.messages
    content = message.verified(listener.secret)
    assert (content["id"], content["data"], message.headers["webhook-id"]) == (
        event.public_id,
        {"amount": 49},
        event.public_id,
    )
    attempt = own(DeliveryAttempt).get()
    assert (attempt.status_code, attempt.problem, attempt.answer_excerpt) == (200, "", "ok")
    delivery = own(Delivery).get()
    assert (delivery.state, delivery.attempts_made) == (DeliveryState.SUCCEEDED, 1)
    assert listener.now().last_success_at


def test_nothing_leaves_before_the_change_is_committed(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    listen()
    with transaction.atomic():
        happen()
        transaction.set_rollback(True)
    happen(type="checkout.expired")
    wait_until(settled)
    assert [message.json["type"] for message in receiver.messages] == ["checkout.expired"]


def test_only_chosen_events_are_sent(sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen) -> None:
    listen("/some", events=["checkout.expired"])
    listen("/all")
    happen("checkout.completed")
    happen("checkout.expired")
    wait_until(lambda: settled(3))
    assert len(receiver.at("/all")) == 2
    assert [message.json["type"] for message in receiver.at("/some")] == ["checkout.expired"]


def test_own_headers_go_along(sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen) -> None:
    listen(headers={"X-Token": "let-me-in"})
    happen()
    wait_until(settled)
    assert receiver.messages[0].headers["x-token"] == "let-me-in"


def test_a_rotating_secret_signs_beside_the_former_one(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    listener = listen()
    new = rotate_secret(endpoint=listener.endpoint, actor="mia")
    happen()
    wait_until(settled)
    assert receiver.messages[0].verified(new) == receiver.messages[0].verified(listener.secret)


def test_what_failed_is_tried_again_with_the_same_id(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    receiver.answer = (500, b"no\x00pe", {})
    listener = listen()
    happen()
    wait_until(settled)
    delivery = own(Delivery).get()
    assert (delivery.state, delivery.attempts_made) == (DeliveryState.PENDING, 1)
    attempt = own(DeliveryAttempt).get()
    assert attempt.answer_excerpt == "no\N{REPLACEMENT CHARACTER}pe"
    assert delivery.next_attempt_at
    assert timedelta(seconds=4) < delivery.next_attempt_at - attempt.started_at < timedelta(seconds=26)
    assert listener.now().failing_since
    receiver.answer = (204, b"", {})
    own(Delivery).update(next_attempt_at=timezone.now())  # as if the five seconds were over
    wait_until(lambda: settled(2))
    first, second = receiver.messages
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert listener.now().failing_since is None


def test_after_the_last_attempt_it_is_given_up(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    with transaction.atomic():
        listen("/status/500")
        happen()
        own(Delivery).update(attempts_made=9)
    wait_until(settled)
    assert (own(Delivery).get().state, own(Delivery).get().next_attempt_at) == (DeliveryState.FAILED, None)


def test_a_killed_workers_claim_is_taken_over_when_the_lease_ends(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    with transaction.atomic():
        listen()
        happen()
        own(Delivery).update(next_attempt_at=timezone.now() + timedelta(seconds=1))  # what is left of a lease
    wait_until(settled)
    assert own(Delivery).get().state == DeliveryState.SUCCEEDED


def test_hanging_endpoints_delay_nobody(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    for number in range(5):
        listen(f"/hang/{number}")
    listen("/quick")
    for _ in range(100):
        happen()
    wait_until(lambda: len(receiver.at("/quick")) == 100, seconds=15)
    assert len(receiver.at("/hang/0")) < 10


def test_410_switches_the_endpoint_off(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    listener = listen("/status/410")
    happen()
    wait_until(lambda: listener.now().disabled_at)
    assert "410" in listener.now().disabled_reason
    assert own(Delivery).get().state == DeliveryState.FAILED


def test_an_event_that_crosses_a_switch_off_is_set_aside(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    listener = listen()
    switch_off(endpoint=listener.endpoint, reason="by hand", actor="mia")
    happen()
    wait_until(lambda: own(Delivery).get().state == DeliveryState.FAILED)
    assert receiver.messages == []


def test_a_stopped_sender_gives_back_what_has_not_left(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    listen("/hang")
    for _ in range(8):
        happen()
    wait_until(lambda: receiver.messages)
    sender.stop()
    due = own(Delivery).filter(state=DeliveryState.PENDING, next_attempt_at__lte=timezone.now())
    assert due.count() == 8
