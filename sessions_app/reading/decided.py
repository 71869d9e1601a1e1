"""What was decided: a moment ago and revocable, or for good. And how much of which kind waits."""

from collections.abc import Mapping

from django.db.models import Count, QuerySet

from sessions_app.models import CheckoutSession, Decision, PendingDecision
from sessions_app.scope import SessionScope
from sessions_app.status import Issue


def count_by_issue(scope: SessionScope) -> Mapping[Issue, int]:
    """How many sessions wait for an answer, of each issue that there is."""
    # The partial index `sessions_to_decide` has no others.
    waiting = CheckoutSession.objects.filter(merchant=scope.merchant, mode=scope.mode, needs_decision=True)
    counted = dict(waiting.filter(pending_decision=None).values_list("issue").annotate(Count("pk")).order_by())
    return {issue: counted[issue] for issue in Issue if issue in counted}


def taken_a_moment_ago(scope: SessionScope) -> list[PendingDecision]:
    """What can still be taken back, what takes effect first in front."""
    own = PendingDecision.objects.filter(session__merchant=scope.merchant, session__mode=scope.mode)
    return list(own.select_related("session").order_by("takes_effect_at", "pk"))


def decided(scope: SessionScope) -> QuerySet[Decision]:
    """The decisions of people and of the gateway."""
    own = Decision.objects.filter(session__merchant=scope.merchant, session__mode=scope.mode)
    return own.select_related("session")
