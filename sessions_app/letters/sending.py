"""Sends the letters that buyers are owed: each once, none to somebody who was erased, none that is no longer so.

A try is counted before it is made, so that a letter that nobody can write holds up no other. While it leaves, its row
is locked: whoever erases the buyer waits for that, or takes the row away before.
"""

from datetime import datetime, timedelta
from smtplib import SMTPException
from time import monotonic

import structlog
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, transaction

from common.measures.naming import naming
from merchants_app.mail.mails import Posted, deliver
from sessions_app.buyers.forgetting import can_be_written_to
from sessions_app.letters.about import About
from sessions_app.letters.truth import is_still_so
from sessions_app.letters.writing import write
from sessions_app.models import CheckoutSession, Letter, Refund
from sessions_app.refunding.address import latest_change
from sessions_app.state.facts import with_facts
from sessions_app.status import LetterKind, LetterOutcome

BATCH = 200
# What is left then waits for the next job: a mail server may take its time with each.
MOST_SECONDS = 240.0
# From try to try: for three days in all, as mail servers do among themselves.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440, 1440))
# While the mail server takes nothing at all, which is no fault of any letter.
AWAY_PAUSE = timedelta(seconds=30)

_OUTCOMES = {Posted.SENT: LetterOutcome.SENT, Posted.REFUSED: LetterOutcome.REFUSED}
_log = structlog.get_logger()


def send_letters(now: datetime) -> int:
    """Those that are due, until the mail server is away; returns how many left. Safe to run twice at once.

    Raises what is wrong with one of them after the others have left.
    """
    waiting = Letter.objects.filter(outcome="", due_at__lte=now).order_by("pk")
    due = list(waiting.values_list("pk", "tries")[:BATCH])
    if not due:
        return 0
    sent, faults, over = 0, list[Exception](), monotonic() + MOST_SECONDS
    try:
        with get_connection() as line:
            for key, tries in due:
                if monotonic() > over:
                    break
                try:
                    posted = _send(key, tries, now=now, line=line)
                except (OSError, SMTPException, DatabaseError):
                    raise
                except Exception as error:  # noqa: BLE001  (one letter's own; told below, once the others have left)
                    faults.append(error)
                    continue
                if posted == Posted.AWAY:
                    break
                sent += posted == Posted.SENT
    except (OSError, SMTPException) as error:  # nobody answers, or not as a mail server does
        _log.warning("mail.not_sent", letters=len(due), reason=str(error))
    if faults:
        raise faults[0]
    return sent


def _send(key: int, tries: int, *, now: datetime, line: BaseEmailBackend) -> Posted | None:
    """One letter; None when somebody else has it, or it is settled without being sent."""
    mine = Letter.objects.filter(pk=key, tries=tries, outcome="", due_at__lte=now)
    if not mine.update(tries=tries + 1, due_at=now + PAUSES[min(tries, len(PAUSES) - 1)]):
        return None
    with transaction.atomic():
        letter = Letter.objects.select_for_update(of=("self",)).filter(pk=key).first()
        if letter is None:
            return None  # its buyer was erased meanwhile
        about = about_of(letter)
        with naming(session_id=about.session.public_id):
            posted, outcome = None, _needless(about, tries)
            if outcome is None:
                message = write(about)
                message.connection = line
                posted = deliver(message)
                outcome = _OUTCOMES.get(posted)
                if posted == Posted.LATER and tries >= len(PAUSES):
                    outcome = LetterOutcome.GIVEN_UP
        if outcome is not None:
            letter.outcome, letter.settled_at = outcome, now
        elif posted == Posted.AWAY:
            letter.tries, letter.due_at = tries, now + AWAY_PAUSE
        letter.save(update_fields=["outcome", "settled_at", "tries", "due_at"])
    return posted


def about_of(letter: Letter) -> About:
    """The letter with what it tells of, as that stands now."""
    session = with_facts(CheckoutSession.objects.filter(pk=letter.session_id), "merchant").get()
    return About(
        letter=letter,
        session=session,
        refund=Refund.objects.get(public_id=letter.about) if letter.about else None,
        change=latest_change(session) if letter.kind == LetterKind.REFUND_ADDRESS else None,
    )


def _needless(about: About, tries: int) -> LetterOutcome | None:
    """Why it is not sent, if it is not."""
    if not can_be_written_to(about.session):
        return LetterOutcome.NOBODY
    if tries > len(PAUSES):
        return LetterOutcome.GIVEN_UP
    return None if is_still_so(about) else LetterOutcome.OVERTAKEN
