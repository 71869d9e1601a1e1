"""Warns merchants of endpoints that fail, and switches off those that have failed too long or ask for it.

A letter is first noted as due, with what it tells of, and sent by the next run: whoever notices need not wait for a
mail server, and a letter that a mail server would not take is sent later.
"""

from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import F, QuerySet

from common.errors import DomainError
from merchants_app.mail.mails import Posted, mail_owners_at_once
from webhooks_app.endpoints.endpoints import switch_off
from webhooks_app.endpoints.tries import LOOKED_AT
from webhooks_app.models import Delivery, DeliveryAttempt, WebhookEndpoint
from webhooks_app.problems import Explanation, explain
from webhooks_app.queue.resending import catch_up

WARN_AFTER = timedelta(hours=1)
SWITCH_OFF_AFTER = timedelta(days=5)
ACTOR = "system"
FAILING, SWITCHED_OFF = "endpoint_failing", "endpoint_switched_off"  # the letters, as their templates are called

_log = structlog.get_logger()


def look_after_endpoints(now: datetime) -> None:
    """Warns, switches off and writes where it is time. Safe to run twice at once: each letter is sent once."""
    _failing().filter(failing_since__lte=now - WARN_AFTER, warned_at=None).update(warned_at=now, letter_due=FAILING)
    # The last failure must be that late too: silence since the last try is no proof that it still fails.
    too_long = _failing().filter(last_failure_at__gte=F("failing_since") + SWITCH_OFF_AFTER)
    for endpoint in too_long:
        reason = f"Every message failed for {SWITCH_OFF_AFTER.days} days."
        switch_off(endpoint=endpoint, reason=reason, actor=ACTOR, letter=SWITCHED_OFF)
    for endpoint in WebhookEndpoint.objects.filter(catching_up_since__lte=now - timedelta(minutes=5)):
        catch_up(endpoint=endpoint)  # whoever began it has died
    _send_letters()


def switch_off_gone(*, endpoint_id: int) -> None:
    """Switches off an endpoint that answered 410. For the sender's threads, which bring no database connection.

    Should the database be away, the next message is answered 410 too.
    """
    try:
        endpoint = WebhookEndpoint.objects.get(pk=endpoint_id)
        reason = "It answered 410 Gone: it wants no more messages."
        switch_off(endpoint=endpoint, reason=reason, actor=ACTOR, letter=SWITCHED_OFF)
    except (DatabaseError, DomainError, WebhookEndpoint.DoesNotExist) as error:  # deleted at this moment, perhaps
        _log.warning("webhooks.not_switched_off", endpoint=endpoint_id, reason=str(error))
    finally:
        connection.close()


def last_problem(endpoint: WebhookEndpoint) -> Explanation | None:
    """What went wrong last, in words."""
    recent = Delivery.objects.filter(endpoint=endpoint, attempts_made__gt=0).order_by("-id").values("id")[:LOOKED_AT]
    failed = DeliveryAttempt.objects.filter(delivery__in=list(recent.values_list("id", flat=True)))
    last = failed.exclude(problem="").order_by("-id").first()
    return explain(problem=last.problem, status=last.status_code, detail=last.detail) if last else None


def _failing() -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.filter(deleted_at=None, disabled_at=None, failing_since__isnull=False)


def _send_letters() -> None:
    """All that are due, until the mail server is away. One that it will not have holds up no other."""
    due = WebhookEndpoint.objects.exclude(letter_due="").order_by("pk").values_list("pk", flat=True)
    for endpoint_id in list(due):
        if _send_letter(endpoint_id) == Posted.AWAY:
            break


def _send_letter(endpoint_id: int) -> Posted:
    """Sends the letter that is due, unless it is no longer so. It stays due until it is sent or refused for good."""
    with transaction.atomic():
        # Whoever has the lock writes the letter.
        free = WebhookEndpoint.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        endpoint = free.select_related("merchant").filter(pk=endpoint_id).exclude(letter_due="").first()
        if endpoint is None:
            return Posted.SENT
        posted = _send(endpoint) if _is_still_so(endpoint) else Posted.SENT
        if posted in {Posted.SENT, Posted.REFUSED}:
            endpoint.letter_due = ""
            endpoint.save(update_fields=["letter_due"])
        return posted


def _is_still_so(endpoint: WebhookEndpoint) -> bool:
    if endpoint.deleted_at is not None:
        return False
    return endpoint.letter_due != FAILING or endpoint.failing_since is not None


def _send(endpoint: WebhookEndpoint) -> Posted:
    return mail_owners_at_once(
        merchant=endpoint.merchant,
        template=endpoint.letter_due,
        endpoint=endpoint,
        problem=last_problem(endpoint),
        switch_off_days=SWITCH_OFF_AFTER.days,
        reason=endpoint.disabled_reason,
    )
