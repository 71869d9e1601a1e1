"""The page of one endpoint: those beside it, its cause, its deliveries; as few queries however many there are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from merchants_app.models import Merchant
from tests.desk import Desk
from tests.strangers.world import own
from tests.webhooks_app.conftest import Listener
from webhooks_app.event_types import EventType
from webhooks_app.events.outbox import NewEvent, record_events
from webhooks_app.models import Delivery, DeliveryAttempt, DeliveryState, Event, WebhookEndpoint

Listen = Callable[..., Listener]
MOST_QUERIES = 17


def failed_often(merchant: Merchant, number: int) -> None:
    """That many more deliveries, each tried once."""
    before = Event.objects.filter(merchant=merchant).count()
    record_events(
        [
            NewEvent(
                merchant_id=merchant.pk, mode="test", type=EventType.CHECKOUT_COMPLETED, subject=f"cs_many_{each}",
                sequence=1, data={"reference": f"100{each}"},
            )
            for each in range(before, before + number)
        ]
    )  # fmt: skip
    new = own(Delivery).filter(attempts_made=0)
    given: dict[str, Any] = {"duration_ms": 20_000, "problem": "timeout", "started_at": timezone.now()}
    DeliveryAttempt.objects.bulk_create([DeliveryAttempt(delivery=each, **given) for each in new])
    new.update(attempts_made=1, next_attempt_at=timezone.now() + timedelta(minutes=5))


def test_it_asks_no_more_of_a_thousand_deliveries_than_of_ten(mia: Merchant, desk: Desk, listen: Listen) -> None:
    path = f"webhooks/{listen().endpoint.public_id}"
    own(WebhookEndpoint).update(failing_since=timezone.now())
    desk.read(path)
    asked = []
    for more in (10, 990):
        failed_often(mia, more)
        with CaptureQueriesContext(connection) as made:
            page = desk.read(path)
        asked.append(len(made))
    assert asked[0] == asked[1] <= MOST_QUERIES
    assert "1,000 events wait" in page
    assert page.count('class="fold"') == 20
    assert page.count("<rect") == 60


def test_what_failed_is_told_by_its_cause_and_the_waiting_can_be_sent_again(
    mia: Merchant, desk: Desk, listen: Listen
) -> None:
    listener = listen(headers={"X-Shop": "hidden-value"})
    failed_often(mia, 3)
    own(WebhookEndpoint).update(failing_since=timezone.now())
    path = f"webhooks/{listener.endpoint.public_id}"
    page = desk.read(path)
    for words in (
        "It takes the connection, then says nothing",
        "None of the last 3 attempts arrived: each time no answer in 20 s.",
        "Answer 200 as soon as you have stored the event",
        "<b>3 events wait</b>",
        "Of the last 3 attempts 0 arrived.",
        "Send all 3 again",
        "order 1001",
        "X-Shop: …",
        "by mia@example.com",
    ):
        assert words in page
    assert "hidden-value" not in page
    assert listener.secret not in page
    desk.post(f"{path}/resend", waiting="on")
    assert "3 on the way." in desk.read(path)
    assert {(each.attempts_made, each.state) for each in own(Delivery)} == {(0, DeliveryState.PENDING)}


def test_each_try_of_a_delivery_has_what_came_back(mia: Merchant, desk: Desk, listen: Listen) -> None:
    listener = listen()
    failed_often(mia, 1)
    given: dict[str, Any] = {"delivery": own(Delivery).get(), "started_at": timezone.now(), "duration_ms": 1940}
    for answer in ("out of memory", "try later"):
        DeliveryAttempt.objects.create(**given, status_code=503, problem="unavailable", answer_excerpt=answer)
    page = desk.read(f"webhooks/{listener.endpoint.public_id}")
    assert page.index("try later") < page.index("out of memory")
    assert "1.9 s" in page


def test_beside_it_stand_endpoints_of_the_same_business_and_mode_alone(
    otto: Merchant, desk: Desk, listen: Listen
) -> None:
    first = listen(url="https://one.example/hooks")
    for number in range(7):
        listen(url=f"https://beside-{number}.example/hooks")
    fails = listen(url="https://failing.example/hooks").endpoint
    listen(url="https://live.example/hooks", mode="live")
    listen(url="https://otto.example/hooks", merchant=otto)
    WebhookEndpoint.objects.filter(pk=fails.pk).update(failing_since=timezone.now() - timedelta(hours=2))
    page = desk.read(f"webhooks/{first.endpoint.public_id}")
    assert "All 9 endpoints" in page
    assert "failing.example" in page
    assert "fails for" in page
    assert not {name for name in ("live.example", "otto.example") if name in page}
