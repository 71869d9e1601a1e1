"""Which message has waited longest, found without reading all that wait: of them there may be millions."""

from datetime import datetime

from common.database import fetch_by_index
from webhooks_app.models import Delivery, DeliveryState, WebhookEndpoint
from webhooks_app.queue.hops import waiting_endpoints

# Deliveries at each end of an endpoint's queue. At its front stand those whose time has come, by age where they were
# not tried; at its back those that were tried most, which are old as well.
AT_EACH_END = 50

# ruff: noqa: S608  (what is put into the statements are names of our own)
_DELIVERIES = Delivery._meta.db_table
_WAITING = f"WITH RECURSIVE {waiting_endpoints()}"
_FIRST_DUE = f"{_WAITING} SELECT min(next_attempt_at) FROM waiting"
OLDEST = f"""{_WAITING}
SELECT either.id FROM waiting
JOIN {WebhookEndpoint._meta.db_table} AS endpoint
    ON endpoint.id = waiting.endpoint_id AND endpoint.disabled_at IS NULL,
LATERAL (
    (SELECT id, created_at FROM {_DELIVERIES} WHERE endpoint_id = endpoint.id AND state = 'pending'
     ORDER BY next_attempt_at LIMIT %(at_each_end)s::int)
    UNION ALL
    (SELECT id, created_at FROM {_DELIVERIES} WHERE endpoint_id = endpoint.id AND state = 'pending'
     ORDER BY next_attempt_at DESC LIMIT %(at_each_end)s::int)
) AS either
ORDER BY either.created_at LIMIT 1
"""


def oldest_waiting() -> Delivery | None:
    """The oldest delivery that an endpoint in use has not got, with its endpoint and business.

    Of a queue longer than both its ends, one may be older whose tries were fewer than theirs.
    """
    found = fetch_by_index(OLDEST, {"at_each_end": AT_EACH_END})
    rows = Delivery.objects.select_related("endpoint__merchant")
    return rows.filter(id__in=[each for (each,) in found]).first()


def waiting_since(endpoint: WebhookEndpoint) -> datetime | None:
    """Since when the oldest waits that an endpoint is still to get, of a long queue as above; None: nothing waits."""
    waiting = Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.PENDING)
    made = waiting.values_list("created_at", flat=True)
    front, back = made.order_by("next_attempt_at"), made.order_by("-next_attempt_at")
    return min(front[:AT_EACH_END].union(back[:AT_EACH_END]), default=None)


def first_due() -> datetime | None:
    """When the first of all that wait is due, or was; None: nothing waits."""
    [(moment,)] = fetch_by_index(_FIRST_DUE, [])
    return moment if isinstance(moment, datetime) else None
