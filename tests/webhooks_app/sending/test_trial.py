"""Tests of endpoints keep nobody waiting but who asked for them."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from merchants_app.models import Merchant
from tests.cast import PATS_WALLET, Api, merchant
from tests.races import race
from tests.strangers.world import own
from tests.waiting import wait_until
from tests.webhooks_app.conftest import Listener
from tests.webhooks_app.receiver import Receiver
from webhooks_app.endpoints.endpoints import change_endpoint
from webhooks_app.endpoints.health import health_of
from webhooks_app.errors import StillTrying
from webhooks_app.models import Delivery, DeliveryState, Event, WebhookEndpoint
from webhooks_app.sending.trial import try_endpoint
from webhooks_app.sending.trial import trying as trying_now

Listen = Callable[..., Listener]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trying(receiver: Receiver) -> Any:
    """Begins a test and waits until its message has arrived; it is answered when the test ends."""
    threads = []

    def begin(act: Callable[[], object]) -> None:
        receiver.hold("/slow")
        before = len(receiver.messages)

        def run() -> None:
            try:
                act()
            finally:
                connection.close()

        threads.append(Thread(target=run))
        threads[-1].start()
        wait_until(lambda: len(receiver.messages) > before)

    yield begin
    receiver.release()
    for thread in threads:
        thread.join()


def test_while_one_is_on_its_way_its_endpoint_can_be_changed(api: Api, listen: Listen, trying: Any) -> None:
    listener = listen("/slow")
    trying(lambda: api.post(f"webhook-endpoints/{listener.endpoint.public_id}/test", Idempotency_Key="once"))
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
    assert change_endpoint(endpoint=listener.endpoint, actor="mia", events=["checkout.expired"])
    assert api.get("events").status_code == 200
    [delivery] = api.get(f"webhook-endpoints/{listener.endpoint.public_id}/deliveries").answer
    assert (delivery["status"], delivery["nextAttemptAt"]) == ("pending", None)
    leased_until = own(Delivery).get().next_attempt_at
    assert leased_until
    assert leased_until > timezone.now() + timedelta(seconds=20)  # no sender takes it meanwhile


def test_an_endpoint_is_tested_once_at_a_time_whichever_process_it_is(listen: Listen, trying: Any) -> None:
    listener = listen("/slow")
    trying(lambda: try_endpoint(endpoint=listener.endpoint))
    trying_now.clear()  # as in another process
    with pytest.raises(StillTrying, match="this endpoint"):
        try_endpoint(endpoint=listener.endpoint)
    assert own(Event).count() == 1


def test_two_tests_at_the_same_instant_are_one(listen: Listen, receiver: Receiver) -> None:
    listener = listen()
    first, second = race(*[lambda: try_endpoint(endpoint=listener.endpoint)] * 2)
    refused = [each for each in (first, second) if isinstance(each, StillTrying)]
    assert len(receiver.messages) == own(Delivery).count() == 2 - len(refused)


def test_a_business_tests_one_endpoint_at_a_time_and_keeps_no_other_from_it(
    listen: Listen, trying: Any, otto: Merchant
) -> None:
    listener = listen("/slow")
    trying(lambda: try_endpoint(endpoint=listener.endpoint))
    with pytest.raises(StillTrying, match="this business"):
        try_endpoint(endpoint=listen().endpoint)
    assert try_endpoint(endpoint=listen(merchant=otto).endpoint).state == DeliveryState.SUCCEEDED


def test_a_process_runs_two_tests_and_refuses_a_third(listen: Listen, trying: Any, otto: Merchant) -> None:
    for business in ({}, {"merchant": otto}):
        listener = listen("/slow", **business)
        trying(lambda listener=listener: try_endpoint(endpoint=listener.endpoint))
    with pytest.raises(StillTrying, match="Other tests"):
        try_endpoint(endpoint=listen(merchant=merchant("Nora Tea", PATS_WALLET)).endpoint)


def test_a_test_says_nothing_about_an_endpoints_health(listen: Listen) -> None:
    listener = listen("/status/500")
    try_endpoint(endpoint=listener.endpoint)
    assert health_of(listener.now()).attempts == 0
    assert own(WebhookEndpoint).get().failing_since is None
