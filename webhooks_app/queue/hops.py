"""From endpoint to endpoint through the index of waiting deliveries: one probe each, however long their queues are."""

from webhooks_app.models import Delivery

_DELIVERIES = Delivery._meta.db_table


def waiting_endpoints(*, unless: str = "false") -> str:
    """For `WITH RECURSIVE`: `waiting`, a row of each endpoint that something waits for, with when the first is due.

    Where the condition `unless` holds, nobody waits.
    """
    return f"""waiting AS (
    (SELECT endpoint_id, next_attempt_at FROM {_DELIVERIES} WHERE state = 'pending' AND NOT {unless}
     ORDER BY endpoint_id, next_attempt_at LIMIT 1)
    UNION ALL
    SELECT following.* FROM waiting, LATERAL (
        SELECT endpoint_id, next_attempt_at FROM {_DELIVERIES}
        WHERE state = 'pending' AND endpoint_id > waiting.endpoint_id
        ORDER BY endpoint_id, next_attempt_at LIMIT 1
    ) AS following
)"""  # noqa: S608  (names of our own)
