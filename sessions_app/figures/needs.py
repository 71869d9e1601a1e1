"""What waits for somebody, in the order of the harm that waiting does: wallet, decisions, refunds, endpoints,
collecting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from merchants_app.models import Treasury
from merchants_app.treasuries.treasuries import treasury_to_come
from sessions_app.collecting.worth import Waiting, worth_waiting
from sessions_app.reading.queries import unanswered
from sessions_app.reading.refund_list import RefundState, count_refunds
from sessions_app.scope import SessionScope
from webhooks_app.endpoints.failing import last_problem
from webhooks_app.models import Delivery, DeliveryState, WebhookEndpoint
from webhooks_app.problems import Explanation

# Of more than these nobody counts each: the queue's own page has them.
MOST_COUNTED = 1000
_OLDEST_LOOKED_FOR = 200
_ENDPOINTS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingEndpoint:
    """One that hears nothing."""

    endpoint: WebhookEndpoint
    problem: Explanation | None
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What is to be done; nothing of it is empty, None or 0."""

    treasury: Treasury | None
    decisions: int
    oldest_decision: datetime | None
    refunds_to_sign: int
    refunds_without_address: int
    endpoints: Sequence[FailingEndpoint]  # the first few
    failing: int  # how many there are
    to_collect: Waiting | None

    @property
    def count(self) -> int:
        """How many entries that is."""
        once = (
            self.treasury, self.decisions, self.refunds_to_sign, self.refunds_without_address, self.to_collect,
        )  # fmt: skip
        return sum(map(bool, once)) + len(self.endpoints)


def needs_of(scope: SessionScope, now: datetime) -> Needs:
    """Of a business in one mode."""
    waiting = scope.sessions().filter(needs_decision=True, pending_decision=None)
    decisions = len(waiting.values_list("pk")[:MOST_COUNTED])
    oldest = None
    if 0 < decisions <= _OLDEST_LOOKED_FOR:
        oldest = unanswered(scope).values_list("issue_opened_at", flat=True).first()  # type: ignore[misc]  # annotated
    refunds = count_refunds(scope, RefundState.TO_SIGN, RefundState.NO_ADDRESS, at_most=MOST_COUNTED)
    failing = _failing_endpoints(scope)
    return Needs(
        treasury=treasury_to_come(scope.merchant, scope.mode, now),
        decisions=decisions,
        oldest_decision=oldest,
        refunds_to_sign=refunds[RefundState.TO_SIGN],
        refunds_without_address=refunds[RefundState.NO_ADDRESS],
        endpoints=[_failing(each) for each in failing[:_ENDPOINTS_SHOWN]],
        failing=len(failing),
        to_collect=worth_waiting(scope.merchant, scope.mode, now=now),
    )


def _failing_endpoints(scope: SessionScope) -> list[WebhookEndpoint]:
    """Switched on, and nothing has arrived there since something failed; what has failed longest first."""
    failing = scope.endpoints().filter(failing_since__isnull=False, disabled_at=None)
    return list(failing.order_by("failing_since"))


def _failing(endpoint: WebhookEndpoint) -> FailingEndpoint:
    waiting = Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.PENDING).order_by()
    return FailingEndpoint(
        endpoint=endpoint,
        problem=last_problem(endpoint),
        waiting=len(waiting.values_list("pk")[:MOST_COUNTED]),
    )
