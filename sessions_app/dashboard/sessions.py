"""Dashboard pages about sessions: list, one session with what can be done to it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.forms import once
from merchants_app.frame.pages import page
from merchants_app.frame.paging import Cursor, may_lag
from sessions_app.books.definitions import MOST_SUMMED
from sessions_app.buyers.forgetting import can_be_written_to
from sessions_app.dashboard.filters.sessions import LINKS_OFFERED, SessionFilters
from sessions_app.letters.again import SendAgain, may_get_link, may_get_receipt, send_link_again, send_receipt_again
from sessions_app.models import LONGEST_NOTE, ViewOf
from sessions_app.orders.stock import oversold
from sessions_app.paying.quoting import unseen_network
from sessions_app.paying.used_deposits import earlier_session
from sessions_app.reading.listing import list_sessions
from sessions_app.reading.people import found_besides
from sessions_app.reading.queries import waiting_since
from sessions_app.reading.session_page import (
    decisions_for,
    deposit_link,
    early_acceptance,
    events_of,
    happenings_of,
    payments_of,
    refunds_shown,
)
from sessions_app.reading.session_story import ledger_of, story_of
from sessions_app.refunding.address import latest_change
from sessions_app.scope import SessionScope
from sessions_app.state import lifecycle
from sessions_app.state.representation import page_url, receipt_url
from sessions_app.status import Status
from sessions_app.watching.searches import ask_for_search, last_search

SIZE = 25


@for_members()
@may_lag
def sessions(request: HttpRequest, access: Access) -> HttpResponse:
    """The list, as its address says: filters, `?q=` what is looked for, `?sort=`, `?before=` and `?after=` a page."""
    scope, cursor = SessionScope.of(access), Cursor.of(request.GET)
    form = SessionFilters(request.GET, access=access, links=scope.links()[:LINKS_OFFERED])
    wanted = form.wanted()
    listed = list_sessions(scope, wanted, beyond=cursor.row, back=cursor.back, size=SIZE)
    return page(
        request,
        access,
        "sessions.html",
        form=form,
        wanted=wanted,
        listed=listed,
        besides=found_besides(scope, wanted.text) if cursor.row is None else None,
        shown=cursor.slice(listed.sessions, request.GET, more=listed.more),
        counted=None if listed.totals is None else sum(each.sessions for each in listed.totals),
        most_summed=MOST_SUMMED,
        views=scope.views(access.user, ViewOf.SESSIONS),
    )


@for_members()
def session(request: HttpRequest, access: Access, session_id: str) -> HttpResponse:
    """Everything about one session, so that every payment is explained."""
    found = SessionScope.of(access).session(session_id)
    ledger = ledger_of(found)
    acts = access.may(Power.HANDLE_SESSIONS)  # by the address of the buyer's page one acts too
    return page(
        request,
        access,
        "session.html",
        session=found,
        story=story_of(found, ledger),
        ledger=ledger,
        payments=payments_of(found),
        refunds=refunds_shown(found),
        happenings=happenings_of(found),
        longest_note=LONGEST_NOTE,
        quotes=found.quotes.order_by("-id")[:10],
        events=events_of(found),
        decisions=decisions_for(found),
        early=early_acceptance(found),
        unseen=unseen_network(found, timezone.now()),
        waiting_since=waiting_since(found) if found.needs_decision else None,
        pay_url=page_url(found) if acts else "",
        receipt_url=receipt_url(found) if acts and found.status == Status.COMPLETED else "",
        can_be_written_to=can_be_written_to(found),
        may_get_link=acts and may_get_link(found),
        may_get_receipt=acts and may_get_receipt(found),
        deposit_link=deposit_link(found) if hasattr(found, "deposit") else None,
        oversold=oversold(found),
        search=last_search(found),
        address_change=latest_change(found),
        served_before=earlier_session(found.deposit) if hasattr(found, "deposit") else "",
    )


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def expire(request: HttpRequest, access: Access, session_id: str) -> HttpResponse:
    """Ends an open session now."""
    found = SessionScope.of(access).session(session_id)
    lifecycle.expire(found, actor=access.actor)
    messages.success(request, "The session is expired. Its address is still watched.")
    return redirect("dashboard:session", at=access.at, session_id=session_id)


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def cancel(request: HttpRequest, access: Access, session_id: str) -> HttpResponse:
    """Cancels an open session."""
    found = SessionScope.of(access).session(session_id)
    lifecycle.cancel(found, actor=access.actor)
    messages.success(request, "The session is cancelled. Its address is still watched.")
    return redirect("dashboard:session", at=access.at, session_id=session_id)


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def write(request: HttpRequest, access: Access, session_id: str) -> HttpResponse:
    """Sends the buyer the link again."""
    return _written(request, access, session_id, send=send_link_again, what="link")


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def write_receipt(request: HttpRequest, access: Access, session_id: str) -> HttpResponse:
    """Sends the buyer the receipt again."""
    return _written(request, access, session_id, send=send_receipt_again, what="receipt")


def _written(request: HttpRequest, access: Access, session_id: str, *, send: SendAgain, what: str) -> HttpResponse:
    found = SessionScope.of(access).session(session_id)

    def sent() -> str:
        send(found, actor=access.actor, now=timezone.now())
        return session_id

    once(request, access, sent)
    messages.success(request, f"The {what} is on its way to {found.email}.")
    return redirect("dashboard:session", at=access.at, session_id=session_id)


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def look(request: HttpRequest, access: Access, session_id: str) -> HttpResponse:
    """Has the session's money looked for again, by a worker."""
    found = SessionScope.of(access).session(session_id)
    ask_for_search(session=found, actor=access.actor, now=timezone.now())
    messages.success(request, "Its money is being looked for. What comes of it stands here in a minute or a few.")
    return redirect("dashboard:session", at=access.at, session_id=session_id)
