"""Writes to those who may decide when a live payment waits for their decision: at once, once a day, or never."""

from datetime import datetime

from django.db import transaction

from common.modes import Mode
from merchants_app.mail.mails import Posted, mail_at_once
from merchants_app.models import Member, Role, WhenToWrite
from merchants_app.people.letters import last_morning, wanted_by
from merchants_app.powers import Power, may
from sessions_app.models import CheckoutSession
from sessions_app.reading.queries import unanswered
from sessions_app.reading.session_words import headline_of
from sessions_app.scope import SessionScope

NAMED = 10  # sessions in a letter, at most


def write_letters(now: datetime) -> None:
    """One letter to each member for all that is new to them. Safe to run twice at once.

    What a mail server does not take now is written later.
    """
    for key in _readers():
        if _write(key, now) == Posted.AWAY:
            break


def _readers() -> list[int]:
    waiting = CheckoutSession.objects.filter(needs_decision=True, mode=Mode.LIVE).values("merchant").distinct()
    members = Member.objects.filter(merchant__in=waiting, merchant__suspended_at=None, user__is_active=True)
    return [
        member.pk
        for member in members.select_related("merchant").order_by("pk")
        if wanted_by(member) != WhenToWrite.NEVER and may(Role(member.role), Power.HANDLE_SESSIONS, mode=Mode.LIVE)
    ]


@transaction.atomic
def _write(key: int, now: datetime) -> Posted:
    # Whoever has the lock writes the letter.
    free = Member.objects.select_for_update(skip_locked=True, of=("self",)).select_related("merchant", "user")
    member = free.filter(pk=key).first()
    if member is None:
        return Posted.SENT
    waiting = unanswered(SessionScope(member.merchant, Mode.LIVE))
    told = member.decisions_told_until
    new = waiting.filter(issue_opened_at__gt=told, issue_opened_at__lte=_up_to(member, now))  # type: ignore[misc]
    newest = new.last()
    if newest is None:
        return Posted.SENT
    posted = mail_at_once(
        to=member.user.email,
        template="decisions_wait",
        merchant=member.merchant,
        named=[(session, headline_of(session)) for session in waiting[:NAMED]],
        count=waiting.count(),
        letters=wanted_by(member),
    )
    if posted in {Posted.SENT, Posted.REFUSED}:
        member.decisions_told_until = newest.issue_opened_at  # type: ignore[attr-defined]  # annotated by `undecided`
        member.save(update_fields=["decisions_told_until"])
    return posted


def _up_to(member: Member, now: datetime) -> datetime:
    """Who is written to once a day is not told of what came after the last morning."""
    return now if wanted_by(member) == WhenToWrite.AT_ONCE else last_morning(member.merchant, now)
