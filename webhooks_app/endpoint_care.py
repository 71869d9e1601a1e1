"""Tells merchants of endpoints that fail, and switches off those that have failed too long or ask for it."""

from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import F, QuerySet

from merchants_app.mails import mail_owners
from webhooks_app.endpoints import switch_off
from webhooks_app.models import Delivery, DeliveryAttempt, WebhookEndpoint
from webhooks_app.problems import Explanation, explain

WARN_AFTER = timedelta(hours=1)
SWITCH_OFF_AFTER = timedelta(days=5)
ACTOR = "system"

_log = structlog.get_logger()


def look_after_endpoints(now: datetime) -> None:
    """Warns and switches off where it is time. Safe to run twice at once: each letter is sent once."""
    for endpoint in _failing().filter(failing_since__lte=now - WARN_AFTER, warned_at=None):
        _warn(endpoint, now)
    # The last failure must be that late too: silence since the last try is no proof that it still fails.
    too_long = _failing().filter(last_failure_at__gte=F("failing_since") + SWITCH_OFF_AFTER)
    for endpoint in too_long:
        switch_off_and_tell(endpoint=endpoint, reason=f"Every message failed for {SWITCH_OFF_AFTER.days} days.")


def switch_off_gone(*, endpoint_id: int) -> None:
    """Switches off an endpoint that answered 410. For the sender's threads, which bring no database connection.

    Should the database be away, the next message is answered 410 too.
    """
    try:
        endpoint = WebhookEndpoint.objects.get(pk=endpoint_id)
        if endpoint.deleted_at is None:
            switch_off_and_tell(endpoint=endpoint, reason="It answered 410 Gone: it wants no more messages.")
    except OperationalError as error:
        _log.warning("webhooks.not_switched_off", endpoint=endpoint_id, reason=str(error))
    finally:
        connection.close()


def switch_off_and_tell(*, endpoint: WebhookEndpoint, reason: str) -> None:
    """Switches it off and writes to the owners, once."""
    with transaction.atomic():
        if switch_off(endpoint=endpoint, reason=reason, actor=ACTOR):
            _tell(endpoint, "endpoint_switched_off", reason=reason)


def last_problem(endpoint: WebhookEndpoint) -> Explanation | None:
    """What went wrong last, in words."""
    recent = Delivery.objects.filter(endpoint=endpoint).order_by("-id").values("id")[:200]
    failed = DeliveryAttempt.objects.filter(delivery__in=list(recent.values_list("id", flat=True)))
    last = failed.exclude(problem="").order_by("-id").first()
    return explain(problem=last.problem, status=last.status_code, detail=last.detail) if last else None


def _failing() -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.filter(
        deleted_at=None, disabled_at=None, failing_since__isnull=False
    ).select_related("merchant")


def _warn(endpoint: WebhookEndpoint, now: datetime) -> None:
    with transaction.atomic():
        # Whoever sets the mark writes the letter.
        if WebhookEndpoint.objects.filter(pk=endpoint.pk, warned_at=None).update(warned_at=now):
            _tell(endpoint, "endpoint_failing")


def _tell(endpoint: WebhookEndpoint, template: str, **context: object) -> None:
    mail_owners(
        merchant=endpoint.merchant,
        template=template,
        endpoint=endpoint,
        problem=last_problem(endpoint),
        switch_off_days=SWITCH_OFF_AFTER.days,
        **context,
    )
