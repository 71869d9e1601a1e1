"""What waits for a decision and what was decided, narrowed down; what can still be taken back; how much of which kind
waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Count, Model, QuerySet

from sessions_app.models import CheckoutSession, Decision, PendingDecision
from sessions_app.reading.list_sql import LOOKED_THROUGH, keys_of
from sessions_app.reading.listing import of_days
from sessions_app.reading.queries import unanswered
from sessions_app.reading.searching import found_by
from sessions_app.scope import SessionScope
from sessions_app.status import DecisionKind, Issue

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDecisions:
    """What somebody wants to see; None and empty: all. `since` and `before`: when it began to wait, or was decided."""

    issue: Issue | None = None
    of_sessions: Mapping[str, Any] = field(default_factory=dict)  # filters of their sessions, as `list_sql` names them
    since: datetime | None = None
    before: datetime | None = None
    text: str = ""
    kind: DecisionKind | None = None
    actor: str = ""  # who decided, or a part of that

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out."""
        return self != WantedDecisions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """With their sessions. `among`: of how many of the newest they are, where older ones were not looked at."""

    decisions: QuerySet[Decision]
    among: int | None


def waiting(scope: SessionScope, wanted: WantedDecisions) -> QuerySet[CheckoutSession]:
    """The queue, narrowed to that."""
    rows = unanswered(scope, wanted.issue).filter(**of_days("issue_opened_at", wanted.since, wanted.before))
    return _by_sessions(rows, "pk", scope, wanted, needs_decision=True)


def decided(scope: SessionScope, wanted: WantedDecisions) -> Decided:
    """The decisions of people and of the gateway. There are few to a business: no index of theirs is needed."""
    own = Decision.objects.filter(session__merchant=scope.merchant, session__mode=scope.mode)
    own = own.filter(**of_days("decided_at", wanted.since, wanted.before))
    beyond = None
    if wanted.kind or wanted.actor or wanted.issue or wanted.of_sessions:
        beyond = own.order_by("-id").values_list("pk", flat=True)[LOOKED_THROUGH : LOOKED_THROUGH + 1].first()
    given = {"kind": wanted.kind, "issue": wanted.issue, "actor__icontains": wanted.actor, "pk__gt": beyond}
    found = own.filter(**{name: value for name, value in given.items() if value})
    found = _by_sessions(found, "session", scope, wanted)
    return Decided(decisions=found.select_related("session"), among=LOOKED_THROUGH if beyond else None)


def count_by_issue(scope: SessionScope) -> Mapping[Issue, int]:
    """How many sessions wait for an answer, of each issue that there is."""
    # The partial index `sessions_to_decide` has no others.
    own = CheckoutSession.objects.filter(merchant=scope.merchant, mode=scope.mode, needs_decision=True)
    counted = dict(own.filter(pending_decision=None).values_list("issue").annotate(Count("pk")).order_by())
    return {issue: counted[issue] for issue in Issue if issue in counted}


def taken_a_moment_ago(scope: SessionScope) -> list[PendingDecision]:
    """What can still be taken back, what takes effect first in front."""
    own = PendingDecision.objects.filter(session__merchant=scope.merchant, session__mode=scope.mode)
    return list(own.select_related("session").order_by("takes_effect_at", "pk"))


def _by_sessions(
    rows: QuerySet[M], session: str, scope: SessionScope, wanted: WantedDecisions, **also: Any
) -> QuerySet[M]:
    """Those whose session is as wanted. `also`: what is so of all sessions of the rows, by which few are read."""
    if wanted.of_sessions:
        keys = keys_of(scope.merchant, scope.mode, filters={**wanted.of_sessions, **also}, metadata={})
        rows = rows.filter(**{f"{session}__in": keys})
    return rows.filter(**{f"{session}__in": found_by(scope, wanted.text)}) if wanted.text else rows
