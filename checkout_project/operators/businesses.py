"""The businesses that the operators' first page names: those in trouble first, then the newest."""

from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from common.modes import Mode
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from webhooks_app.models import WebhookEndpoint

SHOWN = 8
_LATELY = timedelta(days=1)


def businesses(now: datetime) -> QuerySet[Merchant]:
    """Each with `is_failing`, whether an endpoint of it fails, and `lately`, its live sessions of 24 hours."""
    failing = WebhookEndpoint.objects.filter(
        merchant=OuterRef("pk"), failing_since__isnull=False, disabled_at=None, deleted_at=None
    )
    live = CheckoutSession.objects.filter(merchant=OuterRef("pk"), mode=Mode.LIVE, created_at__gte=now - _LATELY)
    number = live.order_by().values("merchant").annotate(number=Count("pk")).values("number")
    return (
        Merchant.objects.annotate(is_failing=Exists(failing), lately=Coalesce(Subquery(number), 0))
        .only("name", "suspended_at")
        .order_by("-is_failing", F("suspended_at").desc(nulls_last=True), "-pk")[:SHOWN]
    )
