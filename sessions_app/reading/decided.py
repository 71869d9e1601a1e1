"""What was decided: a moment ago and revocable, or for good. And how much of which kind waits."""

from collections.abc import Mapping

from django.db.models import Count

from common.errors import NotFound
from common.keyset import first_of
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


def decided_page(scope: SessionScope, *, limit: int, after: str | None) -> tuple[list[Decision], str | None]:
    """A page of the decisions of people and of the gateway, newest first, and where the next one begins.

    Raises `NotFound` for a place that no page named.
    """
    own = Decision.objects.filter(session__merchant=scope.merchant, session__mode=scope.mode)
    rows = own.select_related("session").order_by("-pk")
    if after:
        if not (after.isascii() and after.isdecimal() and len(after) <= 18):
            raise NotFound(f"There is no page after {after[:60]!r}: begin with the first.", attr="after")
        rows = rows.filter(pk__lt=int(after))
    shown, more = first_of(rows, limit)
    return shown, str(shown[-1].pk) if more else None
