"""Whatever goes through a table key by key begins with the very first row of all, whose key is 1."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import models
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.buyers.retention import erase_old_buyers
from sessions_app.models import CheckoutSession
from tests.sandbox import Sandbox
from tests.strangers.world import own
from webhooks_app.endpoints.endpoints import create_endpoint
from webhooks_app.events.forgetting import events_about
from webhooks_app.models import Delivery, Event, WebhookEndpoint
from webhooks_app.queue.resending import resend_failed, resend_since


@pytest.fixture
def endpoint(mia: Merchant) -> WebhookEndpoint:
    """Before the session: it hears of it. Nothing is sent in these tests."""
    return create_endpoint(merchant=mia, mode="test", url="http://127.0.0.1:9/", actor="mia")[0]


def make_first(row: models.Model) -> None:
    """Gives a row the key 1, and all that hangs on it too: a key that nobody has (`kept.set_sequences_apart`)."""
    _move(type(row), row.pk, 1)


def _move(model: type[models.Model], key: int, to: int) -> None:
    for relation in model._meta.related_objects:
        name = relation.field.name
        relation.related_model._default_manager.filter(**{name: key}).update(**{name: to})
    model._default_manager.filter(id=key).update(id=to)


def test_the_first_delivery_of_all_is_sent_again(
    endpoint: WebhookEndpoint, new_session: Callable[..., CheckoutSession]
) -> None:
    new_session(), new_session()
    own(Delivery).update(state="failed", next_attempt_at=None)
    make_first(own(Delivery).earliest("pk"))
    assert resend_failed(endpoint=endpoint) == 2


def test_the_first_event_of_all_is_sent_again_and_told_of(
    endpoint: WebhookEndpoint, new_session: Callable[..., CheckoutSession], mia: Merchant
) -> None:
    session = new_session()
    make_first(own(Event).get())
    assert resend_since(endpoint=endpoint, since=timezone.now() - timedelta(hours=1)) == 1
    told = events_about(merchant=mia, mode="test", subjects=[session.public_id])
    assert [each.type for each in told] == ["checkout.created"]


def test_the_first_buyer_of_all_is_forgotten(
    session: CheckoutSession, mia: Merchant, sandbox: Sandbox, later: Callable[[int], None]
) -> None:
    Merchant.objects.filter(pk=mia.pk).update(keep_buyers_days=40)
    sandbox.skip(hours=2)
    sandbox.look()
    make_first(session.customer)
    later(41)
    assert erase_old_buyers(timezone.now()) == 1
