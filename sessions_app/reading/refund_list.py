"""The list of refunds: which wait for the business's wallet, which for a buyer's word, and what went back."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet, TextChoices, Value

from sessions_app.models import Refund
from sessions_app.models.refund import SAID_SENT
from sessions_app.reading.list_sql import LOOKED_THROUGH
from sessions_app.reading.listing import of_days, whole
from sessions_app.reading.searching import found_by
from sessions_app.scope import SessionScope
from sessions_app.status import RefundStatus


class RefundState(TextChoices):
    """Where a refund is, as the list says it: what somebody said to have sent is no longer for the wallet to do."""

    TO_SIGN = "to_sign", "Waits for your wallet"
    NO_ADDRESS = "no_address", "Waits for the buyer's address"
    ON_ITS_WAY = "on_its_way", "On its way"
    FINAL = "final", "Final"
    WITHDRAWN = "withdrawn", "Withdrawn"


_STATES: Mapping[RefundState, Q] = {
    RefundState.TO_SIGN: Q(status=RefundStatus.PREPARED) & ~SAID_SENT,
    RefundState.NO_ADDRESS: Q(status=RefundStatus.WAITING_FOR_ADDRESS),
    RefundState.ON_ITS_WAY: Q(status=RefundStatus.SEEN) | Q(status=RefundStatus.PREPARED) & SAID_SENT,
    RefundState.FINAL: Q(status=RefundStatus.CONFIRMED),
    RefundState.WITHDRAWN: Q(status=RefundStatus.WITHDRAWN),
}
# What somebody waits for is looked for among all; of the rest the newest `LOOKED_THROUGH` (of the days asked for).
_AWAITED = {RefundState.TO_SIGN, RefundState.NO_ADDRESS, RefundState.ON_ITS_WAY}
_PLAINLY: Mapping[RefundStatus, RefundState] = {
    RefundStatus.WAITING_FOR_ADDRESS: RefundState.NO_ADDRESS,
    RefundStatus.SEEN: RefundState.ON_ITS_WAY,
    RefundStatus.CONFIRMED: RefundState.FINAL,
    RefundStatus.WITHDRAWN: RefundState.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRefunds:
    """What somebody wants to see; None and empty: all. `since` and `before`: when it was prepared."""

    state: RefundState | None = None
    asset: str = ""
    network: str = ""
    since: datetime | None = None
    before: datetime | None = None
    text: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out."""
        return self != WantedRefunds()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRefunds:
    """With their sessions. `among`: of how many of the newest they are, where older ones were not looked at."""

    refunds: QuerySet[Refund]
    among: int | None


def refunds_found(scope: SessionScope, wanted: WantedRefunds) -> FoundRefunds:
    """Words are looked for as in the list of sessions."""
    beyond = _not_looked_at(scope, wanted)
    found = _matching(scope, wanted).select_related("session")
    if beyond is None:
        return FoundRefunds(refunds=found, among=None)
    return FoundRefunds(refunds=found.filter(pk__gt=beyond), among=LOOKED_THROUGH)


def all_refunds_listed(scope: SessionScope, wanted: WantedRefunds) -> QuerySet[Refund, int]:
    """The keys of all that it lists, however old, for a file of them. Raises TooManyFound."""
    return _matching(scope, wanted, patient=True).order_by().values_list("pk", flat=True)


def count_refunds(scope: SessionScope, *states: RefundState, at_most: int) -> Counter[RefundState]:
    """How many are in each of these states, each counted so far: many of one hide none of another. In one query."""
    first, *others = (
        scope.all_refunds().filter(_STATES[state]).values_list(Value(state.value), flat=True)[:at_most]
        for state in states
    )
    return Counter(map(RefundState, first.union(*others, all=True)))


def _matching(scope: SessionScope, wanted: WantedRefunds, *, patient: bool = False) -> QuerySet[Refund]:
    given = {"asset": wanted.asset, "network": wanted.network}
    found = _of_days(scope, wanted).filter(**{name: value for name, value in given.items() if value})
    if wanted.state:
        found = found.filter(_STATES[wanted.state])
    if wanted.text:
        sessions = found_by(scope, wanted.text)
        found = found.filter(session__in=whole(sessions) if patient else sessions)
    return found


def _not_looked_at(scope: SessionScope, wanted: WantedRefunds) -> int | None:
    """The newest that is too old to be looked at; None where all are."""
    if wanted.text or wanted.state in _AWAITED or not (wanted.state or wanted.asset or wanted.network):
        return None
    newest = _of_days(scope, wanted).order_by("-id").values_list("pk", flat=True)
    return newest[LOOKED_THROUGH : LOOKED_THROUGH + 1].first()


def _of_days(scope: SessionScope, wanted: WantedRefunds) -> QuerySet[Refund]:
    return scope.all_refunds().filter(**of_days("created_at", wanted.since, wanted.before))


def state_of(refund: Refund) -> RefundState:
    """The state by which the list finds it."""
    if refund.status == RefundStatus.PREPARED:
        return RefundState.ON_ITS_WAY if refund.is_said_sent else RefundState.TO_SIGN
    return _PLAINLY[RefundStatus(refund.status)]
