"""Two at once on endpoints and the queue: what somebody holds is passed by, and nothing is done twice."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import TypeVar

import psycopg
import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from common.database import fetch
from common.postgresql.chunks import Chunk, make_ahead
from merchants_app.models import Merchant
from tests.cast import MIAS_WALLET, merchant
from tests.locks.cases_webhooks import endpoint_of, event_of
from tests.races import behind_a_lock, passes_by, race
from webhooks_app.endpoints import endpoints
from webhooks_app.endpoints.endpoints import switch_off
from webhooks_app.endpoints.failing import look_after_endpoints
from webhooks_app.errors import StillTrying, TooManyEndpoints
from webhooks_app.events.retention import EVENTS, make_chunks_ahead
from webhooks_app.models import Delivery, Event, WebhookEndpoint
from webhooks_app.queue.delivery import Capacities, Claim, Connection, claim_due, set_aside
from webhooks_app.sending.trial import try_endpoint

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")
PLENTY = Capacities(sizes={}, holding=frozenset(), fresh=10, held=10, total=10)


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


def nothing() -> None:
    """The lock itself says all."""


def as_a_sender(act: Callable[[Connection], Awaitable[T]]) -> T:
    """The act on a connection as the sender's are."""

    async def run() -> T:
        options = connection.get_connection_params()
        given = {name: options[name] for name in ("dbname", "user", "password", "host", "port") if name in options}
        async with await psycopg.AsyncConnection.connect(**given, autocommit=True) as own:
            return await act(own)

    return asyncio.run(run())


def lock_delivery(delivery: Delivery) -> Delivery:
    return Delivery.objects.select_for_update(no_key=True).get(pk=delivery.pk)


def lock_endpoint(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)


def two_due(mia: Merchant) -> list[Delivery]:
    """Of one event, to two endpoints."""
    endpoint_of(mia), endpoint_of(mia)
    return list(Delivery.objects.filter(event=event_of(mia)).order_by("pk"))


def test_a_sender_passes_by_a_delivery_that_another_one_is_taking(mia: Merchant) -> None:
    taken, free = two_due(mia)

    def claim() -> list[Claim]:
        return as_a_sender(lambda own: claim_due(own, PLENTY))

    claims = passes_by(claim, lock=lambda: lock_delivery(taken))
    assert [each.delivery_id for each in claims] == [free.pk]


def switched_off(delivery: Delivery) -> WebhookEndpoint:
    """Its endpoint, off, with the delivery still waiting."""
    WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(disabled_at=timezone.now())
    return delivery.endpoint


def put_aside(endpoint: WebhookEndpoint) -> None:
    as_a_sender(lambda own: set_aside(own, [endpoint.pk]))


def test_what_waits_for_an_endpoint_that_is_being_switched_on_is_not_set_aside(mia: Merchant) -> None:
    delivery, _ = two_due(mia)
    endpoint = switched_off(delivery)
    passes_by(lambda: put_aside(endpoint), lock=lambda: lock_endpoint(endpoint))
    assert Delivery.objects.get(pk=delivery.pk).state == "pending"
    put_aside(endpoint)
    assert Delivery.objects.get(pk=delivery.pk).state == "failed"


def test_a_delivery_that_somebody_holds_is_set_aside_by_the_next_look(mia: Merchant) -> None:
    delivery, _ = two_due(mia)
    endpoint = switched_off(delivery)
    passes_by(lambda: put_aside(endpoint), lock=lambda: lock_delivery(delivery))
    assert Delivery.objects.get(pk=delivery.pk).state == "pending"


def test_two_runs_at_once_send_one_letter(mia: Merchant) -> None:
    endpoint, now = endpoint_of(mia), timezone.now()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        failing_since=now - timedelta(hours=2), last_failure_at=now, warned_at=now, letter_due="endpoint_failing"
    )
    mail.outbox.clear()
    passes_by(lambda: look_after_endpoints(now), lock=lambda: lock_endpoint(endpoint))
    assert mail.outbox == []
    look_after_endpoints(now)
    look_after_endpoints(now)
    assert [letter.to for letter in mail.outbox] == [["mia@example.com"]]


