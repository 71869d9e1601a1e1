"""The only writer of a session's state: lock, gather the facts, evaluate, and write state, timeline and event as one.

Expiring, cancelling, a transfer seen, confirmed or vanished, a decision: each is a fact, stored by whoever learned it,
and then reported here. Nobody else sets a status, so nobody can forget the timeline or the event.

The clock is read under the lock: what had to wait for another change comes after it, in the timeline too.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from common.measures.counted import Stage, reached_on_commit
from common.measures.naming import naming
from common.postgresql.bulk_sql import update_rows
from sessions_app.errors import NothingToDecide
from sessions_app.models import CheckoutSession, Decision, DepositAddress, StatusChange
from sessions_app.orders.paid_once import mark_paid_orders
from sessions_app.orders.stock import oversold
from sessions_app.owed.letters import Owed, letters_on_moving, owe
from sessions_app.state.children import payments_of
from sessions_app.state.conflicts import about, money_on_its_way, not_open, reference_is_anothers, shown_otherwise
from sessions_app.state.counting import is_as_shown
from sessions_app.state.evaluation import Verdict, evaluate, is_restored
from sessions_app.state.expiry_sql import expire_untouched
from sessions_app.state.facts import facts_of, payments_decided_on, verdict_of, with_facts
from sessions_app.state.representation import represent, represent_with_refund
from sessions_app.state.timeline import STATUS_EVENTS, events_after_moving, events_on_moving, record_changes
from sessions_app.status import DecisionKind, Ended, Issue, LetterKind, Status, decision_name, steps
from webhooks_app.event_types import EventType
from webhooks_app.events.outbox import NewEvent, nudge_on_commit, record_events

TIME_IS_OVER = "Its time is over."
_WRITTEN = [
    "status", "payment_status", "issue", "needs_decision", "expires_at", "ended_by", "ended_at", "watch_until",
    "completed_at", "updated_at", "event_count", "stands_still_since", "others_wait",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Why a session is looked at again."""

    reason: str  # a sentence for the timeline
    actor: str = ""  # a person's e-mail address or a key's hint; empty: the gateway itself
    arrived: bool = False  # a payment was seen
    vanished: bool = False  # a payment vanished from the chain
    noted: bool = False  # for the timeline, though nothing may have changed
    refunds: tuple[tuple[EventType, str], ...] = ()  # what became of which refund, by its public id
    event: EventType | None = None  # sent although nothing else may be


def reassess(session_id: int, news: News, *, now: datetime | None = None) -> CheckoutSession:
    """Brings one session's state in line with its facts."""
    return reassess_many({session_id: news}, now=now)[0]


def reassess_many(news: Mapping[int, News], *, now: datetime | None = None) -> list[CheckoutSession]:
    """The same for many, with one lock and one write each of states, timeline rows and events."""
    with transaction.atomic():
        sessions = _locked(news)
        _settle([(session, news[session.pk]) for session in sessions], now or timezone.now())
    return sessions


def expire_overdue(limit: int, *, now: datetime | None = None) -> int:
    """Expires up to `limit` open sessions whose time is over; returns how many. Several may run at once."""
    now = now or timezone.now()
    with transaction.atomic():
        done, deliveries = expire_untouched(limit, reason=TIME_IS_OVER, now=now)
        if deliveries:
            nudge_on_commit()
        overdue = CheckoutSession.objects.filter(status=Status.OPEN, expires_at__lte=now).order_by("expires_at")
        sessions = _read(overdue.select_for_update(skip_locked=True)[: limit - done])
        _settle([(session, News(reason=TIME_IS_OVER)) for session in sessions], now)
    return done + len(sessions)


def expire(session: CheckoutSession, *, actor: str = "", now: datetime | None = None) -> CheckoutSession:
    """Ends an open session. Expired already: nothing happens. Otherwise not open: raises `SessionNotOpen`."""
    return _end(session.pk, Ended.EXPIRED, News(reason="Expired on request.", actor=actor), now)


def cancel(session: CheckoutSession, *, actor: str = "", now: datetime | None = None) -> CheckoutSession:
    """Cancels an open session. Cancelled already: nothing happens. Otherwise not open: raises `SessionNotOpen`."""
    return _end(session.pk, Ended.CANCELLED, News(reason="Cancelled.", actor=actor), now)


