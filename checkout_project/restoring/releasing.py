"""What waits while an installation is held, and how it leaves."""

from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db.models import Count

from merchants_app import held
from sessions_app.models import Letter
from webhooks_app.events.nudging import nudge_now
from webhooks_app.models import Delivery, DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What would leave."""

    why: str  # it does not
    webhooks: Counter[str]  # by host: a whole URL may hold secrets
    letters: int


def what_waits() -> Waiting | None:
    """None where nothing is held."""
    why = held.why_held()
    if not why:
        return None
    webhooks: Counter[str] = Counter()
    by_url = Delivery.objects.filter(state=DeliveryState.PENDING).order_by().values_list("endpoint__url")
    for url, number in by_url.annotate(number=Count("id")):
        webhooks[urlsplit(url).hostname or ""] += number
    return Waiting(why=why, webhooks=webhooks, letters=Letter.objects.filter(outcome="").count())


class WillNotRelease(Exception):
    """Why, and what to do; nothing was changed."""


def release() -> None:
    """It all leaves, webhooks at once. Raises WillNotRelease."""
    if reason := held.why_not_releasable():
        raise WillNotRelease(reason)
    if held.release():
        nudge_now()
