"""When a delivery that failed is tried again, as data."""

import random
from datetime import timedelta

# Pauses after the first, second, … try, as Standard Webhooks proposes; ten tries in a little over three days.
RETRY_AFTER: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MOST_ATTEMPTS = len(RETRY_AFTER) + 1
# A receiver that was away must not be met by all that it missed in the same instant.
JITTER = 0.1


def retry_after(attempts_made: int) -> timedelta | None:
    """The pause before the next try, give or take the jitter; None when there is none."""
    if attempts_made >= MOST_ATTEMPTS:
        return None
    return RETRY_AFTER[attempts_made - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  (no secret)
