"""Who may decide is written to about live payments that wait, once, when they want it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from common.mail_backends import NOWHERE
from merchants_app.models import Member, Merchant, WhenToWrite
from sessions_app.models import CheckoutSession, StatusChange
from sessions_app.reading.waiting_letters import write_letters
from tests.desk import Desk
from tests.letters import letters_to
from tests.sandbox import Sandbox

NewSession = Callable[..., CheckoutSession]
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def waiting(mia: Merchant, session: CheckoutSession, sandbox: Sandbox) -> CheckoutSession:
    """A live session that is short, and nobody was written to yet."""
    short = sandbox.play(session, "late_short")
    CheckoutSession.objects.filter(pk=short.pk).update(mode="live")
    Member.objects.filter(merchant=mia).update(decisions_told_until=LONG_AGO)
    mail.outbox.clear()
    return short


def since(session: CheckoutSession, at: datetime) -> None:
    """As if it had waited since then."""
    StatusChange.objects.filter(session=session, needs_decision=True).update(at=at)


def test_a_letter_says_what_waits_and_where_to_decide(desk: Desk, mia: Merchant, waiting: CheckoutSession) -> None:
    write_letters(timezone.now())
    (letter,) = letters_to(desk.user.email)
    assert letter.subject == "Mia Coffee: a payment waits for your decision"
    assert "44.10 of 49.00 USD arrived, some of it too late" in letter.body
    assert f"/dashboard/{mia.public_id}/live/sessions/{waiting.public_id}\n" in letter.body

    write_letters(timezone.now() + timedelta(minutes=1))
    assert len(letters_to(desk.user.email)) == 1  # once


def test_only_who_may_decide_is_written_to(
    colleague: Callable[..., Desk], ottos_desk: Desk, waiting: CheckoutSession
) -> None:
    support, viewer = colleague("support"), colleague("viewer")
    Member.objects.filter(user__in=[support.user, viewer.user, ottos_desk.user]).update(decisions_told_until=LONG_AGO)
    write_letters(timezone.now())
    assert len(letters_to(support.user.email)) == 1
    assert letters_to(viewer.user.email) == []
    assert letters_to(ottos_desk.user.email) == []  # whose business has nothing to decide


def test_test_mode_writes_to_nobody(desk: Desk, waiting: CheckoutSession) -> None:
    CheckoutSession.objects.filter(pk=waiting.pk).update(mode="test")
    write_letters(timezone.now())
    assert mail.outbox == []


def test_who_wants_no_letter_gets_none(desk: Desk, waiting: CheckoutSession) -> None:
    Member.objects.filter(user=desk.user).update(decision_letters=WhenToWrite.NEVER)
    write_letters(timezone.now())
    assert mail.outbox == []


def test_who_said_nothing_gets_what_the_business_says(desk: Desk, mia: Merchant, waiting: CheckoutSession) -> None:
    Merchant.objects.filter(pk=mia.pk).update(decision_letters=WhenToWrite.NEVER)
    write_letters(timezone.now())
    assert mail.outbox == []
    Member.objects.filter(user=desk.user).update(decision_letters=WhenToWrite.AT_ONCE)
    write_letters(timezone.now())
    assert len(mail.outbox) == 1


def test_once_a_day_is_at_eight_in_the_time_of_the_business(
    desk: Desk, mia: Merchant, waiting: CheckoutSession
) -> None:
    Merchant.objects.filter(pk=mia.pk).update(time_zone="America/New_York")  # 08:00 is 13:00 UTC in winter
    Member.objects.filter(user=desk.user).update(decision_letters=WhenToWrite.DAILY)
    since(waiting, datetime(2026, 12, 1, 13, 30, tzinfo=UTC))
    write_letters(datetime(2026, 12, 2, 12, 59, tzinfo=UTC))
    assert mail.outbox == []  # it came after the letter of the day before
    write_letters(datetime(2026, 12, 2, 13, 0, tzinfo=UTC))
    assert len(mail.outbox) == 1
    write_letters(datetime(2026, 12, 3, 13, 0, tzinfo=UTC))
    assert len(mail.outbox) == 1  # nothing new


def test_a_letter_that_the_mail_server_does_not_take_is_written_later(
    desk: Desk, waiting: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("django.conf.settings.EMAIL_BACKEND", NOWHERE)
        write_letters(timezone.now())
    assert mail.outbox == []
    write_letters(timezone.now())
    assert len(mail.outbox) == 1
