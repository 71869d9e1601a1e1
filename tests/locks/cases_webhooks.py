"""Rules of webhooks that are one."""

from datetime import timedelta

from django.utils import timezone

from merchants_app.models import Merchant
from tests.desk import owner_of
from tests.locks.breaking import Act, holds
from tests.locks.cases_business import an_operator
from webhooks_app.endpoints.endpoints import (
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    put_endpoint,
    rotate_secret,
    switch_off,
)
from webhooks_app.endpoints.failing import look_after_endpoints
from webhooks_app.event_types import EventType
from webhooks_app.events.outbox import NewEvent, record_events
from webhooks_app.models import Delivery, DeliveryState, Event, WebhookEndpoint
from webhooks_app.pairing.codes import Consent
from webhooks_app.pairing.shops import connect
from webhooks_app.queue.operator_acts import send_delivery, send_event
from webhooks_app.queue.resending import resend_delivery
from webhooks_app.sending.trial import try_endpoint

NOBODY = "http://127.0.0.1:9/hooks"


def endpoint_of(mia: Merchant, *, mode: str = "test") -> WebhookEndpoint:
    return create_endpoint(merchant=mia, mode=mode, url=NOBODY, actor="mia@example.com")[0]


@holds("webhooks_app.endpoints.endpoints.put_endpoint")
def settings_that_are_saved(mia: Merchant) -> Act:
    return lambda: put_endpoint(merchant=mia, mode="test", url=NOBODY, client_key="shop", actor="mia@example.com")


def event_of(mia: Merchant) -> Event:
    """Something that an endpoint of the business was told of."""
    new = NewEvent(
        merchant_id=mia.pk, mode="test", type=EventType.CHECKOUT_COMPLETED, subject="cs_1", sequence=1, data={}
    )
    record_events([new])
    return Event.objects.get(subject="cs_1")


@holds("webhooks_app.pairing.shops._connect")
def a_shop_that_is_connected(mia: Merchant) -> Act:
    consent = Consent(
        merchant_id=mia.pk, mode="test", user_id=owner_of(mia).pk, client="https://shop.example", redirect_uri="",
        challenge="", scopes="read write", webhook_url=NOBODY,
    )  # fmt: skip
    return lambda: connect(consent)


@holds("webhooks_app.endpoints.endpoints.create_endpoint")
def a_new_endpoint(mia: Merchant) -> Act:
    return lambda: endpoint_of(mia)


@holds("webhooks_app.endpoints.endpoints.change_endpoint", covers=4)
def an_endpoint_that_moves_and_is_switched_on(mia: Merchant) -> Act:
    endpoint = endpoint_of(mia)
    switch_off(endpoint=endpoint, reason="By hand.", actor="mia@example.com")
    return lambda: change_endpoint(
        endpoint=endpoint, actor="mia@example.com", url="http://127.0.0.1:9/other", enabled=True
    )


@holds("webhooks_app.endpoints.endpoints.switch_off", covers=2)
def an_endpoint_that_is_switched_off(mia: Merchant) -> Act:
    endpoint = endpoint_of(mia)
    return lambda: switch_off(endpoint=endpoint, reason="By hand.", actor="mia@example.com")


@holds("webhooks_app.endpoints.endpoints.delete_endpoint", covers=2)
def an_endpoint_that_goes(mia: Merchant) -> Act:
    endpoint = endpoint_of(mia)
    return lambda: delete_endpoint(endpoint=endpoint, actor="mia@example.com")


@holds("webhooks_app.endpoints.endpoints.rotate_secret")
def another_secret(mia: Merchant) -> Act:
    endpoint = endpoint_of(mia)
    return lambda: rotate_secret(endpoint=endpoint, actor="mia@example.com")


@holds("webhooks_app.endpoints.failing._send_letter", apart=1)
def the_letter_about_an_endpoint(mia: Merchant) -> Act:
    """That it is due was noted by the write before."""
    endpoint, now = endpoint_of(mia), timezone.now()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=now - timedelta(hours=2), last_failure_at=now)
    return lambda: look_after_endpoints(now)


@holds("webhooks_app.queue.resending._send_again")
def one_delivery_again(mia: Merchant) -> Act:
    delivery = sent_to(mia)
    return lambda: resend_delivery(delivery=delivery)


@holds("webhooks_app.queue.operator_acts.send_delivery")
def one_delivery_again_by_an_operator(mia: Merchant) -> Act:
    by, delivery = an_operator(), sent_to(mia)
    return lambda: send_delivery(delivery, by=by)


@holds("webhooks_app.queue.operator_acts.send_event")
def an_event_again_by_an_operator(mia: Merchant) -> Act:
    by, event = an_operator(), sent_to(mia).event
    return lambda: send_event(event, by=by)


@holds("webhooks_app.sending.trial._prepare", covers=2)
def the_beginning_of_a_test(mia: Merchant) -> Act:
    endpoint = endpoint_of(mia)
    return lambda: try_endpoint(endpoint=endpoint)


@holds("webhooks_app.sending.trial.try_endpoint", apart=3, covers=2)
def the_end_of_a_test(mia: Merchant) -> Act:
    """Its beginning, two writes, stands apart: a sender takes over what this process leaves undone."""
    endpoint = endpoint_of(mia)

    def act() -> None:
        Delivery.objects.filter(endpoint=endpoint).update(
            state=DeliveryState.FAILED, next_attempt_at=None, leased=False
        )
        try_endpoint(endpoint=endpoint)

    return act


def sent_to(mia: Merchant) -> Delivery:
    """A delivery that was made, to the business's one endpoint."""
    endpoint, event = endpoint_of(mia), event_of(mia)
    Delivery.objects.filter(event=event).update(state=DeliveryState.SUCCEEDED, attempts_made=1, next_attempt_at=None)
    return Delivery.objects.get(event=event, endpoint=endpoint)