def supersede(session: CheckoutSession, *, by: str, actor: str = "", now: datetime | None = None) -> CheckoutSession:
    """Cancels an open session for the one with that id, which is about to be written in the caller's transaction.

    Raises `MoneyOnItsWay` when anything was seen for it, and `SessionNotOpen`.
    """
    former = lock(session.pk)
    if payments_of(former):
        raise money_on_its_way(former)
    now = now or timezone.now()
    _settle([(former, News(reason=TIME_IS_OVER))], now)
    if former.status != Status.OPEN:
        raise not_open(former)
    # What is shown from now on is not where to pay: its address goes to its successor.
    former.superseded_by, former.quote = by, None
    former.save(update_fields=["superseded_by", "quote"])
    return _ended(former, Ended.CANCELLED, News(reason=f"Superseded by {by}.", actor=actor), now)


def lock(session_id: int) -> CheckoutSession:
    """The session as it is, and nobody changes it until the end of the caller's transaction."""
    return _locked([session_id])[0]


def lock_many(ids: Iterable[int]) -> list[CheckoutSession]:
    """The same for several."""
    return _locked(ids)


def hold_many(ids: Iterable[int]) -> None:
    """The same for many that are not read: for a statement that changes them all."""
    list(CheckoutSession.objects.filter(pk__in=list(ids)).order_by("pk").select_for_update().values_list("pk"))


def decide(
    decision: Decision, *, reopen_minutes: int, now: datetime | None = None, shown: Collection[str] | None = None
) -> CheckoutSession:
    """Stores a decision and what follows from it. `ask_rest` reopens the session for so many minutes, one that runs
    still at least until its end.

    `shown`: the payments that whoever decided was shown as the issue's; None: whichever it is about now.
    Raises `NothingToDecide` when the session has no open issue, another one than the decision names, or one that is
    about other payments by now, and `ReferenceTaken` when it would be reopened beside the session that has its
    reference now.
    """
    try:
        with transaction.atomic():
            return _decide(decision, reopen_minutes, now, shown)
    except IntegrityError:
        raise reference_is_anothers(decision.session) from None


def _decide(
    decision: Decision, reopen_minutes: int, now: datetime | None, shown: Collection[str] | None
) -> CheckoutSession:
    session = lock(decision.session_id)
    now = now or timezone.now()
    decided_on = payments_decided_on(session, decision.kind, decision.issue, now)
    if not decided_on:
        raise NothingToDecide(
            "There is nothing of that kind to decide on this session: look at it again.", about=about(session)
        )
    if shown is not None and not is_as_shown(facts_of(session), shown, decided_on):
        raise shown_otherwise(session)
    decision.decided_at, decision.seen = now, sorted(decided_on.union(decision.seen))
    decision.save()
    if decision.kind == DecisionKind.ASK_REST:
        is_promised = session.status == Status.OPEN  # it goes on at least until its end
        until = now + timedelta(minutes=reopen_minutes)
        _reopen(session, until=max(until, session.expires_at) if is_promised else until)
    with_decision = lock(decision.session_id)
    name = decision_name(DecisionKind(decision.kind), Issue(decision.issue))
    reason = f"Decided: {name.lower()}."
    _settle([(with_decision, News(reason=reason, actor=decision.actor, noted=True))], now)
    return with_decision


def _end(session_id: int, how: Ended, news: News, now: datetime | None) -> CheckoutSession:
    with transaction.atomic():
        session = lock(session_id)
        now = now or timezone.now()
        # A time that ran out unnoticed is a fact older than this request.
        _settle([(session, News(reason=TIME_IS_OVER))], now)
        return session if session.status == how.value else _ended(session, how, news, now)


def _ended(session: CheckoutSession, how: Ended, news: News, now: datetime) -> CheckoutSession:
    """A locked session that was open until now. Raises `SessionNotOpen`."""
    if session.status != Status.OPEN:
        raise not_open(session)
    session.ended_by, session.ended_at = how, now
    _settle([(session, news)], now)
    return session


def _reopen(session: CheckoutSession, *, until: datetime) -> None:
    watched_after = session.watch_until - session.expires_at
    session.ended_by = session.ended_at = None
    session.expires_at, session.watch_until = until, until + watched_after
    session.save(update_fields=["ended_by", "ended_at", "expires_at", "watch_until"])
    DepositAddress.objects.filter(session=session).update(watch_until=session.watch_until)


def _locked(ids: Iterable[int]) -> list[CheckoutSession]:
    """The sessions under lock, always in the same order: two writers of the same ones wait instead of deadlocking."""
    return _read(CheckoutSession.objects.filter(pk__in=list(ids)).order_by("pk").select_for_update())