def test_two_that_add_an_endpoint_at_once_stay_within_the_limit(mia: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "ENDPOINTS_PER_MODE", 1)
    refusal = behind_a_lock(lambda: endpoint_of(mia), lock=lambda: endpoint_of(mia), meanwhile=nothing)
    assert isinstance(refusal, TooManyEndpoints)
    assert WebhookEndpoint.objects.filter(merchant=mia).count() == 1


def test_settings_that_are_saved_twice_at_once_make_one_endpoint(mia: Merchant) -> None:
    def save() -> tuple[WebhookEndpoint, str]:
        return endpoints.put_endpoint(merchant=mia, mode="test", url="http://127.0.0.1:9/hooks", actor="mia")

    saved = behind_a_lock(save, lock=save, meanwhile=nothing)
    assert isinstance(saved, tuple)
    assert saved == (WebhookEndpoint.objects.get(merchant=mia), "")


def test_an_endpoint_is_switched_off_once(mia: Merchant) -> None:
    endpoint = endpoint_of(mia)
    was_on = behind_a_lock(
        lambda: switch_off(endpoint=endpoint, reason="The second.", actor="bea"),
        lock=lambda: switch_off(endpoint=endpoint, reason="The first.", actor="mia"),
        meanwhile=nothing,
    )
    assert was_on is False
    assert WebhookEndpoint.objects.get(pk=endpoint.pk).disabled_reason == "The first."


def test_an_endpoint_is_tried_once_at_a_time(mia: Merchant) -> None:
    endpoint = endpoint_of(mia)
    refusal = behind_a_lock(
        lambda: try_endpoint(endpoint=endpoint),
        lock=lambda: lock_endpoint(endpoint),
        meanwhile=lambda: begun_test(endpoint),
    )
    assert isinstance(refusal, StillTrying)


def begun_test(endpoint: WebhookEndpoint) -> None:
    """As another process has it while it waits for the answer."""
    event = event_of(endpoint.merchant)
    type(event).objects.filter(pk=event.pk).update(subject=endpoint.public_id)


@pytest.fixture
def chunks(transactional_db: None) -> Iterator[list[Chunk]]:
    """Those of events; what is made beside them goes again."""
    before = EVENTS.chunks()
    yield before
    for made in set(EVENTS.chunks()) - set(before):
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {', '.join(EVENTS.beside(made))}")


def written_beyond(mia: Merchant) -> None:
    """An event whose id is in no chunk, whatever chunks other tests have left."""
    Event.objects.filter(pk=event_of(mia).pk).update(id=EVENTS.chunks()[-1].upper + 1_000_000)


def test_two_who_make_room_at_once_make_one_chunk(mia: Merchant, chunks: list[Chunk]) -> None:
    event_of(mia)
    assert race(*[lambda: make_chunks_ahead(timezone.now())] * 2) == [None, None]
    assert len(EVENTS.chunks()) == len(chunks) + 1


def test_who_looks_through_what_is_beyond_leaves_the_chunk_to_one_that_was_quicker(
    mia: Merchant, chunks: list[Chunk]
) -> None:
    written_beyond(mia)
    others = iter([lambda: make_ahead(EVENTS, timezone.now())])

    def overtaken(execute: Callable[..., object], sql: str, *given: object) -> object:
        if "VALIDATE" in sql:
            assert race(*others) == [None]
        return execute(sql, *given)

    with connection.execute_wrapper(overtaken):
        make_ahead(EVENTS, timezone.now())
    assert len(EVENTS.chunks()) == len(chunks) + 1


def test_making_room_waits_for_no_reader_of_what_is_beyond_for_long(mia: Merchant, chunks: list[Chunk]) -> None:
    written_beyond(mia)
    passes_by(
        lambda: make_ahead(EVENTS, timezone.now()), lock=lambda: fetch(f"SELECT 1 FROM {EVENTS.table}_beyond", [])
    )
    assert EVENTS.chunks() == chunks
