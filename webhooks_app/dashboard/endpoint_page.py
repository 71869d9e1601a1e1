"""What stands on the page of one endpoint, beside its forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from merchants_app.frame.access import Access
from merchants_app.frame.paging import newest_first
from webhooks_app.answers import Attempt
from webhooks_app.dashboard.forms import ResendForm
from webhooks_app.dashboard.shown_bodies import body_for
from webhooks_app.endpoints.cause import cause_of
from webhooks_app.endpoints.custom_headers import header_names_in
from webhooks_app.endpoints.endpoints import origin_of
from webhooks_app.endpoints.failing import SWITCH_OFF_AFTER
from webhooks_app.endpoints.health import health_of
from webhooks_app.endpoints.representation import represent_attempt
from webhooks_app.endpoints.tries import SHOWN, Lately, Try, by_hour, lately
from webhooks_app.endpoints.verifying import checks
from webhooks_app.events.bodies import represent_events
from webhooks_app.models import Delivery, DeliveryState, WebhookEndpoint
from webhooks_app.queue.oldest import waiting_since
from webhooks_app.scope import WebhookScope, deliveries_to

DELIVERIES_A_PAGE = 20
PICKERS = 6
TICK = 10  # a place in the picture of attempts
LONGEST_BODY = 4000  # characters; the event's page has all of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A delivery in the list."""

    delivery: Delivery
    attempts: Sequence[Attempt]  # newest first
    body: str  # what it is sent with, as far as it is shown
    is_whole: bool


def shown_of(access: Access, endpoint: WebhookEndpoint, asked: QueryDict) -> dict[str, Any]:
    """The template's context."""
    state = asked.get("state", "")
    wanted = deliveries_to(endpoint)
    if state in DeliveryState.values:
        wanted = wanted.filter(state=state)
    shown = newest_first(wanted, asked, size=DELIVERIES_A_PAGE)
    seen, own = lately(endpoint), list(WebhookScope.of(access).endpoints())
    health = health_of(endpoint, seen)
    is_away = endpoint.failing_since or endpoint.disabled_at
    former_until = endpoint.previous_secret_until
    return {
        "endpoint": endpoint,
        "pickers": _pickers(own, endpoint),
        "endpoints": len(own),
        "health": health,
        "waiting_since": waiting_since(endpoint) if health.waiting else None,
        "cause": cause_of(seen.tries) if is_away else None,
        "switch_off_days": SWITCH_OFF_AFTER.days,
        "seen": seen,
        "ticks": _ticks(seen),
        "hours": by_hour(seen.last, timezone.get_current_timezone()),
        "origin": origin_of(endpoint),
        "former_secret_until": former_until if former_until and former_until > timezone.now() else None,
        "header_names": header_names_in(endpoint.headers_encrypted),
        "checks": checks(),
        "shown": shown,
        "rows": _told(access, shown.rows),
        "state": state,
        "states": DeliveryState,
        "resend": ResendForm(),
        "secret": "",
    }


def _pickers(own: Sequence[WebhookEndpoint], endpoint: WebhookEndpoint) -> list[WebhookEndpoint]:
    """This one and a few others, those that fail first; in the order of the list."""
    first = sorted(own, key=lambda each: (each.pk != endpoint.pk, each.failing_since is None, each.pk))
    return sorted(first[:PICKERS], key=lambda each: each.pk)


def _ticks(seen: Lately) -> list[tuple[int, Try]]:
    """Each attempt with its place; the newest at the end of the picture."""
    before = SHOWN - len(seen.last)
    return [((before + number) * TICK, each) for number, each in enumerate(seen.last)]


def _told(access: Access, deliveries: Sequence[Delivery]) -> list[Told]:
    told = []
    bodies = represent_events([each.event for each in deliveries])
    for delivery, event in zip(deliveries, bodies, strict=True):
        body = body_for(access, event)
        attempts = sorted(delivery.attempts.all(), key=lambda attempt: -attempt.pk)
        told.append(
            Told(
                delivery=delivery,
                attempts=[represent_attempt(each) for each in attempts],
                body=body[:LONGEST_BODY],
                is_whole=len(body) <= LONGEST_BODY,
            )
        )
    return told
