"""The oldest message that waits, of a queue of any length."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.webhooks_app.conftest import Listener
from webhooks_app.models import Delivery, DeliveryState, WebhookEndpoint
from webhooks_app.queue.oldest import AT_EACH_END, OLDEST, oldest_waiting

Listen = Callable[..., Listener]
LONG = 3000


def wait(endpoint: WebhookEndpoint, event: int, *, created: datetime, due: datetime, tries: int = 0) -> Delivery:
    """A delivery that is not written yet."""
    return Delivery(
        event_id=event, endpoint=endpoint, attempts_made=tries, created_at=created, next_attempt_at=due,
    )  # fmt: skip


@pytest.fixture
def backlog(listen: Listen) -> WebhookEndpoint:
    """An endpoint that took nothing for an hour: some messages were tried and wait, the others were never tried."""
    endpoint, now = listen().endpoint, timezone.now()
    since = now - timedelta(hours=1)
    never = [
        wait(endpoint, event, created=at, due=at)
        for event in range(20, LONG)
        if (at := since + timedelta(seconds=event))
    ]
    tried = [
        wait(endpoint, event, created=since, due=now + timedelta(minutes=event), tries=event) for event in range(1, 20)
    ]
    tried[-1].created_at = since - timedelta(days=1)
    Delivery.objects.bulk_create([*never, *tried])
    return endpoint


def rows_read(plan: dict[str, Any]) -> int:
    """By the scans of it."""
    below = sum(map(rows_read, plan.get("Plans", [])))
    return below if "Scan" not in plan["Node Type"] else below + round(plan["Actual Rows"] * plan["Actual Loops"])


def test_it_is_found_at_the_ends_of_a_long_queue_without_reading_it(backlog: WebhookEndpoint) -> None:
    oldest = oldest_waiting()
    assert oldest
    assert (oldest.endpoint, oldest.attempts_made) == (backlog, 19)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {OLDEST}", {"at_each_end": AT_EACH_END})
        [told] = cursor.fetchone()
    [plan] = told if isinstance(told, list) else json.loads(told)
    assert rows_read(plan["Plan"]) < 10 * AT_EACH_END


def test_what_an_endpoint_that_is_off_lacks_is_nobodys_trouble(backlog: WebhookEndpoint, listen: Listen) -> None:
    WebhookEndpoint.objects.filter(pk=backlog.pk).update(disabled_at=timezone.now())
    long_ago = timezone.now() - timedelta(minutes=50)
    other = wait(listen("/other").endpoint, 7, created=long_ago, due=long_ago)
    other.save()
    assert oldest_waiting() == other
    Delivery.objects.filter(pk=other.pk).update(state=DeliveryState.SUCCEEDED)
    left = oldest_waiting()
    assert left is None or left.endpoint != backlog
