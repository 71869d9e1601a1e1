"""Sending again, and what switching an endpoint on sends."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from tests.races import race
from tests.strangers.world import own
from tests.waiting import wait_until
from tests.webhooks_app.conftest import Listener
from tests.webhooks_app.receiver import Receiver
from webhooks_app.endpoints.endpoints import change_endpoint, create_endpoint, delete_endpoint, switch_off
from webhooks_app.errors import EndpointOff
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event, WebhookEndpoint
from webhooks_app.queue.resending import bring_nearer, resend_delivery, resend_event, resend_failed, resend_since
from webhooks_app.sending.thread import SenderThread
from webhooks_app.sending.trial import try_endpoint

Listen = Callable[..., Listener]
Happen = Callable[..., Event]


def states(listener: Listener) -> list[str]:
    return list(
        Delivery.objects.filter(endpoint=listener.endpoint).order_by("event_id").values_list("state", flat=True)
    )


def test_a_delivered_one_can_be_sent_again(listen: Listen, happen: Happen) -> None:
    listen()
    happen()
    own(Delivery).update(state=DeliveryState.SUCCEEDED, attempts_made=3, next_attempt_at=None)
    resend_delivery(delivery=own(Delivery).get())
    again = own(Delivery).get()
    assert (again.state, again.attempts_made) == (DeliveryState.PENDING, 0)
    assert again.next_attempt_at


def test_switching_on_sends_what_was_missed_and_nothing_else(listen: Listen, happen: Happen) -> None:
    listener = listen(events=["checkout.completed"])
    happen()
    own(Delivery).update(state=DeliveryState.SUCCEEDED, next_attempt_at=None)
    happen()  # still waits when the endpoint is switched off
    switch_off(endpoint=listener.endpoint, reason="by hand", actor="mia")
    assert states(listener) == ["succeeded", "failed"]
    happen()  # while it is off: a sender would set it aside
    happen("checkout.expired")  # not wanted
    assert states(listener) == ["succeeded", "failed", "pending"]
    changed = change_endpoint(endpoint=listener.endpoint, actor="mia", enabled=True)
    assert (changed.disabled_at, changed.failing_since, changed.disabled_reason) == (None, None, "")
    assert states(listener) == ["succeeded", "pending", "pending"]


def test_a_test_before_switching_on_forgets_nothing_that_was_missed(
    transactional_db: None, listen: Listen, happen: Happen
) -> None:
    listener = listen()
    happen()
    long_ago = timezone.now() - timedelta(days=5)
    own(Event).update(created_at=long_ago)
    own(Delivery).update(state=DeliveryState.FAILED, next_attempt_at=None)
    own(WebhookEndpoint).update(failing_since=long_ago)
    switch_off(endpoint=listener.endpoint, reason="Every message failed for 5 days.", actor="system")
    assert try_endpoint(endpoint=listener.now()).state == DeliveryState.SUCCEEDED
    change_endpoint(endpoint=listener.endpoint, actor="mia", enabled=True)
    assert states(listener)[0] == "pending"


def test_what_was_refused_by_410_is_sent_when_it_is_switched_on(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    listener = listen("/status/410")
    refused = happen()
    wait_until(lambda: listener.now().disabled_at)
    wait_until(lambda: states(listener) == ["failed"])
    sender.stop()
    change_endpoint(endpoint=listener.endpoint, actor="mia", url=f"{receiver.url}/hooks", enabled=True)
    assert Delivery.objects.get(event=refused).state == DeliveryState.PENDING


def test_since_a_time_sends_all_that_it_wants(listen: Listen, happen: Happen) -> None:
    early = happen()
    own(Event).update(created_at=timezone.now() - timedelta(days=2))
    happen(), happen("checkout.expired")
    listener = listen(events=["checkout.completed"])  # came later than all of them
    assert resend_since(endpoint=listener.endpoint, since=timezone.now() - timedelta(days=1)) == 1
    assert not Delivery.objects.filter(event=early).exists()


def test_an_event_is_sent_again_to_those_alone_who_had_it_or_chose_it(listen: Listen, happen: Happen) -> None:
    had_it, never_chose_it = listen(), listen(events=["checkout.expired"])
    event = happen("checkout.completed")
    own(Delivery).update(state=DeliveryState.SUCCEEDED, next_attempt_at=None)
    assert resend_event(event=event) == 1
    assert (states(had_it), states(never_chose_it)) == (["pending"], [])


def test_nothing_is_sent_to_one_that_is_off(listen: Listen, happen: Happen) -> None:
    listener = listen()
    event = happen()
    switch_off(endpoint=listener.endpoint, reason="by hand", actor="mia")
    with pytest.raises(EndpointOff, match="switched off"):
        resend_failed(endpoint=listener.now())
    with pytest.raises(EndpointOff, match="switched off"):
        resend_delivery(delivery=own(Delivery).get())
    assert resend_event(event=event) == 0


@pytest.fixture
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks_app.queue.resending.BATCH", 2)
    monkeypatch.setattr("webhooks_app.endpoints.endpoints.SET_ASIDE_AT_ONCE", 2)


@pytest.mark.usefixtures("_small_batches")
def test_many_are_sent_again_batch_by_batch(listen: Listen, happen: Happen) -> None:
    listener = listen()
    for _ in range(5):
        happen()
    switch_off(endpoint=listener.endpoint, reason="by hand", actor="mia")
    assert states(listener) == ["failed"] * 5
    change_endpoint(endpoint=listener.endpoint, actor="mia", enabled=True)
    assert states(listener) == ["pending"] * 5
    own(Delivery).update(state=DeliveryState.FAILED, next_attempt_at=None)
    assert resend_failed(endpoint=listener.now()) == 5
    assert resend_since(endpoint=listener.now(), since=timezone.now() - timedelta(hours=1)) == 5


def test_the_very_first_row_of_a_table_is_sent_again_too(listen: Listen, happen: Happen) -> None:
    listener, event = listen(), happen()
    own(Delivery).all().delete()
    Event.objects.filter(pk=event.pk).update(id=1)
    Delivery.objects.create(id=1, event_id=1, endpoint=listener.endpoint, state=DeliveryState.FAILED)
    assert resend_failed(endpoint=listener.endpoint) == 1
    assert resend_since(endpoint=listener.endpoint, since=event.created_at) == 1


def test_switching_on_sends_what_waited_for_its_next_try_however_old_it_is(listen: Listen, happen: Happen) -> None:
    listener = listen()
    happen()
    own(Event).update(created_at=timezone.now() - timedelta(days=3))
    own(Delivery).update(attempts_made=9, next_attempt_at=timezone.now() + timedelta(hours=20))
    switch_off(endpoint=listener.endpoint, reason="by hand", actor="mia")
    assert states(listener) == ["failed"]
    change_endpoint(endpoint=listener.endpoint, actor="mia", enabled=True)
    assert states(listener) == ["pending"]


def test_switching_on_leaves_alone_what_failed_before_the_last_success(listen: Listen, happen: Happen) -> None:
    """A failure that began up to a minute before the endpoint was noted as failing is one since then."""
    listener, now = listen(), timezone.now()
    for ago in (timedelta(days=30), timedelta(days=5, seconds=61), timedelta(days=5, seconds=59), timedelta(days=4)):
        event = happen()
        delivery = Delivery.objects.filter(event=event)
        delivery.update(state=DeliveryState.FAILED, next_attempt_at=None, attempts_made=10)
        DeliveryAttempt.objects.create(delivery=delivery.get(), started_at=now - ago, duration_ms=1, problem="timeout")
    own(WebhookEndpoint).update(failing_since=now - timedelta(days=5))
    switch_off(endpoint=listener.endpoint, reason="Every message failed for 5 days.", actor="system")
    change_endpoint(endpoint=listener.endpoint, actor="mia", enabled=True)
    assert states(listener) == ["failed", "failed", "pending", "pending"]


@pytest.mark.django_db(transaction=True)
def test_events_and_switches_at_the_same_instant_lose_nothing(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen
) -> None:
    listener = listen()

    def switch() -> None:
        for on in (False, True) * 5:
            change_endpoint(endpoint=listener.endpoint, actor="mia", enabled=on)

    def write() -> None:
        for _ in range(30):
            happen()

    assert race(switch, write, write) == [None, None, None]
    wait_until(lambda: set(states(listener)) == {"succeeded"})
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == 60


def test_an_event_sent_again_reaches_its_own_mode_and_nobody_who_was_deleted(
    listen: Listen, happen: Happen, mia: Merchant
) -> None:
    here = listen()
    other = here.endpoint.url + "/live"
    create_endpoint(merchant=mia, mode="live", url=other, actor="mia")
    gone, _ = create_endpoint(merchant=mia, mode="test", url=here.endpoint.url + "/gone", actor="mia")
    event = happen()
    delete_endpoint(endpoint=gone, actor="mia")
    own(Delivery).all().delete()
    assert resend_event(event=event) == 1
    assert [each.endpoint for each in own(Delivery).all()] == [here.endpoint]


AGAIN: dict[str, Callable[[WebhookEndpoint, Event], object]] = {
    "one": lambda endpoint, _: resend_delivery(delivery=Delivery.objects.get(endpoint=endpoint)),
    "event": lambda _, event: resend_event(event=event),
    "failed": lambda endpoint, _: resend_failed(endpoint=endpoint),
    "since": lambda endpoint, event: resend_since(endpoint=endpoint, since=event.created_at),
}


@pytest.mark.parametrize("way", AGAIN)
def test_what_is_sent_again_is_due_at_once_with_all_its_tries(listen: Listen, happen: Happen, way: str) -> None:
    endpoint, event = listen().endpoint, happen()
    own(Delivery).update(state=DeliveryState.FAILED, attempts_made=7, next_attempt_at=None, leased=True)
    AGAIN[way](endpoint, event)
    again = own(Delivery).get()
    assert (again.state, again.attempts_made, again.leased) == ("pending", 0, False)
    assert again.next_attempt_at
    assert again.next_attempt_at <= timezone.now()


@pytest.mark.parametrize("way", ["one", "failed", "since"])
def test_nothing_is_sent_to_one_that_was_deleted(listen: Listen, happen: Happen, way: str) -> None:
    listener, event = listen(), happen()
    delete_endpoint(endpoint=listener.endpoint, actor="mia")
    with pytest.raises(EndpointOff, match="was deleted"):
        AGAIN[way](listener.now(), event)
    assert states(listener) == ["failed"]


def test_time_is_let_pass_for_what_waits_of_one_business_in_one_mode(
    listen: Listen, happen: Happen, mia: Merchant, otto: Merchant
) -> None:
    for business in (mia, otto):
        for mode in ("test", "live"):
            listen(merchant=business, mode=mode)
            happen(merchant_id=business.pk, mode=mode)
    happen(type="checkout.expired")
    own(Delivery).update(next_attempt_at=timezone.now() + timedelta(hours=2))
    own(Delivery).filter(event__type="checkout.expired").update(leased=True)  # it is being sent
    before = dict(own(Delivery).values_list("pk", "next_attempt_at"))
    bring_nearer(mia, "test", timedelta(hours=1))
    moved = own(Delivery).filter(next_attempt_at__in=[at - timedelta(hours=1) for at in before.values()])
    assert [(each.event.merchant, each.event.mode, each.event.type) for each in moved] == [
        (mia, "test", "checkout.completed")
    ]


def test_letting_time_pass_makes_nothing_overdue(listen: Listen, happen: Happen, mia: Merchant) -> None:
    listen()
    due, overdue = happen(), happen()
    now = timezone.now()
    soon, long_ago = now + timedelta(hours=1), now - timedelta(hours=1)
    own(Delivery).filter(event=due).update(next_attempt_at=soon)
    own(Delivery).filter(event=overdue).update(next_attempt_at=long_ago)
    for _ in range(3):
        bring_nearer(mia, "test", timedelta(days=366 * 1000))
    assert own(Delivery).get(event=overdue).next_attempt_at == long_ago
    assert now <= own(Delivery).get(event=due).next_attempt_at <= timezone.now()
