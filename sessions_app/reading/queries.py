"""Pages of sessions: the list, the decision queue. And the one session that a buyer may touch."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from chains_app.reading.attention import wake
from common.errors import NotFound
from common.keyset import first_of
from sessions_app.errors import SessionNotFound
from sessions_app.models import CheckoutSession, StatusChange
from sessions_app.paying.page_rows import page_rows
from sessions_app.reading.list_sql import count_sessions, read_newest
from sessions_app.scope import SessionScope
from sessions_app.state.expiry import up_to_date
from sessions_app.state.facts import with_facts
from sessions_app.state.representation import sorted_payments
from sessions_app.state.session_view import PaymentView, SessionView
from sessions_app.status import Issue, is_live

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def session_for_buyer(page_token: str) -> CheckoutSession:
    """The session whose page a buyer holds the address of, as it is now. Its id is no such address.

    Raises `SessionNotFound`.
    """
    rows = page_rows([page_token], now=timezone.now()).get(page_token)  # first: what is read next is as new, or newer
    session = with_facts(CheckoutSession.objects.filter(page_token=page_token), "merchant", "announcement").first()
    if session is None or rows is None:
        raise SessionNotFound("There is no such payment.")
    session.page_rows = rows.versions
    if session.quote and not is_live(session.status):
        wake(session.quote.network)  # somebody looks whether what they sent late has come
    return up_to_date(session)


def payments_page(session: SessionView, *, limit: int, after: str | None) -> tuple[list[PaymentView], bool]:
    """A page of what was seen for a session, the newest first, and whether there is more. Raises `NotFound`."""
    payments = sorted(sorted_payments(session), key=lambda payment: -payment.id)
    if after is not None:
        last = next((each.id for each in payments if each.public_id == after), None)
        if last is None:
            raise NotFound(f"There is no payment {after[:60]!r} of this session to continue after.", attr="after")
        payments = [each for each in payments if each.id < last]
    return payments[:limit], len(payments) > limit


def successor_of(session: CheckoutSession) -> CheckoutSession | None:
    """The session that it was superseded by."""
    if session.superseded_by is None:
        return None
    own = CheckoutSession.objects.filter(merchant=session.merchant_id, mode=session.mode)
    return own.filter(public_id=session.superseded_by).first()


def undecided(scope: SessionScope) -> QuerySet[CheckoutSession]:
    """The decision queue: each with `issue_opened_at`, since when it waits; what waits longest comes first."""
    timeline = StatusChange.objects.filter(session=OuterRef("pk")).order_by("-id")
    calm = timeline.filter(needs_decision=False).values("id")[:1]
    opened = (
        StatusChange.objects.filter(session=OuterRef("pk"), needs_decision=True)
        .filter(id__gt=Coalesce(OuterRef("calm_until"), 0))
        .order_by("id")
    )
    waiting = scope.sessions().filter(needs_decision=True).alias(calm_until=Subquery(calm))
    return waiting.annotate(issue_opened_at=Subquery(opened.values("at")[:1])).order_by("issue_opened_at", "public_id")


def unanswered(scope: SessionScope, issue: Issue | None = None) -> QuerySet[CheckoutSession]:
    """The queue without what somebody decided a moment ago; of one issue if it is named."""
    waiting = undecided(scope).filter(pending_decision=None).select_related("pending_decision")
    return waiting.filter(issue=issue) if issue else waiting


class Queue(NamedTuple):
    """A page of the queue; the places that the next one comes `after` and the one before it `before`, None at the ends.

    A place is the moment and the session, and not only the session: that may be decided until the page is turned.
    """

    sessions: list[CheckoutSession]
    after: str | None
    before: str | None


def undecided_page(
    rows: QuerySet[CheckoutSession], *, limit: int, after: str | None, before: str | None = None
) -> Queue:
    """A page of the queue or a part of it. Raises `NotFound` for a place that no page named."""
    back = bool(before and not after)
    if place := after or before:
        rows = rows.filter(_beyond(place, back=back))
    found, more = first_of(rows.reverse() if back else rows, limit)
    shown = found[::-1] if back else found
    has_next, has_former = (True, more) if back else (more, bool(after))
    return Queue(
        sessions=shown,
        after=_place(shown[-1]) if shown and has_next else None,
        before=_place(shown[0]) if shown and has_former else None,
    )


def _place(session: CheckoutSession) -> str:
    since = session.issue_opened_at - _EPOCH  # type: ignore[attr-defined]  # annotated by `undecided`
    return f"{since // timedelta(microseconds=1):016d}-{session.public_id}"


def _beyond(place: str, *, back: bool) -> Q:
    name, way = ("before", "lt") if back else ("after", "gt")
    microseconds, _, public_id = place.partition("-")
    if not (microseconds.isascii() and microseconds.isdecimal() and len(microseconds) <= 16):
        raise NotFound(f"There is no page {name} {place[:60]!r}: begin with the first.", attr=name)
    at = _EPOCH + timedelta(microseconds=int(microseconds))
    return Q((f"issue_opened_at__{way}", at)) | Q(("issue_opened_at", at), (f"public_id__{way}", public_id))


def waiting_since(session: CheckoutSession) -> datetime | None:
    """When its open issue was opened; None without one."""
    found = undecided(SessionScope.of(session)).filter(pk=session.pk)
    return found.values_list("issue_opened_at", flat=True).first()  # type: ignore[misc]  # annotated by `undecided`


class Page(NamedTuple):
    """A page of the list; `last` is the id to continue after, None at the end; `total` where it was asked for."""

    sessions: list[SessionView]
    last: str | None
    total: int | None


def newest(
    scope: SessionScope,
    *,
    filters: Mapping[str, Any],
    metadata: Mapping[str, str],
    limit: int,
    after: str | None,
    with_total: bool = False,
) -> Page:
    """A page of the list, newest first. Raises `SessionNotFound`.

    The session to continue after may have left the filters since its page was shown.
    """
    below = None if after is None else _key_of(scope, after)
    found = read_newest(scope.merchant, scope.mode, filters=filters, metadata=metadata, below=below, limit=limit + 1)
    shown, more = first_of(found, limit)
    total = count_sessions(scope.merchant, scope.mode, filters=filters, metadata=metadata) if with_total else None
    return Page(shown, shown[-1].public_id if more else None, total)


def _key_of(scope: SessionScope, public_id: str) -> int:
    key = scope.sessions().filter(public_id=public_id).values_list("pk", flat=True).first()
    if key is None:
        raise SessionNotFound(f"There is no session {public_id[:60]!r} to continue after.", attr="after")
    return key
