"""Events and deliveries through the API: catching up without a gap, and seeing what became of each message."""

from collections.abc import Callable
from decimal import Decimal
from threading import Event as Signal
from threading import Thread
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from common.api.exact_json import loads_strict
from sessions_app.answers.session import PresentState
from tests.cast import Api
from tests.strangers.world import own
from tests.waiting import wait_until
from tests.webhooks_app.conftest import Listener
from tests.webhooks_app.receiver import Receiver
from webhooks_app.events.bodies import STATE
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event
from webhooks_app.sending.thread import SenderThread

Listen = Callable[..., Listener]
Happen = Callable[..., Event]


def ids(answer: Any) -> list[str]:
    return [each["id"] for each in answer.answer]


@pytest.mark.django_db(transaction=True)
def test_events_come_in_order_and_page_by_page(api: Api, happen: Happen) -> None:
    events = [happen() for _ in range(5)]
    first = api.get("events?limit=2")
    assert ids(first) == [event.public_id for event in events[:2]]
    assert f"after={events[1].pk}" in first["Link"]
    second = api.get(f"events?limit=3&after={first.answer[-1]['position']}")
    assert ids(second) == [event.public_id for event in events[2:]]
    assert "Link" not in second
    assert ids(api.get(f"events?after={events[3].public_id}")) == [events[4].public_id]
    assert ids(api.get(f"events?after={events[4].pk}")) == []


@pytest.mark.django_db(transaction=True)
def test_they_can_be_narrowed(api: Api, happen: Happen) -> None:
    expired, _ = happen("checkout.expired"), happen("checkout.completed")
    assert ids(api.get("events?type=checkout.expired")) == [expired.public_id]
    assert ids(api.get(f"events?subject={expired.subject}")) == [expired.public_id]


@pytest.mark.django_db(transaction=True)
def test_who_reads_on_never_skips_an_event_whose_commit_came_later(api: Api, happen: Happen) -> None:
    written, may_commit = Signal(), Signal()

    def slowly() -> None:
        try:
            with transaction.atomic():
                happen("checkout.created")
                written.set()
                may_commit.wait(10)
        finally:
            connection.close()

    slow = Thread(target=slowly)
    slow.start()
    written.wait(10)
    quick = happen("checkout.completed")  # a larger position, visible first
    early = ids(api.get("events"))
    may_commit.set()
    slow.join()
    assert early == []
    assert ids(api.get("events"))[1] == quick.public_id


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM webhooks_app_event",  # a dump, say, which asks on and on in one transaction
        "UPDATE merchants_app_merchant SET name = name",  # a long job that writes something else
        "INSERT INTO webhooks_app_delivery (public_id, event_id, endpoint_id, state, attempts_made) "
        "SELECT 'dlv_x', event.id, endpoint.id, 'failed', 0 FROM webhooks_app_event event, "
        "webhooks_app_webhookendpoint endpoint ORDER BY event.id DESC, endpoint.id DESC LIMIT 1",
    ],
)
def test_nobody_who_writes_no_events_is_waited_for(
    api: Api, listen: Listen, happen: Happen, elsewhere: psycopg.Connection[Any], statement: str
) -> None:
    before = happen()
    listen()
    elsewhere.execute(statement)
    event = happen()
    elsewhere.execute("SELECT 1")
    assert ids(api.get("events")) == [before.public_id, event.public_id]


@pytest.mark.parametrize(
    ("query", "field"), [("after=evt_x", "after"), ("limit=0", "limit"), ("type=x", "type"), ("a=1", "a")]
)
def test_a_wrong_query_is_named(api: Api, query: str, field: str) -> None:
    answer = api.get(f"events?{query}")
    assert answer.status_code == (404 if query == "after=evt_x" else 400)
    assert answer.answer["errors"][0]["attr"] == field


def test_an_event_is_shown_as_its_webhook_carries_it(
    sender: SenderThread, receiver: Receiver, listen: Listen, happen: Happen, api: Api
) -> None:
    listen()
    event = happen(data={"amount": Decimal("49.10"), "status": "completed"})
    wait_until(lambda: bool(receiver.messages))
    [message] = receiver.messages
    assert api.get(f"events/{event.public_id}").answer == loads_strict(message.body.decode())


