"""The oldest message that waits, of a queue of any length."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from common.database import fetch_by_index
from tests.webhooks_app.conftest import Listener
from webhooks_app.models import Delivery, DeliveryState, WebhookEndpoint
from webhooks_app.queue.oldest import AT_EACH_END, OLDEST, first_due, oldest_waiting

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


@pytest.fixture
def _was_empty(listen: Listen) -> None:
    """What PostgreSQL knows of the queue is that nothing was in it."""
    now = timezone.now()
    wait(listen().endpoint, 1, created=now, due=now).save()
    Delivery.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {Delivery._meta.db_table}")


@pytest.mark.moves_everybody
@pytest.mark.usefixtures("_was_empty")
def test_it_is_found_at_the_ends_of_a_long_queue_without_reading_it(request: pytest.FixtureRequest) -> None:
    backlog = request.getfixturevalue("backlog")
    oldest = oldest_waiting()
    assert oldest
    assert (oldest.endpoint, oldest.attempts_made) == (backlog, 19)
    [([plan],)] = fetch_by_index(f"EXPLAIN (ANALYZE, FORMAT JSON) {OLDEST}", {"at_each_end": AT_EACH_END})
    assert rows_read(plan["Plan"]) < 10 * AT_EACH_END


def test_the_first_that_is_due_is_told(listen: Listen) -> None:
    assert first_due() is None
    now = timezone.now()
    for event, (path, seconds) in enumerate([("/a", 30), ("/a", -20), ("/b", -10)], start=1):
        wait(listen(path).endpoint, event, created=now, due=now + timedelta(seconds=seconds)).save()
    assert first_due() == now - timedelta(seconds=20)


def test_what_an_endpoint_that_is_off_lacks_is_nobodys_trouble(backlog: WebhookEndpoint, listen: Listen) -> None:
    WebhookEndpoint.objects.filter(pk=backlog.pk).update(disabled_at=timezone.now())
    long_ago = timezone.now() - timedelta(minutes=50)
    other = wait(listen("/other").endpoint, 7, created=long_ago, due=long_ago)
    other.save()
    assert oldest_waiting() == other
    Delivery.objects.filter(pk=other.pk).update(state=DeliveryState.SUCCEEDED)
    left = oldest_waiting()
    assert left is None or left.endpoint != backlog
