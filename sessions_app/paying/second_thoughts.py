"""Decisions of people take effect a minute later: until then they can be taken back, and no shop is told of them.

The session stands as it stood meanwhile. What comes in that minute (money, a refund, somebody else's decision by the
API) counts: then the decision was about something else, is dropped, and the session waits for another one. No refund is
prepared or signed of what is said to have gone back, though a buyer names an address.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from common.errors import DomainError
from merchants_app.audit import record
from sessions_app.errors import NothingToDecide
from sessions_app.models import CheckoutSession, PendingDecision
from sessions_app.paying.decisions import case_meant, check, decide
from sessions_app.paying.refund_states import address_left
from sessions_app.state.conflicts import about, shown_otherwise
from sessions_app.state.counting import is_as_shown
from sessions_app.state.facts import facts_of, with_facts
from sessions_app.state.lifecycle import lock
from sessions_app.status import DecisionKind

CAN_BE_TAKEN_BACK = timedelta(minutes=1)
# When one that failed without being refused is tried again.
_TRIED_AGAIN = timedelta(minutes=1)
_AT_ONCE = 500

_log = structlog.get_logger()


@transaction.atomic
def decide_soon(
    *,
    session: CheckoutSession,
    kind: DecisionKind,
    actor: str,
    issue: str,
    payments: Collection[str],
    now: datetime,
    tx_hash: str = "",
    note: str = "",
) -> PendingDecision:
    """Notes a decision that takes effect in a minute. Refuses at once what `decide` would refuse, in its words.

    Raises `NothingToDecide` and `WrongDecision`.
    """
    lock(session.pk)  # who prepares a refund at this moment is first, or sees this
    answered = check(session=session, kind=kind, tx_hash=tx_hash, issue=issue)
    case = case_meant(session, kind, issue, now=now)
    if case is None or not is_as_shown(facts_of(session), payments, frozenset(case.payments)):
        raise shown_otherwise(session)
    pending, is_new = PendingDecision.objects.get_or_create(
        session=session,
        defaults={
            "kind": kind,
            "issue": answered,
            "shown": list(case.payments),
            "tx_hash": tx_hash,
            "note": note,
            "actor": actor,
            "takes_effect_at": now + CAN_BE_TAKEN_BACK,
        },
    )
    if not is_new:
        raise NothingToDecide(
            f"{pending.actor} decided it a moment ago: {pending.get_kind_display().lower()}. Take that back first.",
            about=about(session),
        )
    return pending


@transaction.atomic
def take_back(session: CheckoutSession) -> None:
    """As if it had never been decided. Raises `NothingToDecide` once it took effect."""
    taken_back, _ = PendingDecision.objects.filter(session=session).delete()
    if not taken_back:
        raise NothingToDecide("It cannot be taken back any more: the shop has been told.", about=about(session))
    address_left(session.pk)  # a buyer may have named it meanwhile


def take_effect(now: datetime) -> int:
    """Decides what nobody took back; returns how many. One that fails stops no other. Safe to run twice at once."""
    due = PendingDecision.objects.filter(takes_effect_at__lte=now).order_by("takes_effect_at")[:_AT_ONCE]
    return sum(_decided_or_later(pending, now) for pending in due)


def _decided_or_later(pending: PendingDecision, now: datetime) -> bool:
    try:
        return _decided(pending)
    except Exception:  # noqa: BLE001  (whatever it is, the others must be decided)
        _log.exception("decisions.not_decided", session_id=pending.session.public_id, decision=pending.kind)
    # Behind all that are due, and until then it can be taken back.
    PendingDecision.objects.filter(pk=pending.pk).update(takes_effect_at=now + _TRIED_AGAIN)
    return False


@transaction.atomic
def _decided(pending: PendingDecision) -> bool:
    # Whoever deletes the row has it: a second process, or somebody who takes it back, waits here and finds none.
    is_ours, _ = PendingDecision.objects.filter(pk=pending.pk).delete()
    if not is_ours:
        return False
    session = with_facts(CheckoutSession.objects.filter(pk=pending.session_id), "merchant").get()
    try:
        decide(
            session=session,
            kind=DecisionKind(pending.kind),
            actor=pending.actor,
            tx_hash=pending.tx_hash,
            note=pending.note,
            issue=pending.issue,
            payments=pending.shown,
        )
    except DomainError as refusal:
        record(
            merchant=session.merchant,
            mode=session.mode,
            actor=pending.actor,
            action="session.decision_dropped",
            subject=session.public_id,
            decision=pending.kind,
            why=refusal.detail,
        )
        is_decided = False
    else:
        is_decided = True
    address_left(session.pk)  # a buyer may have named it meanwhile, and not all that waits was decided about
    return is_decided