def test_a_page_of_events_asks_once_how_their_subjects_stand(api: Api, happen: Happen) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert len(api.get("events").answer) == len(made)
        return len(asked)

    made = [happen()]
    queries()  # which also looks up the key
    few = queries()
    made += [happen() for _ in range(5)]
    assert queries() == few


def test_what_an_event_tells_of_the_present_is_what_is_described() -> None:
    assert {*STATE, "sequence"} == {each.alias for each in PresentState.model_fields.values()}


def test_a_strangers_event_does_not_exist(api: Api, otto_key: str, mia_live_key: str, happen: Happen) -> None:
    event = happen()
    for key in (otto_key, mia_live_key):
        assert api.as_(key).get("events").answer == []
        assert api.as_(key).get(f"events/{event.public_id}").status_code == 404
        assert api.as_(key).post(f"events/{event.public_id}/resend").status_code == 404
    assert api.as_("").get("events").status_code == 401


def test_deliveries_show_each_attempt_in_words(api: Api, listen: Listen, happen: Happen) -> None:
    listener, event = listen(), happen()
    delivery = own(Delivery).get()
    DeliveryAttempt.objects.create(
        delivery=delivery, started_at=event.created_at, duration_ms=12, status_code=302, problem="redirect",
        detail="https://www.shop.example/.",
    )  # fmt: skip
    [shown] = api.get(f"webhook-endpoints/{listener.endpoint.public_id}/deliveries").answer
    assert (shown["eventId"], shown["eventType"], shown["status"]) == (event.public_id, event.type, "pending")
    assert "https://www.shop.example/" in shown["attempts"][0]["explanation"]


def test_deliveries_are_paged_newest_first(api: Api, listen: Listen, happen: Happen) -> None:
    listener = listen()
    path = f"webhook-endpoints/{listener.endpoint.public_id}/deliveries"
    for _ in range(3):
        happen()
    newest = [each.public_id for each in own(Delivery).order_by("-id")]
    first = api.get(f"{path}?limit=2")
    assert ids(first) == newest[:2]
    assert f"after={newest[1]}" in first["Link"]
    assert ids(api.get(f"{path}?limit=2&after={newest[1]}")) == newest[2:]
    assert ids(api.get(f"{path}?status=failed")) == []


def test_an_event_can_be_sent_again(api: Api, listen: Listen, happen: Happen) -> None:
    listen()
    event = happen()
    listen("/later")
    own(Delivery).update(state=DeliveryState.SUCCEEDED, next_attempt_at=None, attempts_made=1)
    assert api.post(f"events/{event.public_id}/resend").answer == {"resent": 2}
    assert Delivery.objects.filter(event=event, state=DeliveryState.PENDING, attempts_made=0).count() == 2


def test_an_endpoint_gets_again_what_failed_or_everything_since(api: Api, listen: Listen, happen: Happen) -> None:
    listener = listen()
    path = f"webhook-endpoints/{listener.endpoint.public_id}/resend"
    first, second = happen(), happen()
    Delivery.objects.filter(event=first).update(state=DeliveryState.FAILED, next_attempt_at=None)
    Delivery.objects.filter(event=second).update(state=DeliveryState.SUCCEEDED, next_attempt_at=None)
    assert api.post(path).answer == {"resent": 1}
    assert api.post(path, {"since": "2020-01-01T00:00:00Z"}).answer == {"resent": 2}
    assert api.post(path, {"since": "2020-01-01T00:00:00"}).status_code == 400


@pytest.mark.parametrize("after", ["9223372036854775806", "9223372036854775807", "9223372036854775808", "9" * 60])
def test_after_a_position_beyond_all_there_are_no_events(api: Api, happen: Happen, after: str) -> None:
    happen()
    answer = api.get(f"events?after={after}")
    assert (answer.status_code, answer.answer) == (200, [])