def _read(locking: QuerySet[CheckoutSession]) -> list[CheckoutSession]:
    """With all their facts, once they are locked: a query that waits for a lock joins what it saw before it waited."""
    keys = list(locking.values_list("pk", flat=True))
    if not keys:
        return []
    return list(with_facts(CheckoutSession.objects.filter(pk__in=keys)).order_by("pk"))


def _settle(news: list[tuple[CheckoutSession, News]], now: datetime) -> None:
    """Writes what the facts of locked sessions say now: nothing where nothing changed."""
    changes: list[StatusChange] = []
    events: list[NewEvent] = []
    changed: list[CheckoutSession] = []
    letters: list[Owed] = []
    for session, why in news:
        with naming(session_id=session.public_id):
            before, facts = verdict_of(session), facts_of(session)
            if made := _move(session, evaluate(facts, now), why, now, events):
                changes += made
                changed.append(session)
                letters += letters_on_moving(session, before, verdict_of(session))
            if is_restored(facts):  # which may change no word of its state: told where its loss was told last
                letters.append(Owed(session=session, kind=LetterKind.RESTORED))
    if changed:
        mark_paid_orders([each for each in changed if each.completed_at == now and each.reference is not None])
        update_rows(changed, _WRITTEN)
        record_changes([*changes, *_oversold(changed, now)])
        record_events(events)
    owe(letters, now=now)


def _move(
    session: CheckoutSession, after: Verdict, why: News, now: datetime, events: list[NewEvent]
) -> list[StatusChange]:
    before = verdict_of(session)
    if before == after and not (why.arrived or why.vanished or why.noted or why.refunds):
        return []
    session.updated_at = now
    session.payment_status = after.payment_status
    first = [*([why.event] if why.event else []), *events_on_moving(vanished=why.vanished)]
    changes = []
    for step in steps(before.status, after.status):
        changes.append(_take(session, step, after, why, now))
        kinds = [*first, STATUS_EVENTS[step]] if step in STATUS_EVENTS else first
        events += [_event(session, kind) for kind in kinds]
        first = []
    session.issue, session.needs_decision = after.issue, after.needs_decision
    events += [_event(session, kind, refund_id) for kind, refund_id in why.refunds]
    last = [*first, *events_after_moving(before, after, arrived=why.arrived)]
    if before != after and not (last or changes or why.refunds):
        # It stands otherwise and nobody has to act: sent all the same, so that events alone keep a shop up to date.
        last = [EventType.CHECKOUT_ISSUE_RESOLVED]
    events += [_event(session, kind) for kind in last]
    return changes or [_change(session, before.status, why, now)]


def _take(session: CheckoutSession, step: Status, after: Verdict, why: News, now: datetime) -> StatusChange:
    """One allowed step, with the marks that belong to the new status."""
    came_from, session.status = session.status, step
    session.stands_still_since = None
    if step == after.status:
        session.issue, session.needs_decision = after.issue, after.needs_decision
    if step == Status.COMPLETED:
        session.completed_at = now
        reached_on_commit(Stage.COMPLETED, mode=session.mode, after=now - session.created_at)
    if step == Status.EXPIRED and session.ended_by is None:
        session.ended_by, session.ended_at = Ended.EXPIRED, session.expires_at
    return _change(session, came_from, why, now)


def _oversold(changed: list[CheckoutSession], now: datetime) -> list[StatusChange]:
    """For the timeline of what was paid after its piece had been given back and sold to somebody else."""
    reasons = [(each, oversold(each)) for each in changed if each.payment_link_id and each.completed_at == now]
    return [_change(each, each.status, News(reason=reason), now) for each, reason in reasons if reason]


def _change(session: CheckoutSession, came_from: str, why: News, now: datetime) -> StatusChange:
    return StatusChange(
        session=session,
        from_status=came_from,
        to_status=session.status,
        payment_status=session.payment_status,
        issue=session.issue,
        needs_decision=session.needs_decision,
        reason=why.reason,
        actor=why.actor,
        at=now,
    )


def _event(session: CheckoutSession, kind: EventType, refund_id: str = "") -> NewEvent:
    """The next event of the session, with the session as it is at this moment, and the refund that it is about."""
    session.event_count += 1
    return NewEvent(
        merchant_id=session.merchant_id,
        mode=session.mode,
        type=kind,
        subject=session.public_id,
        sequence=session.event_count,
        data=represent_with_refund(session, refund_id) if refund_id else represent(session),
    )
